"""Synthetic streams with a shift at a known place, on backgrounds that break tests made for independent values."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.signal import lfilter

START: Final = 1000  # events before anything counts
BEFORE: Final = 2000  # quiet events before the shift
AFTER: Final = 2000  # and after it; quiet streams are as long
GAP: Final = 600.0  # seconds: 144 events a day
_AR: Final = 0.9
_DAY: Final = 144

#: Of each kind of drift, the backgrounds and the shifts that are tried.
BACKGROUNDS: Final = {
    "input": ("white", "AR(0.9)", "heavy tails", "daily"),
    "error": ("white", "heavy tails", "clusters"),
    "calibration": ("independent",),
    "rhythm": ("jitter", "exponential", "half missing"),
}
SHIFTS: Final = {
    "input": (
        "mean +0.5 sd",
        "mean +1 sd",
        "mean +2 sd",
        "variance x2",
        "variance x4",
        "variance /4",
        "skew",
        "ramp to +2 sd",
    ),
    "error": ("x1.25", "x1.5", "x2", "x4"),
    "calibration": ("misses x1.5", "misses x2", "misses x3"),
    "rhythm": ("gaps x1.25", "gaps x2", "gaps /2", "twice as uneven"),
}
QUIET: Final = "quiet"


@dataclass(frozen=True)
class Case:
    """Streams of one kind, background and shift, one for each of `seeds`. mode : for the names of files."""

    kind: str
    background: str
    shift: str
    seeds: int

    source = property(lambda self: f"{self.kind} {self.background}")
    name = property(lambda self: self.shift)
    mode = "drift"


@dataclass(frozen=True)
class Stream:
    """What the model would see of each event. watched : the number that a test of one number is given."""

    time: np.ndarray
    value: np.ndarray
    error: np.ndarray
    missed80: np.ndarray
    missed95: np.ndarray
    watched: np.ndarray


def stream(case: Case, seed: int) -> Stream:
    """BEFORE quiet events and AFTER shifted ones (or as quiet)."""
    code = f"{case.kind} {case.background} {case.shift == QUIET}".encode()
    rng = np.random.default_rng([seed, *code])
    n = BEFORE + AFTER
    after = np.arange(n) >= BEFORE
    made = {"time": GAP * np.arange(n), "value": np.zeros(n), "error": np.zeros(n)}
    made |= {"missed80": np.zeros(n, bool), "missed95": np.zeros(n, bool)}
    if case.kind == "input":
        made["watched"] = made["value"] = _values(case.background, case.shift, rng)
    elif case.kind == "error":
        factor = {QUIET: 1.0}.get(case.shift) or float(case.shift[1:])
        made["error"] = _noise(case.background, n, rng) * np.where(after, factor, 1.0)
        made["watched"] = np.abs(made["error"])
    elif case.kind == "calibration":
        factor = 1.0 if case.shift == QUIET else float(case.shift.removeprefix("misses x"))
        u = rng.random(n) / np.where(after, factor, 1.0)
        made["missed80"], made["missed95"] = u < 0.2, u < 0.05
        made["watched"] = made["missed80"] + 1.0 * made["missed95"]
    else:
        gaps = _gaps(case.background, case.shift, after, rng)
        made["time"], made["watched"] = np.cumsum(gaps), np.log(gaps)
    return Stream(**made)


def _noise(background: str, n: int, rng: np.random.Generator) -> np.ndarray:
    """n values of unit deviation."""
    if background == "AR(0.9)":
        return lfilter([math.sqrt(1 - _AR**2)], [1, -_AR], rng.normal(size=n + 200))[200:]
    if background == "heavy tails":  # Student's t with 3 degrees of freedom
        return rng.standard_t(3, n) / math.sqrt(3)
    if background == "clusters":  # the size itself is autocorrelated
        size = np.exp(0.5 * _noise("AR(0.9)", n, rng))
        return rng.normal(size=n) * size / math.sqrt(math.exp(0.5))
    return rng.normal(size=n)


def _values(background: str, shift: str, rng: np.random.Generator) -> np.ndarray:
    x = _noise(background, BEFORE + AFTER, rng)
    late = x[BEFORE:]
    if shift.startswith("mean"):
        late += float(shift.split()[1])
    elif shift.startswith("variance"):
        late *= {"x2": math.sqrt(2.0), "x4": 2.0, "/4": 0.5}[shift.split()[1]]
    elif shift.startswith("ramp"):
        late += 2.0 * np.minimum(np.arange(AFTER) / 1000.0, 1.0)
    elif shift == "skew":  # mean and deviation stay: an exponential's quantiles at the ranks
        rank = (np.argsort(np.argsort(late)) + 0.5) / AFTER
        late[:] = (-np.log1p(-rank) - 1.0) * late.std()
    if background == "daily":
        phase = 2 * np.pi * (np.arange(len(x)) + rng.integers(_DAY)) / _DAY
        x += 2.0 * np.sin(phase) + np.sin(2 * phase)
    return x


def _gaps(background: str, shift: str, after: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    n = len(after)
    uneven = np.where(after & (shift == "twice as uneven"), 2.0, 1.0)
    factor = {"gaps x1.25": 1.25, "gaps x2": 2.0, "gaps /2": 0.5}.get(shift, 1.0)
    gaps = {
        "jitter": lambda: np.exp(0.05 * uneven * rng.normal(size=n)),
        "exponential": lambda: rng.exponential(1.0, n) ** uneven,
        "half missing": lambda: rng.geometric(0.5 / uneven).astype(float),
    }[background]()
    return GAP * np.maximum(gaps, 1e-3) * np.where(after, factor, 1.0)
