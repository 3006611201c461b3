import numpy as np
import pytest

from liquid.estimators.density import StudentT
from tests.liquid.cells.test_contract import difference


def test_the_density_is_that_of_student() -> None:
    from scipy.stats import t

    p, x = np.array([[0.3, np.log(2.0)]]), np.array([[4.0]])
    mean = StudentT(5.0)(p, x)[0]
    constant = -t.logpdf(0, 5)
    assert mean + constant == pytest.approx(-t.logpdf(4.0, 5, loc=0.3, scale=2.0))


def test_slopes() -> None:
    rng = np.random.default_rng(0)
    p, x, w = rng.normal(size=(3, 4, 4)), rng.normal(size=(3, 4, 2)), rng.uniform(size=(3, 4))
    p[0, 0, 2:] = [9.0, -9.0]  # beyond the bounds of the scale
    loss = StudentT()
    slope = loss(p, x, w)[1]
    assert (slope[0, 0, 2:] == 0).all()
    slopes = [difference(lambda: loss(p, x, w)[0], p, i) for i in np.ndindex(p.shape)]
    np.testing.assert_allclose(slope.ravel(), slopes, rtol=1e-6, atol=1e-9)


def test_far_targets_are_finite_or_said() -> None:
    p = np.zeros((1, 2))
    mean, slope = StudentT()(p, np.full((1, 1), 1e100))
    assert np.isfinite(mean)
    assert np.isfinite(slope).all()
    with pytest.raises(FloatingPointError, match="overflowed"), np.errstate(over="ignore", invalid="ignore"):
        StudentT()(p, np.full((1, 1), 1e300))
