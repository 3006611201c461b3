"""Streams to run a model on: plain ones of every kind, and events that nobody should send."""

from collections.abc import Callable

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

#: For tests of kernels, which compile at their first call; the same examples in every run.
relaxed = settings(deadline=None, derandomize=True, suppress_health_check=[HealthCheck.large_base_example])

HOUR, DAY = 3600.0, 86400.0

Stream = tuple[NDArray[np.float64], NDArray[np.float64]]  # times (s), values


def daily(n: int, rng: np.random.Generator) -> Stream:
    """A daily cycle at irregular times."""
    t = 1.7e9 + np.cumsum(rng.exponential(HOUR / 2, n))
    return t, 20 + 5 * np.sin(2 * np.pi * t / DAY) + 0.5 * rng.normal(size=n)


def cycle(n: int, rng: np.random.Generator) -> Stream:
    """A cycle that is no day, at regular times with lost events."""
    steps = np.cumsum(1 + (rng.random(n) < 0.2))
    return 60.0 * steps, np.sin(2 * np.pi * steps / 31) + np.sin(4 * np.pi * steps / 31) + 0.1 * rng.normal(size=n)


def walk(n: int, rng: np.random.Generator) -> Stream:
    return HOUR * np.arange(n), 1e3 + np.cumsum(rng.normal(size=n))


def shift(n: int, rng: np.random.Generator) -> Stream:
    """Noise whose level moves by 8 deviations two thirds through, and back for an hour before."""
    v = rng.normal(size=n)
    v[2 * n // 3 :] += 8
    v[n // 2 : n // 2 + 3] -= 12
    return HOUR * (np.arange(n) + 0.2 * rng.random(n)), v


def ticks(n: int, rng: np.random.Generator) -> Stream:
    """Bursts with equal times, now and then one that runs back."""
    gaps = rng.choice([0.0, 0.0, 1.0, 2.0, 30.0, -5.0], n, p=[0.2, 0.1, 0.4, 0.15, 0.1, 0.05])
    return 1.7e9 + np.cumsum(gaps), 1.1 + 1e-4 * np.cumsum(rng.choice([-1.0, 0.0, 1.0], n))


def silences(n: int, rng: np.random.Generator) -> Stream:
    """Gaps of hundreds of units."""
    gaps = 60.0 * np.where(rng.random(n) < 0.02, rng.integers(60, 2000, n), 1)
    t = np.cumsum(gaps)
    return t, np.sin(2 * np.pi * t / HOUR) + 0.2 * rng.normal(size=n)


def scales(n: int, rng: np.random.Generator) -> Stream:
    """The unit of the values changes by a million in the first events, then they shrink again for ever."""
    t, v = daily(n, rng)
    v[40:] *= 1e6 * 0.99 ** np.arange(n - 40)
    return t, v


def swelling(n: int, rng: np.random.Generator) -> Stream:
    """Noise whose size and level grow by 1.5 % with every event."""
    return 60.0 * np.arange(n), (3 + rng.normal(size=n)) * 1.015 ** np.arange(n)


def offset(n: int, rng: np.random.Generator) -> Stream:
    """Small movements on a large level."""
    return 10.0 * np.arange(n), 1e9 + rng.normal(size=n)


def constant(n: int, rng: np.random.Generator) -> Stream:
    """Always the same value, but for one blip and a step at the end."""
    v = np.full(n, 7.25)
    v[n // 2] = 7.26
    v[9 * n // 10 :] = 8
    return HOUR * np.arange(n), v


def counts(n: int, rng: np.random.Generator) -> Stream:
    t = 300.0 * np.arange(n)
    return t, rng.poisson(3 + 2 * np.sin(2 * np.pi * t / DAY)).astype(float)


def rare(n: int, rng: np.random.Generator) -> Stream:
    """Nearly always 0."""
    return 60.0 * np.arange(n), (rng.random(n) < 0.01).astype(float)


def heavy(n: int, rng: np.random.Generator) -> Stream:
    """Heavy tails."""
    return np.cumsum(rng.gamma(0.5, 100.0, n)), rng.standard_cauchy(n)


STREAMS: dict[str, Callable[[int, np.random.Generator], Stream]] = {
    f.__name__: f
    for f in (daily, cycle, walk, shift, ticks, silences, scales, swelling, offset, constant, counts, rare, heavy)
}


def stream(name: str, n: int, seed: int = 0) -> Stream:
    return STREAMS[name](n, np.random.default_rng([seed, *name.encode()]))


#: Values that nobody should send; not all are finite.
VALUES = (
    *(0.0, -0.0, 1.0, -1.0, 1e-12, 5e-324, -5e-324, 1e-300, 1e12, -1e12),
    *(1e100, -1e100, 1e300, -1e300, np.inf, -np.inf, np.nan),
)
#: Gaps (s) that nobody should send.
GAPS = (0.0, 5e-324, 1e-12, 1e-3, 1.0, 1.0, 1.0, 60.0, 1e7, 1e12, 1e300, -1.0, -1e9, np.inf, -np.inf, np.nan)


@st.composite
def bad_events(draw: st.DrawFn, most: int = 300) -> Stream:
    """Any sequence of runs: in each, times and values follow one odd habit."""
    times: list[float] = []
    values: list[float] = []
    now = draw(st.sampled_from((0.0, 1.7e9, -1e9, 9e14, -1e15)))
    while len(times) < most:
        length = draw(st.integers(1, 120))
        gap = draw(st.sampled_from(GAPS))
        a = draw(st.sampled_from(VALUES))
        b = draw(st.sampled_from(VALUES))
        habit = draw(st.sampled_from(("same", "alternate", "sign", "grow", "shrink", "noise", "wave")))
        k = np.arange(length)
        noise = np.random.default_rng(draw(st.integers(0, 9))).normal(size=length)
        with np.errstate(all="ignore"):
            run = {
                "same": np.full(length, a),
                "alternate": np.where(k % 2 == 0, a, b),
                "sign": a * (-1.0) ** k,
                "grow": a * 10.0**k,
                "shrink": a * 10.0**-k,
                "noise": a + b * noise,
                "wave": a * np.sin(k),
            }[habit]
            values += run.tolist()
            for _ in range(length):
                times.append(now + gap)
                if np.isfinite(times[-1]) and abs(times[-1]) < 1e16:
                    now = times[-1]
        if draw(st.booleans()):
            break
    return np.array(times[:most]), np.array(values[:most])
