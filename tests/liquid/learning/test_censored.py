import math

import numpy as np
import pytest
from scipy import stats

from liquid.learning import censored, conformal
from liquid.learning.conformal import INPUTS, MISS, conformal_dtype
from tests.liquid.checks import not_finite, record
from tests.liquid.naive.conformal import Conformal
from tests.liquid.tolerances import ACCUMULATED

NOTHING = np.zeros(INPUTS, np.float32)


def fresh() -> np.void:
    mine = record(conformal_dtype(INPUTS))
    conformal.start(mine)
    return mine


def test_equals_twin() -> None:
    rng = np.random.default_rng(0)
    mine, twin = fresh(), Conformal()
    for k in range(600):
        x = rng.uniform(-3, 3, INPUTS).astype(np.float32)
        scale, widening, pending = float(mine["scale"]), float(rng.uniform(0.5, 2)), int(rng.integers(1, 9))
        whole = scale * rng.choice([0.0, 0.1])
        low, high = scale * np.sort(rng.normal(0, rng.choice([0.1, 2.0, 40.0]), 2))
        if k % 3 == 0:
            conformal.learn(mine, high - low, high - low, scale, widening, x, float(pending), 1.0)
            twin.learn(high - low, high - low, scale, widening, x, pending, 1.0)
        else:
            censored.learn(mine, low, high, whole, scale, widening, x, float(pending), 0.5)
            twin.learn_within(low, high, whole, scale, widening, x, pending, 0.5)
        twin.scale = float(mine["scale"]) if k < 30 else twin.scale
    np.testing.assert_allclose(mine["alpha"], twin.alpha, atol=20 * ACCUMULATED)
    np.testing.assert_allclose(mine["theta"], twin.theta, atol=1e-3)
    assert mine["scale"] == pytest.approx(twin.scale, rel=1e-3)


@pytest.mark.parametrize(("low", "high"), [(-1.0, 2.0), (0.5, 0.7), (-3.0, -0.1), (-30.0, 30.0), (29.0, 30.0)])
def test_the_mean_size_between_two_values(low: float, high: float) -> None:
    law = stats.laplace
    mass = law.cdf(high) - law.cdf(low)
    mean = law.expect(abs, lb=low, ub=high, points=[0.0]) / mass if mass > 1e-6 else low
    assert censored.expected(low, high) == pytest.approx(mean, rel=1e-6)


def test_a_range_without_limits_teaches_nothing_about_the_levels() -> None:
    mine = fresh()
    mine["scale"], mine["feedbacks"] = 1.0, 100.0
    for _ in range(100):
        censored.learn(mine, -1e9, 1e9, 0.0, 1.0, 1.0, NOTHING, 1.0, 1.0)
    np.testing.assert_allclose(mine["alpha"], MISS, rtol=1e-4)
    assert mine["scale"] == pytest.approx(1.0, rel=1e-3)


def test_a_narrow_range_teaches_as_a_value_does() -> None:
    for error in (-5.0, -1.5, -0.3, 0.0, 0.4, 1.0, 2.0, 20.0):
        one, other = fresh(), fresh()
        for c in (one, other):
            c["scale"], c["feedbacks"] = 1.0, 100.0
        censored.learn(one, error - 1e-4, error + 1e-4, 0.0, 1.0, 1.0, NOTHING, 1.0, 1.0)
        conformal.learn(other, abs(error), abs(error), 1.0, 1.0, NOTHING, 1.0, 1.0)
        np.testing.assert_allclose(one["alpha"], other["alpha"], atol=1e-6)
        assert one["scale"] == pytest.approx(min(other["scale"], 1.08), rel=1e-4)  # at most five scales


def test_coverage_where_small_errors_are_only_known_to_be_small() -> None:
    """Laplacian errors; those below one scale are silent."""
    rng = np.random.default_rng(2)
    mine = fresh()
    missed = []
    for error in rng.laplace(size=8000):
        scale = float(mine["scale"])
        half = np.array([conformal.quantile(mine, k) * scale for k in range(len(MISS))])
        missed.append(abs(error) > half)
        if abs(error) > 1.0 or mine["feedbacks"] < 12:
            conformal.learn(mine, abs(error), abs(error), scale, 1.0, NOTHING, 1.0, 1.0)
        else:
            censored.learn(mine, -1.0, 1.0, 0.0, scale, 1.0, NOTHING, 1.0, 1.0)
    np.testing.assert_allclose(np.mean(missed[1000:], 0), MISS, atol=0.03)


def test_odd_input_stays_finite() -> None:
    mine = fresh()
    odd = (0.0, 1e-30, 1.0, 1e4, 1e9)
    for k in range(1500):
        a, scale, width = odd[k % 5], odd[k // 5 % 5], odd[k // 25 % 5]
        conformal.learn(mine, a, a, scale, 1.0, NOTHING, 1.0, 1.0)
        censored.learn(mine, -a, width - a, 0.0, scale, math.exp(2.0), NOTHING, 8.0, 1.0)
    assert not_finite(mine) == []
    assert mine["scale"] > 0
