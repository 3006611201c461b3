"""The line of a series: how much evidence opens an alert.

Evidence is calibrated tail by tail, but the tails of a series are not independent of each other, and how they hang
together differs from series to series. So every series has its own line above a common one: its logarithm rises with
every crossing, more where the evidence lies far above, and falls as much in `EVERY` events. In the long run no series
crosses its line more often than once in `EVERY` events (a stochastic approximation of that quantile, Robbins & Monro
1951, held at or above the common line). A series that crossed it lately has a higher line for a while, a young one too.
Where the same value crosses the line again and again, as the rare one of two does, it rises faster.

Crossings are counted as alerts would open without any options: they say what the evidence does, not what somebody wants
to hear of.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from liquid._jit import njit

LINE: Final = 5.0
LEARNING: Final = 500  # events until a series is ready
#: Quiet events per crossing of the line.
EVERY: Final = 2000.0
#: A crossing lasts until so many events in a row were below the line, or until so many after it began.
QUIET: Final = 75
LONGEST: Final = 500
_RISE = 0.03
_FAR = 8.0  # the rise for evidence far above the line, in rises
_AGAIN = 5.0  # the rise for a value that has crossed the line the last time, in rises
_HIGHEST = 1.0  # logarithm
_LATELY = 0.15
_YOUTH = 200.0

#: First and last event of the newest crossing and its first value; crossings lately, logarithm of the own line over the
#: common one; whether the crossing lasts.
STATE = np.dtype(
    [("first", "i8"), ("last", "i8"), ("value", "f8"), ("lately", "f8"), ("own", "f8"), ("crossed", "u1")], align=True
)


@njit
def youth(n):
    """Factor by which the line of a series with n events before this one is higher than that of an old one."""
    return 1.0 + math.exp(-(n + 1.0) / _YOUTH)


@njit
def common(n):
    """The line of every series with n events before this one, in the unit of the evidence."""
    return LINE * youth(n)


@njit
def raised(state, n):
    """Factor by which the crossings of a series so far have raised its line for event n."""
    own = max(state.own - (_RISE / EVERY if n >= LEARNING else 0.0), 0.0)
    return (1.0 + _LATELY * state.lately * math.exp(-1.0 / EVERY)) * math.exp(own)


@njit
def observe(state, evidence, value, n):
    """The line that this event's evidence is held against; then learn from it.

    Parameters
    ----------
    state : record of STATE. evidence : the combined evidence g. value : of the event. n : events before this one.

    Returns
    -------
    line : > 0, in the unit of the evidence.
    """
    line = common(n) * raised(state, n)
    state.lately *= math.exp(-1.0 / EVERY)
    if n >= LEARNING:
        state.own = max(state.own - _RISE / EVERY, 0.0)
    above = evidence >= line
    if state.crossed and (n - state.first >= LONGEST or (not above and n - state.last >= QUIET)):
        state.crossed = 0
    elif above:
        state.last = n
        if not state.crossed:
            state.crossed = 1
            state.first = n
            ratio = evidence / line
            rise = _RISE * min(ratio * ratio, _FAR)
            if state.lately > 0.0 and abs(value - state.value) <= 1e-12 * abs(value):
                rise *= _AGAIN
            state.lately += 1.0
            state.own = min(state.own + rise, _HIGHEST)
            state.value = value
    return line
