import cmath
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liquid.features import bank
from liquid.features.bank import CFC, FEATURES, LIQUID_S4, NONE, bank_dtype
from tests.liquid.checks import not_finite, record
from tests.liquid.naive.bank import Bank
from tests.liquid.odd import relaxed
from tests.liquid.tolerances import ACCUMULATED, DOUBLE, SINGLE

KINDS = [NONE, LIQUID_S4, CFC]


def both(kind: int, period: float = 0.0) -> tuple[np.void, Bank]:
    mine, twin = record(bank_dtype(FEATURES)), Bank(kind)
    mine["period"] = twin.period = np.float32(period)
    return mine, twin


def features(mine: np.void, kind: int, distance: float, z: float) -> np.ndarray:
    out = np.empty(FEATURES, np.float32)
    bank.features(mine, kind, mine["mode"], distance, z, float(mine["fast"]), float(mine["slow"]), out)
    return out


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("period", [0.0, 24.0, 7.3])
def test_equals_twin(kind: int, period: float) -> None:
    rng = np.random.default_rng(0)
    mine, twin = both(kind, period)
    z = 0.0
    for k in range(300):
        gap, before, z = float(rng.gamma(0.5, 3)), z, float(np.float32(rng.normal()))
        bank.observe(mine, kind, gap, before, z, k == 0)
        twin.observe(gap, before, z, k == 0)
    assert mine["fast"] == pytest.approx(twin.fast, abs=ACCUMULATED)
    assert mine["slow"] == pytest.approx(twin.slow, abs=ACCUMULATED)
    modes = [v for x in twin.mode for v in (x.real, x.imag)]
    np.testing.assert_allclose(mine["mode"], modes, atol=ACCUMULATED)
    np.testing.assert_allclose(mine["head"], twin.head, atol=ACCUMULATED)
    for distance in (0.0, 0.3, 1.0, 24.0, 1e3, 1e6):
        expected = twin.features(twin.mode, distance, z, twin.fast, twin.slow)
        np.testing.assert_allclose(features(mine, kind, distance, z), expected, atol=ACCUMULATED)


@pytest.mark.parametrize("kind", KINDS)
def test_features_vanish_at_distance_0(kind: int) -> None:
    mine, _ = both(kind, 24.0)
    for k in range(50):
        bank.observe(mine, kind, 1.0, math.sin(k - 1), math.sin(k), k == 0)
    assert not features(mine, kind, 0.0, 0.4).any()
    assert features(mine, kind, 3.0, 0.4).any() == (kind != NONE)


@given(st.floats(-8, 8), st.floats(0.01, 100), st.floats(0.01, 100), st.floats(2, 500), st.sampled_from((1.0, 2.0)))
@relaxed
def test_one_gap_or_two_is_the_same(u: float, first: float, second: float, period: float, harmonic: float) -> None:
    """The solution of the modes is exact: with the input held, it does not matter where a gap is cut."""
    g, gain = bank.rate(period, harmonic, u)
    once = bank.evolve(complex(0.3, -0.2), g, gain, u, first + second)
    half = bank.evolve(complex(0.3, -0.2), g, gain, u, first)
    assert bank.evolve(half, g, gain, u, second) == pytest.approx(once, abs=1e-9 * (1 + abs(u)))


@given(st.floats(-9, 9), st.floats(-9, 9), st.floats(-9, 9), st.floats(1e-6, 1e3), st.floats(0.05, 0.95))
@relaxed
def test_ewma_of_a_straight_line_may_be_cut_anywhere(x: float, a: float, b: float, gap: float, cut: float) -> None:
    once = bank._ewma(x, 3.0, gap, a, b)
    middle = a + (b - a) * cut
    twice = bank._ewma(bank._ewma(x, 3.0, gap * cut, a, middle), 3.0, gap * (1 - cut), middle, b)
    assert twice == pytest.approx(once, abs=1e-7)


