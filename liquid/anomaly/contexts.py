"""Habit: how often a value of this size came in this situation.

Counts over 16 bins of the running range, in four situations: after the last two values; the short mean given the
longer one; the value given the hour of day; the mean given the hour of day. Evidence is -log10 of the smoothed share.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from liquid._jit import njit

BINS: Final = 16
CONTEXTS: Final = 4
FIRST: Final = 200
HOURS: Final = 24
_SMOOTH = 0.1

HABITS = np.dtype(
    [
        ("low", "f8"),
        ("high", "f8"),
        ("mean3", "f8"),
        ("mean10", "f8"),
        ("mean30", "f8"),
        ("last", "i1"),
        ("before", "i1"),
        ("count", "i8"),
        ("pair", "u1", (BINS * BINS, BINS)),
        ("trend", "u1", (BINS, BINS)),
        ("hour", "u1", (HOURS, BINS)),
        ("hour_mean", "u1", (HOURS, BINS)),
    ],
    align=True,
)


@njit
def _bin(value, low, width):
    return int(min(max((value - low) / width * BINS, 0.0), BINS - 1.0))


@njit
def _judge(row, k):
    """-log10 of the smoothed share of bin k in a row of counts; then count it (halving a full row)."""
    total = 0
    for j in range(BINS):
        total += row[j]
    near = float(row[k])
    if k > 0:
        near += 0.5 * row[k - 1]
    if k < BINS - 1:
        near += 0.5 * row[k + 1]
    if row[k] == 255:
        for j in range(BINS):
            row[j] >>= 1
    row[k] += 1
    return max(math.log10((total + 1.0) / (near + _SMOOTH)), 0.0)


@njit
def observe(habits, time, value, out):
    """Judge an event in all contexts, then count it.

    Parameters
    ----------
    habits : record. time : epoch seconds. value : the event's value. out : (CONTEXTS,) evidence.
    """
    n = habits.count
    if n == 0:
        habits.low = habits.high = habits.mean3 = habits.mean10 = habits.mean30 = value
    habits.low = min(habits.low, value)
    habits.high = max(habits.high, value)
    low = habits.low
    width = habits.high - low + 1e-12 * abs(low) + 1e-290
    b30 = _bin(habits.mean30, low, width)
    habits.mean3 += (value - habits.mean3) / 3.0
    habits.mean10 += (value - habits.mean10) / 10.0
    habits.mean30 += (value - habits.mean30) / 30.0
    k = _bin(value, low, width)
    hour = int((time % 86400.0) / 3600.0) % HOURS
    out[0] = _judge(habits.pair[habits.last * BINS + habits.before], k)
    out[1] = _judge(habits.trend[b30], _bin(habits.mean3, low, width))
    out[2] = _judge(habits.hour[hour], k)
    out[3] = _judge(habits.hour_mean[hour], _bin(habits.mean10, low, width))
    if n <= FIRST:
        for j in range(CONTEXTS):
            out[j] = 0.0
    habits.before = habits.last
    habits.last = k
    habits.count = n + 1
