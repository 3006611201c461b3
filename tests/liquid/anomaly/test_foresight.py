import numpy as np
import pytest

from liquid.anomaly import foresight
from liquid.anomaly.foresight import STATE
from tests.liquid.checks import not_finite, record
from tests.liquid.naive.foresight import Foresight


def observe(errors: np.ndarray) -> tuple[np.void, np.ndarray]:
    state = record(STATE)
    return state, np.array([foresight.observe(state, float(e), n) for n, e in enumerate(errors)])


LAWS = {
    "normal": lambda rng: np.abs(rng.normal(size=4000)),
    "cauchy": lambda rng: np.abs(rng.standard_cauchy(4000)),
    "none": lambda rng: np.zeros(4000),
    "rounding": lambda rng: 1e-9 * rng.random(4000),
    "rare": lambda rng: (rng.random(4000) < 0.002) * 30.0,
    "huge": lambda rng: np.where(rng.random(4000) < 0.01, np.inf, rng.random(4000)),
    "growing": lambda rng: np.exp(np.arange(4000) / 300),
}


@pytest.mark.parametrize("law", LAWS)
def test_equals_twin(law: str) -> None:
    errors = LAWS[law](np.random.default_rng(0))
    state, mine = observe(errors)
    twin = Foresight()
    np.testing.assert_allclose(mine, [twin.observe(e, n) for n, e in enumerate(errors)], rtol=2e-3, atol=2e-3)
    assert not_finite(state) == []
    assert (mine >= 0).all()


def test_is_quiet_where_errors_are_as_ever_or_nothing_worth_the_name() -> None:
    for law in ("normal", "none", "rounding"):
        quiet = observe(LAWS[law](np.random.default_rng(1)))[1][500:]
        assert quiet[:, 0].max() < 5
        assert quiet[:, 1].max() < 4


def test_a_large_error_is_a_miss_and_many_are_unrest_which_does_not_get_used_to() -> None:
    errors = np.abs(np.random.default_rng(2).normal(size=2200))
    errors[1000] = 8.0
    errors[2000:] *= 4
    _, seen = observe(errors)
    assert seen[1000, 0] == seen[600:2000, 0].max() > 6
    usual, lasting = seen[500:2000, 1], seen[2020:, 1]
    assert np.median(lasting) > np.quantile(usual, 0.99)
    assert np.median(lasting[-50:]) > np.quantile(usual, 0.95)


def test_one_error_among_nothing_is_no_lasting_unrest() -> None:
    errors = np.zeros(2000)
    errors[1000] = 30.0
    seen = observe(errors)[1]
    assert seen[1000, 0] == 15
    assert (seen[1045:, 1] < 0.4 * seen[1000, 1]).all()
    assert seen[1000, 1] < 12
