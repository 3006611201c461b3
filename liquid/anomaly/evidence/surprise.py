"""A value far from what the last values and the calendar made likely."""

from __future__ import annotations

import numpy as np

from liquid._jit import njit
from liquid.anomaly.evidence.base import Tail

STATE = np.dtype([("unused", "u1")])
TAILS = (Tail(1, "surprise"), Tail(-1, "surprise"))


@njit
def statistic(state, seen):
    """The predictor's residual, in deviations of the series."""
    return seen.surprise
