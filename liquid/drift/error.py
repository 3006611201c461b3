"""The next event's forecast error: its size in usual sizes, and whether it leans to one side."""

from __future__ import annotations

from typing import Final

import numpy as np

from liquid._jit import njit
from liquid.drift.base import BOUND_SIZE, FIRST, LINE, clip, rate

PROMISED: Final = (None, None)
SIDES: Final = (1, 0)  # a forecaster that becomes better is no drift
LINES: Final = (LINE, tuple(1.15 * x for x in LINE))

#: Mean |error| in the values' unit.
STATE: Final = np.dtype([("size", "f8")], align=True)


@njit
def scores(state, seen, n, out):
    """|error| and error in usual sizes."""
    if not seen.forecast:
        return False
    size = abs(seen.error)
    if n == 0:
        state.size = size
    usual = max(state.size, 1e-12 * abs(seen.value) + 1e-280)
    u = clip(seen.error / usual, 1e6)
    out.score[0] = min(abs(u), BOUND_SIZE)
    out.score[1] = clip(u, BOUND_SIZE)
    if n > FIRST:
        size = min(size, 5.0 * usual)
    state.size += rate(n) * (size - state.size)
    return True
