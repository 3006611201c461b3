import numpy as np
import pytest

from liquid import Model, ModelConfig, SeriesOptions
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


@pytest.mark.parametrize(
    ("minimum", "maximum"), [(0.0, 100.0), (0.0, None), (None, 100.0), (-1e300, 1e300), (40.0, 60.0)]
)
def test_nothing_passes_the_bounds_and_all_else_stays(minimum, maximum):
    options = SeriesOptions(minimum, maximum)
    (_, free), (model, kept) = run(), run(options)
    low = -np.inf if minimum is None else minimum
    high = np.inf if maximum is None else maximum
    for name in NAMES:
        assert np.array_equal(kept[name], np.clip(free[name], low, high), equal_nan=True), name
    assert np.array_equal(kept["score"], free["score"])
    asked = model.forecast(0, [0.0, 1.0, 30.0, 1e6], [0.01, 0.5, 0.999])
    for name in ("mean", "lower", "upper"):
        assert (asked[name] >= low).all()
        assert (asked[name] <= high).all()


def test_the_unbounded_forecasts_do_pass_them():
    free = run()[1]
    assert (free["lower"] < 0).any()
    assert (free["upper"] > 100).any()


def test_equal_to_the_twin():
    options = SeriesOptions(0.0, 100.0)
    times, values = percentages()
    kept = run(options)[1]
    twin = Twin(CONFIG, options).run([0] * len(times), times, values)
    for name in NAMES:
        theirs = np.array([getattr(r, name) for r in twin])
        np.testing.assert_allclose(kept[name], theirs, rtol=1e-3, atol=0.05, equal_nan=True, err_msg=name)
