import numpy as np
import pytest
from scipy.signal import lfilter

from liquid.anomaly.evidence import SEEN, frequency
from tests.liquid.checks import record
from tests.liquid.naive.evidence import Frequency, Seen
from tests.liquid.tolerances import ACCUMULATED

N, AT = 4000, 3000


def statistics(x: np.ndarray, surprise: np.ndarray, gap: np.ndarray) -> np.ndarray:
    state, seen = record(frequency.STATE), record(SEEN)
    out = np.zeros(len(x))
    previous = 0.0
    for n in range(len(x)):
        for name, value in (
            ("n", n),
            ("x", x[n]),
            ("previous_x", previous),
            ("surprise", surprise[n]),
            ("gap", gap[n]),
        ):
            seen[name] = value
        out[n] = frequency.statistic(state, seen)
        previous = x[n]
    return out


def persistent(a: float, rng: np.random.Generator, n: int = N) -> np.ndarray:
    """An autoregression of deviation 1."""
    return lfilter([np.sqrt(1 - a * a)], [1, -a], rng.normal(size=n + 100))[100:]


def residual(x: np.ndarray, a: float) -> np.ndarray:
    return x - a * np.append(0.0, x[:-1])


def test_equals_twin() -> None:
    rng = np.random.default_rng(0)
    x = np.clip(3 * rng.standard_t(2, 3000), -200, 200) * (np.arange(3000) % 700 > 100)
    surprise = np.where(rng.random(3000) < 0.2, 0.0, rng.standard_t(2, 3000))
    gap = rng.choice([0.0, 0.3, 0.7, 1.0, 1.4, 2.0, 50.0, 1e12], 3000)
    twin = Frequency()
    previous = np.append(0.0, x[:-1])
    expected = [
        twin.add(Seen(n, 0.0, 0.0, 0.0, gap[n], x[n], previous[n], surprise[n])) for n in range(3000)
    ]  # fmt: skip
    np.testing.assert_allclose(statistics(x, surprise, gap), expected, rtol=100 * ACCUMULATED, atol=100 * ACCUMULATED)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("other", [0.0, 0.95])
def test_another_persistence_of_the_same_values_stands_out(other: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = persistent(0.8, rng)
    x[AT:] = persistent(other, rng, N - AT)
    z = statistics(x, residual(x, 0.8), np.ones(N))
    assert z[AT : AT + 300].max() > 1.5 * z[500:AT].max()


@pytest.mark.parametrize("seed", range(3))
def test_a_larger_deviation_of_residuals_that_comes_with_longer_gaps_does_not(seed: int) -> None:
    """Steps of a walk are larger where gaps are longer, and the walk itself is what it was."""
    rng = np.random.default_rng(seed)
    gap = np.where(rng.random(N) < 0.5, 1.0, 4.0)
    gap[AT:] = 4.0
    level = np.cumsum(rng.normal(size=N) * np.sqrt(gap)) / 10
    x = level - lfilter([0.02], [1, -0.98], level)
    z = statistics(x, 0.3 * rng.normal(size=N), gap)
    assert z[AT : AT + 150].max() < 2 * z[500:AT].max()


def test_what_stands_still_has_no_frequency() -> None:
    rng = np.random.default_rng(0)
    x = persistent(0.5, rng)
    x[AT:] = x[AT - 1]
    assert statistics(x, residual(x, 0.5), np.ones(N))[AT + 300 :].max() == 0


def test_rounding_is_no_change_of_frequency() -> None:
    x = np.zeros(N)
    tiny = 1e-6 * np.random.default_rng(0).normal(size=N)
    tiny[AT:] = 1e-6 * (-1.0) ** np.arange(N - AT)
    z = statistics(x, tiny, np.ones(N))
    assert z[AT:].max() <= z[500:AT].max() + 1e-3
