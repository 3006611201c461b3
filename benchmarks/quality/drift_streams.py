"""Synthetic streams with a shift at a known place, on backgrounds that break tests made for independent values."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

import numpy as np
from scipy.signal import lfilter

BEFORE: Final = 2000  # quiet events before the shift
AFTER: Final = 2000
GAP: Final = 600.0  # seconds: 144 events a day
_AR = 0.9
_DAY = 144

#: A shift: unit-variance noise and ramp 0..1 after the shift -> noise after it.
Shift = Callable[[np.ndarray, np.ndarray], np.ndarray]


def _skewed(noise: np.ndarray, _: np.ndarray) -> np.ndarray:
    """The same mean and deviation, but skewed: an exponential's quantiles at the noise's ranks."""
    rank = (np.argsort(np.argsort(noise)) + 0.5) / len(noise)
    return (-np.log1p(-rank) - 1.0) * noise.std()


#: Shifts of the input, by name, in deviations of the background's marginal distribution.
INPUT: Final[dict[str, Shift]] = {
    "mean +0.5": lambda x, _: x + 0.5,
    "mean +1": lambda x, _: x + 1.0,
    "mean +2": lambda x, _: x + 2.0,
    "variance x2": lambda x, _: x * math.sqrt(2.0),
    "variance x4": lambda x, _: x * 2.0,
    "variance /4": lambda x, _: x * 0.5,
    "skew": _skewed,
    "ramp to +2": lambda x, ramp: x + 2.0 * ramp,
}

BACKGROUNDS: Final = ("white", "AR(0.9)", "heavy tails", "daily")


def noise(background: str, n: int, rng: np.random.Generator) -> np.ndarray:
    """n values of unit deviation (heavy tails: Student's t with 3 degrees of freedom)."""
    if background == "AR(0.9)":
        return lfilter([math.sqrt(1 - _AR**2)], [1, -_AR], rng.normal(size=n + 200))[200:]
    if background == "heavy tails":
        return rng.standard_t(3, n) / math.sqrt(3)
    return rng.normal(size=n)


def values(background: str, shift: str | None, seed: int, before: int = BEFORE, after: int = AFTER) -> np.ndarray:
    """`before` quiet values and `after` shifted ones (quiet ones too if shift is None)."""
    rng = np.random.default_rng([seed, BACKGROUNDS.index(background)])
    n = before + after
    x = noise(background, n, rng)
    if shift is not None:
        ramp = np.minimum(np.arange(after) / 1000.0, 1.0)
        x[before:] = INPUT[shift](x[before:], ramp)
    if background == "daily":
        phase = 2 * np.pi * (np.arange(n) + rng.integers(_DAY)) / _DAY
        x = x + 2.0 * np.sin(phase) + np.sin(2 * phase)
    return x
