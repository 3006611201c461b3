"""The same value again and again: a stuck sensor.

A run of equal values is judged by the five longest runs that the series has had: one longer than the fifth is as rare
as five in all events so far, and beyond that a generalised Pareto tail of fixed shape says how much rarer (the lengths
of a series that switches at random are geometric). Unlike the peaks of `liquid.anomaly.tails`, a run counts once,
however long, and when it has ended.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from liquid._jit import njit
from liquid.anomaly.evidence.base import Tail
from liquid.anomaly.tails import CAP, FIRST, FORGET, PEAKS, SHAPE

#: Length of the newest run (its first value not counted), of the longest ended ones, how many have ended (to PEAKS).
STATE = np.dtype([("run", "i4"), ("longest", "i4", (PEAKS,)), ("ended", "u1")], align=True)
TAILS = (Tail(1, "flatline", weight=1.5, judged=True),)

_SECOND: Final = 2
_SPREAD = 0.5
_RAMP = 0.2
_LN10 = 2.302585093
_LONGEST = 1_000_000_000


@njit
def _end(state):
    """The newest run takes its place among the longest."""
    run = state.run
    for k in range(PEAKS):
        if run > state.longest[k]:
            run, state.longest[k] = state.longest[k], run
    state.ended = min(state.ended + 1, PEAKS)


@njit
def statistic(state, seen):
    """-log10 of how often a run of this length is expected; 0 where it is most of what there ever was."""
    if seen.n > 0 and abs(seen.value - seen.previous) <= 1e-12 * abs(seen.value):
        state.run = min(state.run + 1, _LONGEST)
    else:
        if seen.n > 0:
            _end(state)
        state.run = 0
    if seen.n > 0 and seen.n % FORGET == 0:
        state.longest[0] = state.longest[1]
    fifth = float(state.longest[PEAKS - 1])
    beyond = state.run - fifth
    if seen.n <= FIRST or state.ended < PEAKS or beyond <= 0.0 or 2 * state.run > seen.n:
        return 0.0
    scale = max((state.longest[_SECOND - 1] - fifth) / math.log(PEAKS / _SECOND), _SPREAD * fifth, 1.0)
    ramp = min(beyond / (_RAMP * max(fifth, 1e-12)), 1.0)
    return min(ramp * math.log10(seen.n / PEAKS) + math.log1p(SHAPE * beyond / scale) / SHAPE / _LN10, CAP)
