import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liquid.learning import conformal
from liquid.learning.conformal import INPUTS, LEVEL_INPUT, LEVELS, MISS, ON_TIME, conformal_dtype
from tests.liquid.checks import not_finite, record
from tests.liquid.naive.conformal import Conformal
from tests.liquid.odd import relaxed
from tests.liquid.tolerances import ACCUMULATED


def fresh(kept: int = INPUTS) -> np.void:
    mine = record(conformal_dtype(kept))
    conformal.start(mine)
    return mine


def step(mine: np.void, raw: np.ndarray, error: float, pending: float = 1.0) -> tuple[np.ndarray, float, float]:
    """Promise, then learn; gives the half widths, the scale and the widening."""
    x = np.empty(INPUTS, np.float32)
    widening = conformal.inputs(mine, raw.astype(np.float32), x, True)
    scale = float(mine["scale"]) * widening
    half = np.array([conformal.quantile(mine, k) * scale for k in range(LEVELS)], np.float32)
    conformal.learn(mine, error, error, scale, widening, x, pending, 1.0)
    return half, scale, widening


def inputs(*first: float) -> np.ndarray:
    """Those inputs, and nothing to tell by the others."""
    return np.append(np.array(first), np.zeros(INPUTS - len(first)))


@pytest.mark.parametrize(("pending", "kept"), [(1.0, INPUTS), (8.0, INPUTS), (1.0, 5)])
def test_equals_twin(pending: float, kept: int) -> None:
    rng = np.random.default_rng(0)
    mine, twin = fresh(kept), Conformal(kept)
    for _ in range(1500):
        hard = rng.normal()
        error = abs(rng.standard_t(4)) * math.exp(0.5 * hard)
        raw = inputs(hard, *rng.normal(size=2)).astype(np.float32)
        x, widening = twin.inputs(raw.astype(float), True)
        scale = twin.scale * widening
        half = twin.quantiles() * scale
        twin.learn(error, error, scale, widening, x, int(pending), 1.0)
        mine_half, *_ = step(mine, raw, error, pending)
        np.testing.assert_allclose(mine_half, half, rtol=1e-3)
    np.testing.assert_allclose(mine["alpha"], twin.alpha, atol=20 * ACCUMULATED)
    np.testing.assert_allclose(mine["theta"], twin.theta, atol=20 * ACCUMULATED)
    np.testing.assert_allclose(mine["mean"], twin.mean, atol=20 * ACCUMULATED)
    np.testing.assert_allclose(mine["deviation"], twin.deviation, atol=20 * ACCUMULATED)
    assert mine["scale"] == pytest.approx(twin.scale, rel=1e-3)


@pytest.mark.parametrize("law", ["normal", "laplace", "cauchy", "exponential"])
def test_coverage_is_what_is_promised(law: str) -> None:
    rng = np.random.default_rng(0)
    errors = np.abs(rng.standard_cauchy(6000) if law == "cauchy" else getattr(rng, law)(size=6000))
    mine = fresh()
    missed = np.array([e > step(mine, inputs(), e)[0] for e in errors])[500:]
    np.testing.assert_allclose(missed.mean(0), MISS, atol=0.012)


def test_coverage_returns_after_the_errors_have_grown() -> None:
    rng = np.random.default_rng(1)
    errors = np.abs(rng.normal(size=4000)) * np.where(np.arange(4000) < 2000, 1, 6)
    mine = fresh()
    missed = np.array([e > step(mine, inputs(), e)[0] for e in errors])
    np.testing.assert_allclose(missed[2500:].mean(0), MISS, atol=0.02)


def test_intervals_widen_where_the_inputs_say_it_is_hard() -> None:
    rng = np.random.default_rng(2)
    mine = fresh()
    hard = rng.normal(size=6000)
    for h in hard:
        step(mine, inputs(h, rng.normal()), abs(rng.normal()) * math.exp(h))
    assert mine["theta"][0] > 0.4
    assert abs(mine["theta"][1]) < 0.2
    _, _, wide = step(mine, inputs(2.0), 1.0)
    _, _, narrow = step(mine, inputs(-2.0), 1.0)
    assert wide > 2 * narrow


def test_both_a_high_and_a_low_level_may_be_hard() -> None:
    rng = np.random.default_rng(3)
    mine = fresh()
    for level in rng.normal(size=6000):
        step(mine, inputs(0.0, 0.0, level), abs(rng.normal()) * (4.0 if abs(level) > 1.5 else 1.0))
    high, low, middle = (step(mine, inputs(0.0, 0.0, level), 1.0)[2] for level in (2.0, -2.0, 0.0))
    assert min(high, low) > 1.7 * middle
    assert abs(mine["theta"][LEVEL_INPUT]) < 0.2


def test_a_slower_pace_moves_the_levels_less_and_the_scale_as_much() -> None:
    one, half = fresh(), fresh()
    for c, pace in ((one, 1.0), (half, 0.5)):
        for _ in range(2):
            conformal.learn(c, 9.0, 9.0, 1.0, 1.0, np.zeros(INPUTS, np.float32), 1.0, pace)
    np.testing.assert_allclose(np.array(MISS) - one["alpha"], 2 * (np.array(MISS) - half["alpha"]), rtol=1e-3)
    assert one["scale"] == half["scale"]


