import numpy as np

from liquid.estimators.scaling import Scaling


def test_mean_and_deviation_by_weight_and_back() -> None:
    rng = np.random.default_rng(0)
    x, weight = rng.normal(5, 3, size=(50, 2)), rng.integers(1, 4, size=50)
    scaling = Scaling.of(x, weight)
    every = np.repeat(x, weight, axis=0)
    np.testing.assert_allclose(scaling.mean, every.mean(axis=0))
    np.testing.assert_allclose(scaling.scale, every.std(axis=0))
    np.testing.assert_allclose(scaling.undo(scaling.apply(x)), x)
    np.testing.assert_array_equal(Scaling.none(2).apply(x), x)


def test_constants_and_giants_stay_finite() -> None:
    x = np.c_[np.full(3, 0.1), np.zeros(3), [1e300, -1e300, 1e300]]
    scaling = Scaling.of(x, np.ones(3))
    np.testing.assert_array_equal(scaling.scale[:2], 1)
    assert np.abs(scaling.apply(x)).max() < 2
