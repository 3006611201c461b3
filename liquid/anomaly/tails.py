"""Calibrators: from a statistic to evidence, -log10 of how often so large a peak is expected.

Each keeps the five largest declustered peaks of its statistic. A new peak above the fifth is judged by a generalised
Pareto tail of fixed shape whose scale comes from the second and fifth peak (so that one huge peak does not hide the
next one). It counts in full only from a fifth of the way above the fifth peak that this lies above the median: below,
evidence grows from zero, so that peaks that are as good as equal (of a series with few values) do not count as new.
Optionally values between the median and the fifth peak are ranked too ("body").
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from liquid._jit import njit

PEAKS: Final = 5
SHAPE: Final = 0.1
CAP: Final = 8.0
FIRST: Final = 100  # samples before anything is said
FORGET: Final = 5000  # samples after which the largest peak is forgotten
_SECOND = 2
_SPREAD = 0.3
_RAMP = 0.2
_LN10 = 2.302585093
_NEVER = -1e30

TAIL = np.dtype(
    [
        ("peak", "f4", (PEAKS,)),
        ("median", "f4"),
        ("spread", "f4"),
        ("count", "i4"),
        ("last", "i4"),
        ("begin", "i4"),
        ("used", "i1"),
        ("open", "i1"),
    ],
    align=True,
)


@njit
def start(tail):
    """No peaks yet."""
    for k in range(PEAKS):
        tail.peak[k] = _NEVER
    tail.last = -1_000_000
    tail.open = -1


@njit
def evidence(tail, statistic, samples_each, together, longest, floor, body):
    """Judge a value, then learn it.

    Parameters
    ----------
    tail : record of dtype TAIL. statistic : larger is more unusual; finite.
    samples_each : events per value (2**level for block statistics).
    together : values closer than this belong to one cluster. longest : a cluster is cut after so many values.
    floor : smallest scale of the tail. body : rank values between median and fifth peak too.

    Returns
    -------
    A >= 0 : -log10(expected peaks per sample), at most CAP.
    """
    z = float(np.float32(statistic))  # compare in the precision in which peaks are stored
    n = tail.count
    if n == 0:
        tail.median = z
    median = float(tail.median)
    spread = float(tail.spread)
    fifth = float(tail.peak[PEAKS - 1])
    samples = n * samples_each
    a = 0.0
    if samples > FIRST and tail.used >= PEAKS:
        if z > fifth and z > median:  # in a flat regime the fifth peak may lie below the median
            scale = max(
                (tail.peak[_SECOND - 1] - fifth) / math.log(PEAKS / _SECOND),
                _SPREAD * max(fifth - median, spread),
                floor,
                1e-9 * (abs(fifth) + 1e-3),
            )
            r = (z - fifth) / scale
            ramp = 1.0 if body else min((z - fifth) / (_RAMP * max(fifth - median, 1e-12)), 1.0)
            a = min(ramp * math.log10(samples / PEAKS) + math.log1p(SHAPE * r) / SHAPE / _LN10, CAP)
        elif body and z > median and fifth > median:
            a = math.log10(samples / PEAKS) * (z - median) / (fifth - median)
    _learn_centre(tail, z, n)
    if n > 0 and n % max(FORGET // samples_each, 1) == 0 and tail.used >= PEAKS:
        tail.peak[0] = tail.peak[1]
    if z > fifth or tail.used < PEAKS:
        _insert(tail, z, n, together, longest)
    tail.count = min(n + 1, 2_000_000_000)
    return a


@njit
def _learn_centre(tail, z, n):
    b = max(1.0 / (n + 1.0), 0.002)
    d = z - tail.median
    size = min(abs(d), 5.0 * tail.spread + 1e-9) if n > 50 else abs(d)
    tail.spread += b * (size - tail.spread)
    step = min(max(d, -2.0 * tail.spread), 2.0 * tail.spread) if n > 10 else d
    tail.median += b * step


@njit
def _insert(tail, z, n, together, longest):
    if n - tail.last <= together and n - tail.begin < longest and tail.open >= 0:
        if z > tail.peak[tail.open]:
            tail.open = _sift(tail, z, tail.open)
    else:
        tail.open = _sift(tail, z, PEAKS - 1)
        tail.begin = n
        if tail.used < PEAKS:
            tail.used += 1
    tail.last = n


@njit
def _sift(tail, z, at):
    """Put z in place `at` and move it up to where it belongs; give its final place."""
    tail.peak[at] = z
    j = at
    while j > 0 and tail.peak[j] > tail.peak[j - 1]:
        tail.peak[j], tail.peak[j - 1] = tail.peak[j - 1], tail.peak[j]
        j -= 1
    return j
