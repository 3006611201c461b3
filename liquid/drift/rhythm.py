"""The rhythm of sampling: logarithms of the gaps, their level and their spread."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from liquid._jit import njit
from liquid.drift.base import BOUND, BOUND_SIZE, DEVIATION, FIRST, LINE, clip, rate

PROMISED: Final = (None, None)
SIDES: Final = (0, 0)
LINES: Final = (LINE, LINE)
_LEAST = 0.1  # spreads below are those of a clock: a tenth of the gap is the unit then
_FARTHEST = 5.0

#: Mean and mean absolute deviation of log(gap / s).
STATE: Final = np.dtype([("mean", "f4"), ("spread", "f4")], align=True)


@njit
def scores(state, seen, n, out):
    """Deviation of the log gap and its size. Times that stand still say nothing."""
    if not seen.gap > 0.0:
        return False
    log_gap = math.log(seen.gap)
    if n == 0:
        state.mean = log_gap
        state.spread = 0.0
    away = clip(log_gap - state.mean, _FARTHEST)
    u = away / (DEVIATION * max(state.spread, _LEAST))
    out.score[0] = clip(u, BOUND)
    out.score[1] = min(abs(u), BOUND_SIZE)
    if n > FIRST:
        away = clip(away, 6.0 * max(state.spread, _LEAST))
    r = rate(n)
    state.mean += r * away
    state.spread += r * (abs(away) - state.spread)
    return True
