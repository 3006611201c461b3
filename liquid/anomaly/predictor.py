"""The detector's own one-step predictor, deliberately apart from the forecaster.

A repeated anomaly soon becomes something the forecaster can foresee; the detector must keep being surprised by it. So
surprise comes from a plain least squares on EWMAs of the standardised value and the calendar, with bounded influence
of every event.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from liquid._jit import njit
from liquid.features import phase
from liquid.learning import rls

CALENDAR: Final = 6
LONGEST: Final = 256.0  # time constant of the last EWMA, in usual gaps
FORGETTING: Final = 0.9995
PRIOR: Final = 10.0
LIMIT: Final = 8.0  # the standardised value is clipped to this for learning
_MEMORY = 2000.0


def size(means: int) -> int:
    """Length of the row: constant, previous value, EWMAs, calendar."""
    return 2 + means + CALENDAR


def predictor_dtype(means: int) -> np.dtype:
    """State with `means` EWMAs."""
    return np.dtype(
        [
            ("mean", "f8"),
            ("variance", "f8"),
            ("value", "f8"),
            ("usual_gap", "f8"),
            ("previous", "f4"),
            ("error", "f4"),
            ("ewma", "f4", (means,)),
            ("w", "f4", (size(means),)),
            ("p", "f4", (rls.packed(size(means)),)),
        ],
        align=True,
    )


@njit
def start(p):
    """A fresh series."""
    rls.reset(p.p, len(p.w), PRIOR)


@njit
def standardise(p, value, n):
    """x = (value - mean) / deviation, within +-200; +-10 for the first change of a constant series."""
    if n < 2:
        return 0.0
    if p.variance > 0.0:
        deviation = math.sqrt(p.variance) + 1e-9 * (abs(p.mean) + 1e-300)
        return min(max((value - p.mean) / deviation, -200.0), 200.0)
    if value == p.mean:
        return 0.0
    return 10.0 if value > p.mean else -10.0


@njit
def follow(p, mean, deviation):
    """Take over mean and deviation: the values have another unit."""
    p.mean = mean
    p.variance = deviation * deviation


@njit
def relative_gap(p, gap, n):
    """The gap in usual gaps (1 for the first event), and learn the usual gap by log steps. gap : seconds."""
    if n == 0:
        return 1.0
    if gap <= 0.0:
        return 0.0
    if p.usual_gap <= 0.0:
        p.usual_gap = max(gap, 1e-9)
    relative = gap / p.usual_gap
    r = min(max(relative, 0.5), 2.0)
    p.usual_gap *= math.exp((0.05 if n < 100 else 0.005) * (r - 1.0))
    return relative


@njit
def residual(p, x, time, n, row, gain):
    """x minus its prediction from the past; then learn from it.

    Parameters
    ----------
    p : record. x : standardised value. time : epoch seconds. n : events before this one.
    row, gain : (>= size,) f4 scratch.
    """
    clipped = min(max(x, -LIMIT), LIMIT)
    day = phase.angle(time, phase.DAY)
    week = phase.angle(time, phase.WEEK)
    row[0] = 1.0
    row[1] = p.previous
    for j in range(len(p.ewma)):
        row[2 + j] = p.ewma[j] - p.previous
    at = 2 + len(p.ewma)
    row[at] = math.sin(day)
    row[at + 1] = math.cos(day)
    row[at + 2] = math.sin(2.0 * day)
    row[at + 3] = math.cos(2.0 * day)
    row[at + 4] = math.sin(week)
    row[at + 5] = math.cos(week)
    predicted = rls.predict(p.w, row, len(p.w))
    predicted = min(max(predicted, -50.0), 50.0)
    e = x - predicted
    bounded = clipped - predicted
    limit = 4.0 * p.error + 0.05
    if n > 2:
        step = min(max(bounded, -limit), limit)
        rls.update(p.w, p.p, row, gain, len(p.w), step, FORGETTING, 10.0 * len(p.w) * PRIOR, PRIOR)
    rate = max(1.0 / (n + 1.0), 1e-3)
    p.error += rate * (min(abs(bounded), 5.0 * p.error + 0.01) - p.error)
    return e


@njit
def learn(p, x, value, relative, n):
    """Take the value into the EWMAs (time constants up to 256 usual gaps) and the running mean and variance."""
    clipped = min(max(x, -LIMIT), LIMIT)
    g = min(relative, 20.0)
    for j in range(len(p.ewma)):
        a = math.exp(-g / LONGEST ** ((j + 1.0) / len(p.ewma)))
        p.ewma[j] = a * p.ewma[j] + (1.0 - a) * clipped
    p.previous = clipped
    a = max(1.0 / (n + 1.0), 1.0 / _MEMORY)
    d = value - p.mean
    if n > 50 and p.variance > 0.0:
        limit = 6.0 * (math.sqrt(p.variance) + 1e-9 * (abs(p.mean) + 1e-300))
        d = min(max(d, -limit), limit)
    p.mean += a * d
    p.variance = (1.0 - a) * (p.variance + a * d * d)
    p.value = value
