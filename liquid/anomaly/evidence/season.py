"""A level that has moved away from the usual one of the hour of day."""

from __future__ import annotations

import numpy as np

from liquid._jit import njit
from liquid.anomaly.evidence.base import Tail
from liquid.features import phase

STATE = np.dtype([("mean", "f4"), ("profile", "f4", (phase.HOURS,)), ("count", "u1", (phase.HOURS,))], align=True)
TAILS = (Tail(1, "season"), Tail(-1, "season"))
_EVENTS = 30.0
_RATE = 0.03
_LIMIT = 8.0
_STEP = 3.0


@njit
def statistic(state, seen):
    """Mean of the last values' distances from their hour's profile."""
    hour = phase.hour_of_day(seen.time)
    state.mean += (seen.x - state.profile[hour] - state.mean) / min(_EVENTS, seen.n + 1.0)
    if state.count[hour] < 255:
        state.count[hour] += 1
    d = min(max(seen.x, -_LIMIT), _LIMIT) - state.profile[hour]
    state.profile[hour] += max(1.0 / state.count[hour], _RATE) * min(max(d, -_STEP), _STEP)
    return state.mean
