"""The season before: what the shape memory holds of the time a whole number of periods before a target."""

from __future__ import annotations

import math

import numpy as np

from liquid._jit import njit
from liquid.features.rings import STEPS


@njit
def value_at(rings, cells, age, otherwise):
    """The z that the finest level which reaches so far back holds of `age` >= 0 units before the newest event, on the
    straight line between the middles of its blocks; `otherwise` where none does."""
    levels, length = rings.code.shape
    for level in range(levels):
        size = 1 << level
        blocks = rings.blocks[level]
        x = max((age - (cells - blocks * size) - (size - 1) / 2.0) / size, 0.0)
        if x > min(length, blocks) - 1.0:
            continue
        k = math.floor(x)
        newer = rings.code[level, (blocks - 1 - k) % length]
        if x == k:
            return newer / STEPS
        older = rings.code[level, (blocks - 2 - k) % length]
        return (newer + (older - newer) * (x - k)) / STEPS
    return otherwise


@njit
def read(rings, cells, distance, period):
    """The value whole periods before the newest event and before the target `distance` units ahead, both as z.

    Parameters
    ----------
    rings : record. cells : grid cells so far. distance, period : units.

    Returns
    -------
    Both nan where the memory does not reach so far back, or there is no period (below two units).
    """
    if not period >= 2.0:
        return math.nan, math.nan
    back = period * max(np.ceil(distance / period - 1e-6), 1.0)
    now = value_at(rings, cells, back, math.nan)
    then = value_at(rings, cells, back - distance, math.nan)
    if not (math.isfinite(now) and math.isfinite(then)):
        return math.nan, math.nan
    return now, then
