import dataclasses
import math

import numpy as np
import pytest

from liquid import Model, ModelConfig, SeriesOptions
from liquid.anomaly import line as own_line
from liquid.explain import WIDENED_BY, explain, line
from liquid.learning import conformal
from liquid.results import OPENED, as_bytes

CONFIG = ModelConfig(horizons=(60.0,))
N = 620


def model_of(options: SeriesOptions | None = None, n: int = N) -> Model:
    """A series of noise of size 1 around 50, a minute apart, without an alert so far."""
    for seed in range(100):
        model = Model(CONFIG, capacity=1)
        if options:
            model.set_options(0, options)
        out = model.run([0] * n, 60.0 * np.arange(n), 50 + np.random.default_rng(seed).normal(size=n))
        if not out["alert"].any():
            return model
    raise AssertionError("alerts in every series of noise")


def asked(model: Model, value: float, pause: float = 60.0):
    last = float(model.rows["clock"]["time"][0])
    return explain(model.rows[0], model.options[0], CONFIG, last + pause, value)


def opens(model: Model, value: float) -> bool:
    """Whether the next event opens an alert, with all its consequences; the row is put back."""
    saved = model.row_bytes(0)
    out = model.run([0], [float(model.rows["clock"]["time"][0]) + 60.0], [value])
    model.load_row(0, saved)
    return bool(out["alert"][0] == OPENED)


def test_an_explanation_leaves_the_row_alone_and_says_what_the_model_says():
    model = model_of()
    before = model.row_bytes(0)
    found = asked(model, 80.0)
    assert model.row_bytes(0) == before
    (result,) = model.run([0], [60.0 * N], [80.0])
    assert as_bytes(np.atleast_1d(found.result)).tobytes() == as_bytes(np.atleast_1d(result)).tobytes()
    assert sum(found.shares.values()) == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize("value", [80.0, 20.0])
def test_an_alert_would_not_have_come_at_the_value_that_is_named_but_just_beyond_it(value):
    model = model_of()
    found = asked(model, value)
    assert found.alerts
    assert (found.alerts_below, found.alerts_above) == (None, None)
    step = 1e-4 * (value - 50)
    assert not opens(model, found.quiet_at)
    assert opens(model, found.quiet_at + step)
    assert min(50, value) < found.quiet_at < max(50, value)


def test_a_quiet_event_would_have_alerted_at_the_values_that_are_named_but_not_just_inside():
    model = model_of()
    found = asked(model, 50.5)
    assert not found.alerts
    assert found.quiet_at is None
    for bound, inwards in ((found.alerts_below, 1e-3), (found.alerts_above, -1e-3)):
        assert opens(model, bound)
        assert not opens(model, bound + inwards)
    assert found.alerts_below < 50 < found.alerts_above


def test_what_alerts_at_any_value_has_no_quiet_one():
    found = asked(model_of(), 50.0, pause=1e6)
    assert found.alerts
    assert max(found.shares, key=found.shares.get) == "gap"
    assert found.quiet_at is None


def test_a_direction_leaves_one_side_without_alerts():
    found = asked(model_of(SeriesOptions(direction="up")), 20.0)
    assert not found.alerts
    assert found.alerts_below is None
    assert found.alerts_above > 50


def test_the_width_is_the_usual_one_times_its_factors():
    model = model_of()
    found = asked(model, 50.0)
    assert set(found.width.widened) == set(WIDENED_BY)
    assert len(WIDENED_BY) == conformal.INPUTS
    assert found.width.half == pytest.approx((found.result["upper"] - found.result["lower"]) / 2, rel=1e-6)
    assert found.width.usual * math.prod(found.width.widened.values()) == pytest.approx(found.width.half, rel=1e-5)
    assert not found.width.cut
    assert asked(model_of(SeriesOptions(maximum=50.5)), 50.0).width.cut


def test_nothing_is_expected_of_a_first_event():
    found = explain(Model(CONFIG, capacity=1).rows[0], model_of(n=1).options[0], CONFIG, 0.0, 1.0)
    assert (found.width, found.quiet_at, found.alerts_below, found.alerts_above, found.alerts) == (
        None, None, None, None, False,
    )  # fmt: skip


def test_a_constant_series_alerts_at_a_value_beside_it():
    model = Model(CONFIG, capacity=1)
    model.run([0] * N, 60.0 * np.arange(N), np.full(N, 7.0))
    found = asked(model, 7.0)
    assert not found.alerts
    assert found.alerts_below < 7.0 < found.alerts_above


def test_the_line_names_what_raises_it():
    young = line(model_of(n=20).rows[0], model_of(n=1).options[0], 0.0)
    assert young.young == pytest.approx(1 + math.exp(-21 / 200))
    assert (young.budget, young.feedback, young.rests_until) == (1.0, {}, None)
    model = model_of(SeriesOptions(cool_down=3600.0))
    model.run([0] * 200, 60.0 * np.arange(N, N + 200), [90.0, *(50 + np.random.default_rng(0).normal(size=199))])
    episode = model.rows[0]["detector"]["episode"]
    said = episode["feedback"]
    said["shift"][0], said["event"], said["any"] = 0.5, N + 200, 1
    raised = line(model.rows[0], model.options[0], float(episode["end"]) + 60.0)
    row = model.rows[0]
    assert 1.15 < raised.budget < 1.5
    assert raised.budget == own_line.raised(row["detector"]["line"], int(row["clock"]["events"]))
    assert raised.rests_until == float(episode["end"]) + 3600.0
    assert dataclasses.asdict(raised)["feedback"] == {"level": pytest.approx(1.5)}
    assert line(model.rows[0], model.options[0], float(episode["end"]) + 3600.0).rests_until is None
