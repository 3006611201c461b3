"""A level that has moved for about thirty events."""

from __future__ import annotations

import numpy as np

from liquid._jit import njit
from liquid.anomaly.evidence.base import Tail

STATE = np.dtype([("mean", "f4")], align=True)
TAILS = (Tail(1, "level"), Tail(-1, "level"))
_EVENTS = 30.0


@njit
def statistic(state, seen):
    """Mean of the last standardised values."""
    state.mean += (seen.x - state.mean) / min(_EVENTS, seen.n + 1.0)
    return state.mean
