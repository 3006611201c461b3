"""Streams in which nothing ever happens: what alerts there, alerts falsely."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from scipy.signal import lfilter

MINUTES: Final = 300.0  # seconds between events where nothing else is said
HOUR: Final = 3600.0
DAY: Final = 24 * HOUR

#: Takes a generator of random numbers and how many events; gives times (s) and values.
Stream = Callable[[np.random.Generator, int], tuple[np.ndarray, np.ndarray]]


def _autoregressive(rng: np.random.Generator, n: int, a: float) -> np.ndarray:
    return lfilter([1.0], [1.0, -a], rng.normal(size=n + 200))[200:]


def _day(rng: np.random.Generator, t: np.ndarray) -> np.ndarray:
    return 50.0 + 10.0 * np.sin(2 * np.pi * t / DAY) + 4.0 * np.cos(4 * np.pi * t / DAY) + rng.normal(size=len(t))


def _on_off(rng: np.random.Generator, n: int, switch: float) -> np.ndarray:
    return np.cumsum(rng.random(n) < switch) % 2.0


def _wave(rng: np.random.Generator, n: int) -> np.ndarray:
    return np.sin(2 * np.pi * (np.arange(n) / 40.0 + rng.random())) + 0.3 * rng.normal(size=n)


def _of_value(values: Callable[[np.random.Generator, int], np.ndarray], step: float = MINUTES) -> Stream:
    return lambda rng, n: (step * np.arange(n), values(rng, n))


def _of_time(values: Callable[[np.random.Generator, np.ndarray], np.ndarray], step: float = MINUTES) -> Stream:
    return lambda rng, n: (t := step * np.arange(n), values(rng, t))


def _irregular(values: Callable[[np.random.Generator, np.ndarray], np.ndarray]) -> Stream:
    """Exponential gaps."""
    return lambda rng, n: (t := np.cumsum(rng.exponential(MINUTES, n)), values(rng, t))


def _thinned(stream: Stream, missing: float = 0.8) -> Stream:
    """n events of which more were to come."""

    def thinned(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
        t, v = stream(rng, int(n / (1.0 - missing) * 1.1) + 100)
        keep = np.flatnonzero(rng.random(len(t)) >= missing)[:n]
        return t[keep], v[keep]

    return thinned


def _white(rng: np.random.Generator, t: np.ndarray) -> np.ndarray:
    return rng.normal(size=len(t))


STREAMS: Final[dict[str, Stream]] = {
    "white": _of_time(_white),
    "AR(1) .8": _of_value(lambda rng, n: _autoregressive(rng, n, 0.8)),
    "AR(1) .98": _of_value(lambda rng, n: _autoregressive(rng, n, 0.98)),
    "day, hourly": _of_time(_day, HOUR),
    "day, 5 minutes": _of_time(_day),
    "counts, mean .3": _of_value(lambda rng, n: rng.poisson(0.3, n).astype(float)),
    "counts, mean 3": _of_value(lambda rng, n: rng.poisson(3.0, n).astype(float)),
    "counts, mean 50": _of_value(lambda rng, n: rng.poisson(50.0, n).astype(float)),
    "heavy tails (t3)": _of_value(lambda rng, n: rng.standard_t(3, n)),
    "binary, p .001": _of_value(lambda rng, n: (rng.random(n) < 0.001) + 0.0),
    "binary, p .01": _of_value(lambda rng, n: (rng.random(n) < 0.01) + 0.0),
    "binary, p .5": _of_value(lambda rng, n: (rng.random(n) < 0.5) + 0.0),
    "on/off, switch .02": _of_value(lambda rng, n: _on_off(rng, n, 0.02)),
    "constant": _of_value(lambda rng, n: np.full(n, 3.0)),
    "ramp": _of_value(lambda rng, n: 0.5 * np.arange(n)),
    "rounded": _of_value(lambda rng, n: np.round(_autoregressive(rng, n, 0.5))),
    "sine": _of_time(lambda rng, t: np.sin(2 * np.pi * t / (40.0 * MINUTES))),
    "white, irregular": _irregular(_white),
    "day, irregular": _irregular(_day),
    "white, 80 % missing": _thinned(_of_time(_white)),
    "AR(1) .98, 80 % missing": _thinned(_of_value(lambda rng, n: _autoregressive(rng, n, 0.98))),
    "day, 80 % missing": _thinned(_of_time(_day)),
    "wave of 40 events": _of_value(_wave),
}


def seeded(name: str, seed: int, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Times and values of the stream of that name."""
    return STREAMS[name](np.random.default_rng([seed, list(STREAMS).index(name)]), n)
