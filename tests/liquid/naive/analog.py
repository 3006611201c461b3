"""Twin of liquid.features.analog."""

import math
from typing import NamedTuple

import numpy as np

from liquid.features.rings import STEPS
from tests.liquid.naive.rings import Level, Rings


class Analog(NamedTuple):
    now: float
    then: float
    spread: float


def level_for(rings: Rings, distance: float, detail: int) -> Level | None:
    """The level whose block is 2**-detail of the distance, or the next finer one that has been searched."""
    at = math.floor(math.log2(max(distance, 1.0)) + 1e-9) - detail
    at = max(0, min(at, len(rings.level) - 1))
    return next((rings.level[k] for k in range(at, -1, -1) if rings.level[k].ready), None)


def read(rings: Rings, distance: float, detail: int, z: float) -> Analog:
    level = level_for(rings, distance, detail)
    if level is None:
        return Analog(z, z, 0.0)
    # the newest block's centre lies (cells since) + (half a block) back; curve[k] is k blocks after it
    now = (len(level.cells) + (level.size - 1) / 2) / level.size
    then = now + min(distance / level.size, 1e6)
    blocks = np.arange(len(level.curve))
    return Analog(
        float(np.interp(now, blocks, level.curve)) / STEPS,
        float(np.interp(then, blocks, level.curve)) / STEPS,
        float(np.interp(then, blocks[: len(level.spread)], level.spread)) / STEPS,
    )
