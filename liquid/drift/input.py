"""The distribution of the values: where they lie, how wide, and how far they are from what the last one led to expect.

Values are standardised by a slow mean and mean absolute deviation, freed from the usual course of day and week, and
once more from what the previous value explains. Both are tested: an autocorrelated series betrays a new level by
values that it hardly ever has, a new noise by its innovations.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from liquid._jit import njit
from liquid.drift.base import BOUND, BOUND_SIZE, DEVIATION, FIRST, LINE, clip, rate
from liquid.features import phase

WAVES: Final = 8  # sine and cosine of the day, its half and its third, and of the week
PROMISED: Final = (None, None, None, None)
SIDES: Final = (0, 0, 0, 0)
_HIGH: Final = tuple(1.12 * x for x in LINE)  # where neighbours are most alike
LINES: Final = (_HIGH, _HIGH, LINE, LINE)
_LARGEST = 6.0

#: mean, mean absolute deviation (in the values' unit); waves; moments of deviations: products with the previous one,
#: squares; the previous deviation.
STATE: Final = np.dtype(
    [
        ("mean", "f8"),
        ("spread", "f8"),
        ("wave", "f4", (WAVES,)),
        ("product", "f4"),
        ("square", "f4"),
        ("previous", "f4"),
    ],
    align=True,
)


@njit
def _wave(state, k, time):
    """Wave k of WAVES at a time."""
    if k < 6:
        angle = phase.angle(time, phase.DAY) * (k // 2 + 1)
    else:
        angle = phase.angle(time, phase.WEEK)
    return math.sin(angle) if k % 2 == 0 else math.cos(angle)


@njit
def scores(state, seen, n, out):
    """Deviation, its size, innovation, its size."""
    if n == 0:
        state.mean = seen.value
        state.spread = 0.0
    r = rate(n)
    scale = max(DEVIATION * state.spread, 1e-12 * abs(state.mean) + 1e-280)
    course = 0.0
    for k in range(WAVES):
        course += state.wave[k] * _wave(state, k, seen.day_time)
    deviation = clip((seen.value - state.mean) / scale - course, 1e6)
    correlation = clip(state.product / max(state.square, 1e-9), 0.98) if n > FIRST else 0.0
    innovation = deviation - correlation * state.previous
    u = innovation / math.sqrt(1.0 - correlation * correlation)
    out.score[0] = clip(deviation, BOUND)
    out.score[1] = min(abs(deviation), BOUND_SIZE)
    out.score[2] = clip(2.0 * u, 1.0)  # nearly its sign: skewed where the mean is not
    out.score[3] = min(abs(u), BOUND_SIZE)
    out.correlation[0] = correlation
    out.correlation[1] = correlation * correlation
    _learn(state, seen, n, r, scale, course, deviation)
    return True


@njit
def _learn(state, seen, n, r, scale, course, deviation):
    d = clip(deviation, _LARGEST)
    if n >= FIRST:
        later = rate(n - FIRST)
        state.product += later * (d * state.previous - state.product)
        state.square += later * (state.previous * state.previous - state.square)
        for k in range(WAVES):
            # less than a whole period is no period yet
            step = min(r, seen.gap / (phase.DAY if k < 6 else phase.WEEK), 1.0 / FIRST)
            state.wave[k] = clip(state.wave[k] + 2.0 * step * d * _wave(state, k, seen.day_time), 100.0)
    away = seen.value - state.mean - course * scale
    limit = _LARGEST * scale if n > FIRST else 1e300
    state.mean += r * clip(away, limit)
    state.spread += r * (min(abs(away), limit) - state.spread)
    state.previous = d
