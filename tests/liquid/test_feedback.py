import math

import numpy as np
import pytest

from liquid import EVIDENCE, Model, ModelConfig
from liquid.anomaly.alertable import FADE
from liquid.feedback import LEAST, MARKS, MISSED, MOST, STEP, apply, put
from tests.liquid.checks import not_finite

CONFIG = ModelConfig(horizons=(60.0,))
LOUD = {"level": 0.6, "shape": 0.3, "gap": 0.1}


def model_of(events: int = 30) -> Model:
    model = Model(CONFIG, capacity=1)
    model.run([0] * events, np.arange(float(events)), np.random.default_rng(0).normal(size=events))
    return model


def test_useless_raises_the_line_of_what_spoke_by_its_share():
    effect = apply(model_of().rows[0], "useless", LOUD)
    assert (effect.event, effect.before) == (30, {})
    assert effect.after == pytest.approx({"level": 1 + STEP, "shape": 1 + STEP / 2, "gap": 1 + STEP / 6}, abs=1e-4)


def test_missed_lowers_it_for_all_where_nothing_is_known_of_the_evidence():
    assert apply(model_of().rows[0], "missed", {}).after == dict.fromkeys(EVIDENCE, 1 - MISSED)
    assert apply(model_of().rows[0], "missed", {"level": 1.0}).after == {"level": 1 - MISSED}


def test_useful_takes_back_half():
    row = model_of().rows[0]
    apply(row, "useless", LOUD)
    effect = apply(row, "useful", {"level": 1.0})
    assert effect.after["level"] == pytest.approx(1 + STEP / 2, abs=1e-4)
    assert effect.after["shape"] == effect.before["shape"]
    assert apply(model_of().rows[0], "useful", LOUD).after == {}


@pytest.mark.parametrize("mark", MARKS)
def test_others_take_a_share_of_it(mark):
    shifts = []
    for weight in (1.0, 0.3):
        row = model_of().rows[0]
        apply(row, "useless", {"level": 1.0, "gap": 1.0})
        shifts.append(apply(row, mark, {"level": 1.0}, weight))
    (whole, part), before = ([e.after["level"] for e in shifts]), 1 + STEP
    assert part - before == pytest.approx(0.3 * (whole - before), abs=1e-4)
    assert all(e.after["gap"] == pytest.approx(before, abs=1e-4) for e in shifts)


def test_no_number_of_words_goes_beyond_the_bounds():
    row = model_of().rows[0]
    for _ in range(50):
        highest = apply(row, "useless", LOUD).after
    assert highest["level"] == pytest.approx(1 + MOST, abs=1e-4)
    for _ in range(100):
        lowest = apply(row, "missed", {}).after
    assert list(lowest.values()) == pytest.approx([1 + LEAST] * len(EVIDENCE), abs=1e-4)


def test_a_shift_fades_with_the_events_of_the_series():
    model = model_of()
    apply(model.rows[0], "useless", {"level": 1.0})
    model.run([0] * 1000, np.arange(30.0, 1030.0), np.random.default_rng(1).normal(size=1000))
    assert apply(model.rows[0], "useful", {"gap": 1.0}).before == {
        "level": pytest.approx(1 + STEP * math.exp(-1000 / FADE), abs=1e-4)
    }


def test_an_effect_can_be_put_into_a_row_from_before_it():
    one, other = model_of(), model_of()
    for mark in ("useless", "missed"):
        effect = apply(one.rows[0], mark, LOUD)
    put(other.rows[0], effect)
    mine, theirs = (model.rows[0]["detector"]["episode"]["feedback"] for model in (one, other))
    assert (mine["event"], mine["any"]) == (theirs["event"], theirs["any"])
    assert theirs["shift"].tolist() == pytest.approx(mine["shift"].tolist(), abs=1e-6)


def test_a_word_changes_what_alerts_but_not_the_score():
    one, other = model_of(900), model_of(900)
    for _ in range(5):
        apply(one.rows[0], "useless", dict.fromkeys(EVIDENCE, 1.0))
    raised, free = (model.run([0], [900.0], [30.0])[0] for model in (one, other))
    assert raised["score"] == free["score"]
    assert raised["alert_peak"] == pytest.approx(free["alert_peak"] / (1 + MOST), rel=1e-3)


@pytest.mark.parametrize("shares", [{}, {"level": math.nan}, {"level": math.inf}, {"level": -3.0}, {"no such": 1.0}])
def test_odd_shares_leave_a_sound_row(shares):
    row = model_of().rows[0]
    for mark in MARKS:
        apply(row, mark, shares)
    assert not_finite(row) == []


def test_an_unknown_mark():
    with pytest.raises(ValueError, match="one of useful, useless, missed, not 'good'"):
        apply(model_of().rows[0], "good", {})
