"""Analog forecasts: what followed the past windows that resemble the newest one, read at any horizon."""

from __future__ import annotations

import math

from liquid._jit import njit
from liquid.features.rings import SPREAD, STEPS, floor_log2, ready

#: Offsets of the ring level from the level whose block is one horizon long; the first one also gives the spread.
DETAILS = (1, 3, -1)


@njit
def level_for(rings, distance, detail):
    """The ring level to read at `distance` units ahead; -1 while none is ready."""
    level = floor_log2(max(distance, 1.0)) - detail
    level = min(max(level, 0), len(rings.distance) - 1)
    while level > 0 and not ready(rings, level):
        level -= 1
    return level if ready(rings, level) else -1


@njit
def _at(curve, x, last):
    if x <= 0.0:
        return curve[0]
    if x >= last:
        return curve[last]
    k = math.floor(x)
    a = x - k
    return (1.0 - a) * curve[k] + a * curve[k + 1]


@njit
def read(rings, cells, distance, detail, z0):
    """The analog's value now and at `distance`, both as z, and the spread of the analogs there.

    Parameters
    ----------
    rings : record. cells : grid cells so far. distance : units ahead, >= 0. detail : one of DETAILS.
    z0 : returned for both while no level is ready.

    Returns
    -------
    now, then, spread : spread is 0 while no level is ready.
    """
    level = level_for(rings, distance, detail)
    if level < 0:
        return z0, z0, 0.0
    size = 1 << level
    since = cells - rings.blocks[level] * size
    x0 = (since + (size - 1) / 2.0) / size
    x = x0 + min(distance / size, 1e6)
    curve = rings.curve[level]
    now = _at(curve, x0, len(curve) - 1) / STEPS
    then = _at(curve, x, len(curve) - 1) / STEPS
    return now, then, _at(rings.spread[level], x, SPREAD - 1) / STEPS
