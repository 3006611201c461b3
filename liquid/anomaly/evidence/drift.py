"""Residuals that lean to one side for about ten events."""

from __future__ import annotations

import numpy as np

from liquid._jit import njit
from liquid.anomaly.evidence.base import Tail

STATE = np.dtype([("mean", "f4")], align=True)
TAILS = (Tail(1, "trend"), Tail(-1, "trend"))
_EVENTS = 10.0


@njit
def statistic(state, seen):
    """Mean of the last residuals."""
    state.mean += (seen.surprise - state.mean) / min(_EVENTS, seen.n + 1.0)
    return state.mean
