import numpy as np
import pytest

from liquid import Model, ModelConfig, SeriesOptions
from liquid.results import OPENED
from tests.liquid.checks import not_finite
from tests.liquid.naive.model import Model as Twin

CONFIG = ModelConfig(horizons=(60.0, 600.0))
NAMES = ("expected", "lower80", "upper80", "lower", "upper", "mean", "lo80", "hi80", "lo95", "hi95")


def percentages(n=400, seed=3):
    """Times and values that sit at 0 for a while, at 100 for a while, and pass both bounds once."""
    rng = np.random.default_rng(seed)
    values = np.clip(60 * np.sin(np.arange(n) / 20) + 50 + 5 * rng.normal(size=n), 0, 100)
    values[300], values[320] = -7.0, 130.0
    return 60.0 * np.arange(n), values


def run(options=None):
    model = Model(CONFIG, capacity=1)
    if options:
        model.set_options(0, options)
    times, values = percentages()
    return model, model.run([0] * len(times), times, values)


BANDS = (("lower", "lower80", "expected", "upper80", "upper"), ("lo95", "lo80", "mean", "hi80", "hi95"))


@pytest.mark.parametrize("integer", [False, True])
@pytest.mark.parametrize(
    ("minimum", "maximum"), [(0.0, 100.0), (0.0, None), (None, 100.0), (-1e300, 1e300), (40.0, 60.0), (400.5, None)]
)
def test_nothing_passes_the_bounds_and_the_order_stays(minimum, maximum, integer):
    model, kept = run(SeriesOptions(minimum, maximum, integer))
    low = -np.inf if minimum is None else minimum
    high = np.inf if maximum is None else maximum
    for names in BANDS:
        known = [kept[name][3:] for name in names]
        assert (np.diff(known, axis=0) >= 0).all()
        assert (known[0] >= low).all()
        assert (known[-1] <= high).all()
    asked = model.forecast(0, [0.0, 1.0, 30.0, 1e6], [0.01, 0.5, 0.999])
    for name in ("mean", "lower", "upper"):
        assert (asked[name] >= low).all()
        assert (asked[name] <= high).all()
    assert (asked["lower"] <= asked["mean"][:, None]).all()
    assert (asked["upper"] >= asked["mean"][:, None]).all()
    assert not_finite(model.rows[0]) == []


def test_when_an_alert_opens_does_not_depend_on_the_bounds():
    free, kept = run()[1], run(SeriesOptions(0.0, 100.0))[1]
    assert (free["alert"] == OPENED).any()
    assert np.array_equal(free["alert"] == OPENED, kept["alert"] == OPENED)


def test_bounds_that_nothing_comes_near_change_nothing():
    free, kept = run()[1], run(SeriesOptions(-1e6, 1e6))[1]
    for name in NAMES:
        assert np.array_equal(kept[name], free[name], equal_nan=True), name


def test_ends_of_intervals_of_whole_numbers_are_whole():
    model, kept = run(SeriesOptions(integer=True))
    for name in set(NAMES) - {"expected", "mean"}:
        known = kept[name][np.isfinite(kept[name])]
        assert len(known)
        assert np.array_equal(known, np.round(known)), name
    asked = model.forecast(0, [1.0, 60.0, 1e6], [0.3, 0.9])
    assert np.array_equal(asked["lower"], np.floor(asked["lower"]))
    assert np.array_equal(asked["upper"], np.ceil(asked["upper"]))
    assert (kept["expected"][3:] != np.round(kept["expected"][3:])).any()


PERCENT = SeriesOptions(0.0, 100.0)


def run_on(values, options):
    model = Model(CONFIG, capacity=1)
    model.set_options(0, options or SeriesOptions())
    return model.run([0] * len(values), 60.0 * np.arange(len(values)), values)


def covered(values, options, warm=500):
    """Shares of the values inside the next event's intervals of 80 % and 95 %."""
    out = run_on(values, options)[warm:]
    return [
        ((out[a] <= out["value"]) & (out["value"] <= out[b])).mean() for a, b in (("lower80", "upper80"), BANDS[0][::4])
    ]


def test_intervals_hold_what_they_say_within_bounds_and_rounded():
    """Values that stay at a bound for long; counts, of whose intervals rounding outward makes wider ones."""
    _, values = percentages(4000)
    values[[300, 320]] = 50.0
    assert covered(values, SeriesOptions(0.0, 100.0)) == pytest.approx([0.8, 0.95], abs=0.01)
    # what the bound explains does not make intervals wider elsewhere
    away = (np.abs(values - 50) < 45) & (np.arange(len(values)) > 500)
    widths = [(run_on(values, o)["upper80"] - run_on(values, o)["lower80"])[away].mean() for o in (None, PERCENT)]
    assert widths[1] < 1.05 * widths[0]
    counts = np.random.default_rng(0).poisson(30, 4000).astype(float)
    assert covered(counts, SeriesOptions(0.0, integer=True)) == pytest.approx([0.8, 0.95], abs=0.015)


def test_the_unbounded_forecasts_do_pass_them():
    free = run()[1]
    assert (free["lower"] < 0).any()
    assert (free["upper"] > 100).any()


@pytest.mark.parametrize(
    "options",
    [
        SeriesOptions(0.0, 100.0),
        SeriesOptions(0.0, integer=True),
        SeriesOptions(timezone="Europe/Berlin", periods=(1800.0, 7000.0)),
    ],
)
def test_equal_to_the_twin(options):
    times, values = percentages()
    times += 1.711e9  # over the beginning of summer
    model = Model(CONFIG, capacity=1)
    model.set_options(0, options)
    kept = model.run([0] * len(times), times, values)
    twin = Twin(CONFIG, options).run([0] * len(times), times, values)
    unit = 1.0 if options.integer else 0.0  # a mean at a whole number may be rounded either way
    for name in NAMES:
        theirs = np.array([getattr(r, name) for r in twin])
        np.testing.assert_allclose(kept[name], theirs, rtol=1e-3, atol=0.05 + unit, equal_nan=True, err_msg=name)
        known = np.isfinite(theirs)
        assert np.median(np.abs(kept[name] - theirs)[known]) < 0.01, name
