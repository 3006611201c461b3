"""Habit: how often a value of this size came in this situation.

Counts over bins of the running range, in four situations: after the last two values; the short mean given the longer
one; the value given the hour of day; the mean given the hour of day. Evidence is -log10 of the smoothed share.

Counts are kept in one byte each: exactly up to 64, beyond as a float of five bits mantissa that is raised by one step
after step-many events on average (Morris 1978, with a hash of the event number in place of the coin).
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from liquid._jit import njit
from liquid.features import phase

CONTEXTS: Final = 4
FIRST: Final = 200
_SMOOTH = 0.1

#: The count that a code stands for: e = code >> 5, m = code & 31; m if e == 0, else (32 + m) 2^(e - 1).
_COUNT = np.array([c if c < 32 else (32 + (c & 31)) << ((c >> 5) - 1) for c in range(256)])


def habits_dtype(bins: int, hours: int) -> np.dtype:
    """State over `bins` bins of the value and `hours` parts of the day."""
    return np.dtype(
        [
            ("low", "f8"),
            ("high", "f8"),
            ("mean3", "f8"),
            ("mean10", "f8"),
            ("mean30", "f8"),
            ("last", "i1"),
            ("before", "i1"),
            ("count", "i8"),
            ("pair", "u1", (bins * bins, bins)),
            ("trend", "u1", (bins, bins)),
            ("hour", "u1", (hours, bins)),
            ("hour_mean", "u1", (hours, bins)),
        ],
        align=True,
    )


@njit
def _bin(value, low, width, bins):
    return int(min(max((value - low) / width * bins, 0.0), bins - 1.0))


@njit
def _raise(code, n):
    """The code of a count after one more event, number n."""
    if code < 64:
        return code + 1
    mask = (1 << ((code >> 5) - 1)) - 1
    coin = (n * 2654435761 >> 16) & mask
    return code + 1 if coin == 0 else code


@njit
def _judge(row, k, n):
    """-log10 of the smoothed share of bin k in a row of counts; then count event n in it (halving a full row)."""
    total = 0
    for j in range(len(row)):
        total += _COUNT[row[j]]
    near = float(_COUNT[row[k]])
    if k > 0:
        near += 0.5 * _COUNT[row[k - 1]]
    if k < len(row) - 1:
        near += 0.5 * _COUNT[row[k + 1]]
    if row[k] == 255:
        for j in range(len(row)):
            row[j] = row[j] - 32 if row[j] >= 64 else row[j] >> 1
    row[k] = _raise(np.int64(row[k]), n)
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
    bins = habits.trend.shape[1]
    b30 = _bin(habits.mean30, low, width, bins)
    habits.mean3 += (value - habits.mean3) / 3.0
    habits.mean10 += (value - habits.mean10) / 10.0
    habits.mean30 += (value - habits.mean30) / 30.0
    k = _bin(value, low, width, bins)
    hour = phase.hour_of_day(time) * habits.hour.shape[0] // phase.HOURS
    out[0] = _judge(habits.pair[habits.last * bins + habits.before], k, n)
    out[1] = _judge(habits.trend[b30], _bin(habits.mean3, low, width, bins), n)
    out[2] = _judge(habits.hour[hour], k, n)
    out[3] = _judge(habits.hour_mean[hour], _bin(habits.mean10, low, width, bins), n)
    if n <= FIRST:
        for j in range(CONTEXTS):
            out[j] = 0.0
    habits.before = habits.last
    habits.last = k
    habits.count = n + 1
