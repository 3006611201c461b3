"""The same value again and again: a stuck sensor."""

from __future__ import annotations

import math

import numpy as np

from liquid._jit import njit
from liquid.anomaly.evidence.base import Tail

STATE = np.dtype([("run", "i4")])
TAILS = (Tail(1, "flatline", floor=0.5, weight=1.5),)


@njit
def statistic(state, seen):
    """Logarithm of how often in a row the value has been the same; 0 where that is most of what there ever was."""
    if seen.n > 0 and abs(seen.value - seen.previous) <= 1e-12 * abs(seen.value):
        state.run = min(state.run + 1, 1_000_000_000)
    else:
        state.run = 0
    return math.log(1.0 + state.run) if 2 * state.run <= seen.n else 0.0