def test_modes_solve_their_differential_equation() -> None:
    """Against Runge-Kutta on x' = (lambda + B v) x + B u, from the docstring."""
    period, u, gap = 24.0, 1.7, 5.0
    decay = 1 / (3 * period)
    pole = complex(-decay, 2 * math.pi / period) + decay * 0.5 * math.tanh(u)

    def slope(x: complex) -> complex:
        return pole * x + decay * u

    x, n = complex(0.5, 0.1), 2000
    h = gap / n
    for _ in range(n):
        k1 = slope(x)
        k2 = slope(x + h / 2 * k1)
        k3 = slope(x + h / 2 * k2)
        x += h / 6 * (k1 + 2 * k2 + 2 * k3 + slope(x + h * k3))
    g, gain = bank.rate(period, 1.0, u)
    assert (g, gain) == (pytest.approx(pole), pytest.approx(decay))
    assert bank.evolve(complex(0.5, 0.1), g, gain, u, gap) == pytest.approx(x, abs=DOUBLE)


def test_a_mode_at_the_period_locks_on_to_the_cycle() -> None:
    """Driven by its own period a mode swings far more than by another one."""
    swing = {}
    for cycle in (24.0, 9.0):
        mine, _ = both(LIQUID_S4, 24.0)
        for k in range(500):
            bank.observe(
                mine, LIQUID_S4, 1.0, math.sin(2 * math.pi * (k - 1) / cycle), math.sin(2 * math.pi * k / cycle), k == 0
            )
        swing[cycle] = abs(complex(*mine["mode"][:2]))
    assert swing[24.0] > 3 * swing[9.0]


@given(
    st.sampled_from(KINDS),
    st.lists(
        st.tuples(st.sampled_from((0.0, 1e-12, 1.0, 1e3, 1e6)), st.sampled_from((0.0, 1.0, -1e4, 1e4, 1e-30))),
        max_size=60,
    ),
    st.sampled_from((0.0, 6.0, 8192.0)),
)
@relaxed
def test_odd_input_stays_finite(kind: int, events: list[tuple[float, float]], period: float) -> None:
    mine, _ = both(kind, period)
    z = 0.0
    for k, (gap, after) in enumerate(events):
        bank.observe(mine, kind, gap, z, after, k == 0)
        z = after
        assert np.isfinite(features(mine, kind, gap, z)).all()
    bank.recode(mine, 1e3, 1e3)
    assert not_finite(mine) == []
    assert np.isfinite(features(mine, kind, 1e30, z)).all()


def test_recoding_equals_learning_in_the_new_unit() -> None:
    rng = np.random.default_rng(0)
    z = rng.normal(size=100)
    mine, twin = both(LIQUID_S4)
    other, _ = both(LIQUID_S4)
    for k in range(100):
        bank.observe(mine, LIQUID_S4, 1.0, z[k - 1], z[k], k == 0)
        twin.observe(1.0, z[k - 1], z[k], k == 0)
        bank.observe(other, LIQUID_S4, 1.0, 0.4 * z[k - 1] - 1.5, 0.4 * z[k] - 1.5, k == 0)
    bank.recode(mine, 0.4, 1.5)
    twin.recode(0.4, 1.5)
    assert (mine["fast"], mine["slow"]) == pytest.approx((twin.fast, twin.slow), abs=ACCUMULATED)
    assert (mine["fast"], mine["slow"]) == pytest.approx((other["fast"], other["slow"]), abs=ACCUMULATED)


def test_gate_holds_the_state_longer_when_the_input_is_high() -> None:
    kept = [abs(cmath.exp(bank.rate(24.0, 1.0, u)[0] * 24)) for u in (-3.0, 0.0, 3.0)]
    assert kept[0] < kept[1] < kept[2] < 1
    assert kept[1] == pytest.approx(math.exp(-1 / 3), rel=SINGLE)
