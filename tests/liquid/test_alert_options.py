import numpy as np
import pytest

from liquid import EVIDENCE, Model, ModelConfig, SeriesOptions
from liquid.results import CLOSED, NO_ALERT, OPENED
from tests.liquid.naive.model import Model as Twin
from tests.liquid.tolerances import SCORE

CONFIG = ModelConfig(horizons=(60.0, 600.0))
UP, DOWN, LATE = 600, 720, 980
OBEYING = ("alert", "alert_score", "alert_begin", "alert_peak", "alert_peak_time", "severity", "notify")


def events(n=1000, seed=14):
    """Noise of size 1 around 50, thirty higher once, thirty lower once, and one that comes days late."""
    values = 50 + np.random.default_rng(seed).normal(size=n)
    values[UP] += 30
    values[DOWN] -= 30
    return 60.0 * np.arange(n) + 3e5 * (np.arange(n) >= LATE), values


def run(options=None, n=1000):
    model = Model(CONFIG, capacity=1)
    if options:
        model.set_options(0, options)
    times, values = events()
    return model, model.run([0] * n, times[:n], values[:n])


def opened(out):
    return np.flatnonzero(out["alert"] == OPENED).tolist()


@pytest.fixture(scope="module")
def free():
    return run()[1]


def test_what_happens_without_options(free):
    assert {UP, DOWN} <= set(opened(free))
    assert opened(free)[-1] == LATE
    assert EVIDENCE[free["shares"][LATE].argmax()] == "gap"


@pytest.mark.parametrize(
    ("options", "silent"),
    [
        (SeriesOptions(min_effect=10.0), []),
        (SeriesOptions(min_effect=50.0), [UP, DOWN]),
        (SeriesOptions(direction="up"), [DOWN]),
        (SeriesOptions(direction="down"), [UP]),
        (SeriesOptions(cool_down=60.0 * 200), [DOWN]),
    ],
)
def test_options_change_what_alerts_and_nothing_else(free, options, silent):
    out = run(options)[1]
    for name in free.dtype.names:
        if name not in OBEYING:
            assert np.array_equal(out[name], free[name], equal_nan=True), name
    assert {UP, DOWN} & set(opened(out)) == {UP, DOWN} - set(silent)
    assert (out["alert_score"][silent] < 1).all()
    assert not out["notify"][silent].any()
    assert opened(out)[-1] == LATE  # a gap alerts whatever is declared about values


def test_a_value_outside_its_range_alerts_also_in_a_young_series():
    model = Model(CONFIG, capacity=1)
    model.set_options(0, SeriesOptions(range=(0.0, 10.0), min_effect=99.0, direction="down"))
    out = model.run([0] * 60, 60.0 * np.arange(60), np.where(np.arange(60) == 20, 11.0, 5.0))
    assert opened(out) == [20]
    assert out["alert_score"][20] == 1.0
    assert out["severity"][20] == 1
    assert out["score"][20] < 1.0


@pytest.mark.parametrize(
    "options",
    [
        SeriesOptions(min_effect=3.0, direction="up", cool_down=3600.0),
        SeriesOptions(range=(47.5, 52.5), cool_down=6000.0),
    ],
)
def test_equal_to_the_twin(options):
    n = DOWN + 30
    times, values = events()
    out = run(options, n)[1]
    twin = Twin(CONFIG, options).run([0] * n, times[:n], values[:n])
    for name in ("alert", "notify", "alert_begin", "severity"):
        np.testing.assert_array_equal(out[name], [getattr(r, name) for r in twin], name)
    for name in ("score", "alert_score", "alert_peak"):
        np.testing.assert_allclose(out[name], [getattr(r, name) for r in twin], atol=SCORE, err_msg=name)
    assert set(out["alert"]) >= {NO_ALERT, OPENED, CLOSED}
