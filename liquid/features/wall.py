"""The clock on the wall: what time it is, for the tables of day and week, where a series comes from.

A clock is a function of time that is constant between steps: how far it is ahead of UTC. Several lie in one array one
after the other; options name the part of it that is a series' own (`liquid.clocks` compiles them).
"""

from __future__ import annotations

from typing import Final

import numpy as np

from liquid._jit import njit
from liquid.features import phase

#: From `begin` (epoch seconds) on, the clock is `ahead` seconds of UTC.
STEP: Final = np.dtype([("begin", "f8"), ("ahead", "f8")], align=True)


@njit
def ahead(steps, first, count, time):
    """Seconds that a clock is ahead of UTC at a time.

    Parameters
    ----------
    steps : (k,) of dtype STEP. first, count : the clock's part of them, by ascending begin; count 0: UTC.
    time : epoch seconds; before the first step the clock is as from that step on.
    """
    if count == 0:
        return 0.0
    low, high = first, first + count
    while high - low > 1:
        middle = (low + high) // 2
        if steps[middle].begin <= time:
            low = middle
        else:
            high = middle
    return steps[low].ahead


@njit
def wall(declared, k, time):
    """The time (epoch seconds) that the wall clock of phase table k shows: 0 the day's, 1 the week's.

    Parameters
    ----------
    declared : (options, steps): a record of liquid.options.OPTIONS and the array of all steps.
    """
    options, steps = declared
    return time + ahead(steps, options.timezone[k, 0], options.timezone[k, 1], time)


@njit
def day_time(declared, time):
    """The same for all that knows a day: its clock, at the pace at which the first declared period lasts a day."""
    return wall(declared, 0, time) * (phase.DAY / declared[0].periods[0])
