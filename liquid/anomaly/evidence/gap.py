"""A silence before the event that is unusually long."""

from __future__ import annotations

import math

import numpy as np

from liquid._jit import njit
from liquid.anomaly.evidence.base import Tail

STATE = np.dtype([("unused", "u1")])
TAILS = (Tail(1, "gap", floor=0.5, weight=1.5),)


@njit
def statistic(state, seen):
    """Logarithm of the gap in usual gaps."""
    return math.log(min(max(seen.gap, 1e-3), 1e12))
