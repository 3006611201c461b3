"""Misses of the 80 % and of the 95 % interval of the next event, against what was promised."""

from __future__ import annotations

from typing import Final

import numpy as np

from liquid._jit import njit
from liquid.drift.base import LINE
from liquid.learning.conformal import MISS

PROMISED: Final = MISS[1:]
SIDES: Final = (0, 0)
LINES: Final = (LINE, (8.5, 6.2, 4.2, 3.0))  # few misses of 5 % make no normal average

STATE: Final = np.dtype([("unused", "u1")])


@njit
def scores(state, seen, n, out):
    """1 for a miss."""
    if not seen.forecast:
        return False
    out.score[0] = float(seen.missed80)
    out.score[1] = float(seen.missed95)
    return True
