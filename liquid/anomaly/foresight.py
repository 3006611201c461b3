"""How badly a series was foreseen: the forecaster's errors on the scale that is usual for the series.

Two numbers, neither of them calibrated by the tail of its own past: where errors are large for long, they stay large.

- miss: the newest error over the root mean square of all, which every error enters with bounded influence.
- unrest: by how many of its mean deviations the logarithm of the short-term mean square lies above its median.

They rank the events of a series; what opens an alert is calibrated evidence (`liquid.detector`), in which a repeated
anomaly stays surprising although the forecaster has learned to foresee it.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from liquid._jit import njit

MISS_WEIGHT: Final = 0.5
UNREST_WEIGHT: Final = 0.7
_LARGEST = 1e3  # error, in deviations of the series
_LIMIT = 8.0  # error in the short-term mean square
_EVENTS = 8.0
_MEMORY = 2000.0
_INFLUENCE = 25.0
_FARTHEST = 15.0
_FLOOR = 0.1
_FLOOR_STILL = 0.5  # more where errors are mostly nothing: one event among them is not unrest for days
_TINY = 0.03  # added to root mean squares, in deviations of the series: less is as good as nothing
_NOTHING = 1e-3  # an error below may be rounding
_MANY = 50
_FIRST = 100  # events before anything is said
_ROUNDING = 1e-6  # of the median, which is kept in single precision

#: Short-term mean square, long-term mean square; running median and mean deviation of the former's logarithm.
STATE = np.dtype([("short", "f4"), ("square", "f4"), ("median", "f4"), ("spread", "f4")], align=True)


@njit
def observe(state, error, n):
    """Judge an error, then learn it.

    Parameters
    ----------
    state : record of STATE. error : |value - expected| in deviations of the series, 0 where nothing was expected.
    n : events before this one.

    Returns
    -------
    miss, unrest : >= 0.
    """
    e = min(error, _LARGEST) if error > _NOTHING else 0.0
    rms = math.sqrt(state.square)
    miss = min(e / (rms + _TINY), _FARTHEST)
    rate = max(1.0 / (n + 1.0), 1.0 / _MEMORY)
    square = min(e * e, _INFLUENCE * state.square + 1e-24) if n > _MANY else e * e
    state.square += rate * (square - state.square)

    clipped = min(e, _LIMIT)
    state.short += (clipped * clipped - state.short) / min(_EVENTS, n + 1.0)
    x = math.log(math.sqrt(max(state.short, 0.0)) + _TINY)
    if n == 0:
        state.median = x
    still = min(max(1.0 + math.log(_TINY) - state.median, 0.0), 1.0)
    unrest = max(x - state.median - _ROUNDING, 0.0) / (state.spread + _FLOOR + (_FLOOR_STILL - _FLOOR) * still)
    rate = max(1.0 / (n + 1.0), 0.002)
    d = x - state.median
    size = min(abs(d), 5.0 * state.spread + 1e-9) if n > _MANY else abs(d)
    state.spread += rate * (size - state.spread)
    state.median += rate * (min(max(d, -2.0 * state.spread), 2.0 * state.spread) if n > 10 else d)
    if n < _FIRST:
        return 0.0, 0.0
    return miss, unrest
