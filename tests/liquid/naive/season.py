"""Twin of liquid.features.season."""

import math

import numpy as np

from liquid.features.rings import STEPS
from tests.liquid.naive.rings import Rings


def value_at(rings: Rings, age: float) -> float:
    """The z of the finest level that reaches `age` units back; nan where none does."""
    for level in rings.level:
        # the middle of the newest block lies (cells since) + (half a block) back
        back = max(0.0, (age - len(level.cells) - (level.size - 1) / 2) / level.size)
        if back <= len(level.codes) - 1:
            return float(np.interp(back, range(len(level.codes)), level.codes[::-1])) / STEPS
    return math.nan


def read(rings: Rings, distance: float, period: float) -> tuple[float, float]:
    if period < 2:
        return math.nan, math.nan
    back = period * max(1, math.ceil(distance / period - 1e-6))
    now, then = value_at(rings, back), value_at(rings, back - distance)
    return (math.nan, math.nan) if math.isnan(now + then) else (now, then)