def test_looking_without_learning_changes_nothing() -> None:
    mine = fresh()
    for k in range(40):
        step(mine, inputs(0.1 * k, 1.0), 1.0)
    before = mine.tobytes()
    conformal.inputs(mine, np.ones(INPUTS, np.float32), np.empty(INPUTS, np.float32), False)
    assert mine.tobytes() == before


def test_pending_forecasts_damp_the_step() -> None:
    moved = []
    for pending in (1.0, 2.0, 8.0):
        mine = fresh()
        for _ in range(2):
            conformal.learn(mine, 9.0, 9.0, 1.0, 1.0, np.zeros(INPUTS, np.float32), pending, 1.0)
        moved.append(MISS[1] - mine["alpha"][1])
    assert moved[0] == moved[1] == pytest.approx(4 * moved[2], rel=1e-3)


def test_levels_never_cross_although_each_learns_for_itself() -> None:
    mine, crossed = fresh(), 0
    for _ in range(500):  # errors of one size: every level comes to lie there
        conformal.learn(mine, 1.0, 1.0, 1.0, 1.0, np.zeros(INPUTS, np.float32), 1.0, 1.0)
        q = [conformal.quantile(mine, k) for k in range(LEVELS)]
        assert q == sorted(q)
        crossed += int((np.diff(mine["alpha"]) > 0).any())
    assert crossed > 0  # so the order is not for free


def test_what_an_interval_need_not_reach_widens_the_scale_and_is_no_miss() -> None:
    mine, other = fresh(), fresh()
    for c, beyond in ((mine, 0.0), (other, 9.0)):
        for _ in range(5):
            conformal.learn(c, 9.0, beyond, 1.0, 1.0, np.zeros(INPUTS, np.float32), 1.0, 1.0)
    assert mine["scale"] == other["scale"]
    assert (mine["alpha"] > np.array(MISS, np.float32)).all()
    assert (other["alpha"] < np.array(MISS, np.float32)).all()


@pytest.mark.parametrize("steep", [1.0, 3.0])
def test_errors_of_events_that_came_off_time_are_brought_to_those_on_time(steep: float) -> None:
    rng = np.random.default_rng(4)
    mine, twin, corrected = fresh(), Conformal(), []
    mine["feedbacks"] = twin.feedbacks = 100
    for e in np.abs(rng.normal(size=2000)):
        off = ON_TIME * rng.choice([0.0, 1.0, 1.01, 20.0])
        error = e * (1.0 if off <= ON_TIME else steep)
        found = conformal.on_time(mine, error, 1.0, off)
        assert found == pytest.approx(twin.corrected(error, 1.0, off), rel=1e-3)
        if off <= ON_TIME:
            assert found == error
        else:
            corrected.append(found / e)
    # towards 1 of `steep`; large errors count as five scales
    assert np.mean(corrected[500:]) == pytest.approx(1.0 if steep == 1.0 else 1.3, abs=0.12)


def test_the_correction_waits_for_errors_on_time() -> None:
    mine = fresh()
    mine["feedbacks"] = 100
    assert [conformal.on_time(mine, 3.0, 1.0, 0.05) for _ in range(50)] == [3.0] * 50


def test_recoding_moves_the_input_that_is_a_level() -> None:
    mine, twin = fresh(), fresh()
    rng = np.random.default_rng(5)
    x, y = np.empty(INPUTS, np.float32), np.empty(INPUTS, np.float32)
    for z in rng.normal(4.0, 2.0, 500).astype(np.float32):
        conformal.inputs(mine, np.full(INPUTS, z, np.float32), x, True)
        conformal.inputs(twin, np.full(INPUTS, 0.5 * z - 3.0, np.float32), y, True)
    conformal.recode(mine, 0.5, 3.0)
    assert mine["mean"][LEVEL_INPUT] == pytest.approx(twin["mean"][LEVEL_INPUT], abs=1e-3)
    assert mine["deviation"][LEVEL_INPUT] == pytest.approx(twin["deviation"][LEVEL_INPUT], rel=1e-2)


odd = st.sampled_from((0.0, 1e-30, 1.0, 8.0, 1e4, 1e5))


@relaxed
@given(
    st.lists(st.tuples(odd, st.sampled_from((-40.0, -9.2, 0.0, 9.2, 40.0)), odd, st.sampled_from((1.0, 8.0)))),
    st.sampled_from((0.0, 1e-9, 1e9)),
)
def test_odd_input_stays_finite(events: list[tuple[float, float, float, float]], factor: float) -> None:
    mine = fresh()
    for error, raw, half, pending in events:
        x = np.empty(INPUTS, np.float32)
        widening = conformal.inputs(mine, np.full(INPUTS, raw, np.float32), x, True)
        error = conformal.on_time(mine, error, half, half)
        conformal.learn(mine, error, error, half, widening, x, pending, 1.0)
    conformal.recode(mine, factor, half if events else 0.0)
    assert not_finite(mine) == []
    assert mine["scale"] > 0
    assert 0 < conformal.quantile(mine, 0) <= conformal.quantile(mine, 1) <= conformal.quantile(mine, 2) < 10
