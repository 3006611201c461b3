"""How hard the hours of the day are to forecast: the mean logarithm of the next event's error, in usual errors."""

from __future__ import annotations

import math

import numpy as np

from liquid._jit import njit
from liquid.features import phase

_RATE = 0.05

#: size: mean log(error / usual error).
HOURS = np.dtype([("size", "f4", (phase.HOURS,))], align=True)


@njit
def learn(table, hour, ratio, events):
    """Move the hour's size towards log(ratio), clipped to 1/50..50. events : seen so far of all hours, which are taken
    to have had their share."""
    target = math.log(min(max(ratio, 0.02), 50.0))
    table.size[hour] += max(1.0 / (1.0 + events / phase.HOURS), _RATE) * (target - table.size[hour])
