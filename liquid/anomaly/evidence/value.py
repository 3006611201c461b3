"""A value far from the series' mean."""

from __future__ import annotations

import numpy as np

from liquid._jit import njit
from liquid.anomaly.evidence.base import Tail

STATE = np.dtype([("unused", "u1")])
TAILS = (Tail(1, "level"), Tail(-1, "level"))


@njit
def statistic(state, seen):
    """The standardised value."""
    return seen.x
