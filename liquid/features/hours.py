"""How hard the hours of the day are to forecast: the mean logarithm of the next event's error, in usual errors."""

from __future__ import annotations

import math

import numpy as np

from liquid._jit import njit
from liquid.features import phase

_RATE = 0.05

#: size: mean log(error / usual error). visits saturate at 255.
HOURS = np.dtype([("size", "f4", (phase.HOURS,)), ("visits", "u1", (phase.HOURS,))], align=True)


@njit
def learn(table, hour, ratio):
    """Move the hour's size towards log(ratio), clipped to 1/50..50, by max(1/visits, rate)."""
    n = table.visits[hour]
    target = math.log(min(max(ratio, 0.02), 50.0))
    table.size[hour] += max(1.0 / (n + 1.0), _RATE) * (target - table.size[hour])
    if n < 255:
        table.visits[hour] = n + 1
