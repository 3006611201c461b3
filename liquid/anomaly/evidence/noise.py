"""Residuals that have become larger for about ten events, in either direction."""

from __future__ import annotations

import math

import numpy as np

from liquid._jit import njit
from liquid.anomaly.evidence.base import Tail

STATE = np.dtype([("mean", "f4")], align=True)
TAILS = (Tail(1, "volatility", floor=0.1),)
_EVENTS = 10.0


@njit
def statistic(state, seen):
    """Logarithm of the mean size of the last residuals."""
    state.mean += (abs(seen.surprise) - state.mean) / min(_EVENTS, seen.n + 1.0)
    return math.log(state.mean + 1e-3)
