"""Event time: the gap before an event, and the series' own unit of time.

The unit is what one step of the unit-time grid lasts: the gap that usually lies between two events when none is
missing. It follows the lower decile of the gaps (so that dropped events do not stretch it) and then locks on to the
mean of gap / k for gaps of k = 1..3 units.
"""

from __future__ import annotations

import math

import numpy as np

from liquid._jit import njit

#: State of one series' clock: last event time (s), lower decile of gaps (s), unit (s), cells of the grid so far,
#: events so far, events whose time stood still or ran back.
CLOCK = np.dtype(
    [("time", "f8"), ("decile", "f8"), ("unit", "f8"), ("cells", "i8"), ("events", "i8"), ("clamped", "i8")], align=True
)

#: At most this many grid cells are filled for one gap: a longer silence bends the grid instead of filling it.
MAX_CELLS = 64

_DEAD_ZONE = 1e-4


@njit
def advance(clock, time):
    """Take the time of the next event.

    Parameters
    ----------
    clock : record of dtype CLOCK, updated. time : epoch seconds, finite.

    Returns
    -------
    gap : seconds since the previous event, >= 0 (0 for the first event and when time stood still or ran back).
    cells : number of grid cells, 0..MAX_CELLS, that this event completes (1 for the first event).
    """
    n = clock.events
    clock.events = n + 1
    if n == 0:
        clock.time = time
        clock.cells = 1
        return 0.0, 1
    gap = time - clock.time
    if not gap > 0.0:
        clock.clamped += 1
        return 0.0, 0
    clock.time = time
    if clock.unit <= 0.0:
        clock.decile = gap
        clock.unit = gap
    young = n < 50
    g = 0.1 if young else 0.01
    if gap > clock.decile * (1.0 + _DEAD_ZONE):
        clock.decile *= math.exp(0.2 * g)
    elif gap < clock.decile * (1.0 - _DEAD_ZONE):
        clock.decile *= math.exp(-1.8 * g)
    k = math.floor(min(gap / clock.unit, 1e6) + 0.5)
    if 1.0 <= k <= 3.0:
        clock.unit += (0.1 if young else 0.02) * (gap / k - clock.unit)
    if clock.unit > 1.4 * clock.decile or clock.unit < clock.decile / 1.4:
        clock.unit = clock.decile
    cells = int(min(math.floor(min(gap / clock.unit, 1e6) + 0.5), float(MAX_CELLS)))
    clock.cells += cells
    return gap, cells
