"""Whether a series is reported by exception (send-on-delta): only when its value has moved by a deadband or more.

Then silence says something, namely that the value has stayed within the deadband of the one sent last, and events
alone would tell of moves only. Two signs, both needed: no change is much smaller than the usual one, where the changes
of other series reach down to nothing; and changes after longer gaps are no larger, as they are in a series of which
events are missing.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from liquid._jit import njit

#: Changes before a series may be taken for one.
LEAST: Final = 100
_YOUNG = 30  # changes from which on quantiles are tracked
_SHARE = 0.02  # of the changes that are smaller than `least`
_STEP = 0.05  # of the logarithm of a tracked quantile
_RATIO = 0.25
_RATE = 0.02
_ALIKE = 0.4
_SMALLEST, _MIDDLE = 1e-6, 1e-5  # a series that stands still has no deadband
_MOST = 1e6
_LEAST_UP, _LEAST_DOWN = math.exp(_STEP * _SHARE), math.exp(-_STEP * (1.0 - _SHARE))
_MIDDLE_UP, _MIDDLE_DOWN = math.exp(0.5 * _STEP), math.exp(-0.5 * _STEP)

#: least, middle: quantiles (2 %, 50 %) of the changes (z). longer: running agreement, -1 to 1, of large changes with
#: long gaps.
DEADBAND = np.dtype([("least", "f4"), ("middle", "f4"), ("longer", "f4")], align=True)


@njit
def observe(d, change, long, count):
    """Take a change from one event to the next.

    Parameters
    ----------
    change : its size (z). long : whether the gap was longer than usual. count : changes so far, this one included.
    """
    agrees = 1.0 if (change > d.middle) == long else -1.0
    d.longer += max(_RATE, 1.0 / count) * (agrees - d.longer)
    if count <= _YOUNG:
        d.least = change if count == 1 else min(d.least, change)
        d.middle += (change - d.middle) / count
    else:
        d.least *= _LEAST_UP if change >= d.least else _LEAST_DOWN
        d.middle *= _MIDDLE_UP if change >= d.middle else _MIDDLE_DOWN
    d.least = min(max(d.least, _SMALLEST), _MOST)
    d.middle = min(max(d.middle, _MIDDLE), _MOST)


@njit
def width(d, count):
    """The deadband (z); 0 of a series that is not reported by exception. count : changes so far."""
    if count < LEAST or d.least <= _RATIO * d.middle or d.longer >= _ALIKE:
        return 0.0
    return d.least


@njit
def recode(d, factor):
    """z becomes z * factor."""
    d.least = min(max(d.least * factor, _SMALLEST), _MOST)
    d.middle = min(max(d.middle * factor, _MIDDLE), _MOST)
