"""Twin of liquid.forecast: any horizon from the state of a series."""

import math

import numpy as np

from liquid.learning.conformal import MISS
from tests.liquid.naive.forecaster import Forecaster
from tests.liquid.naive.rings import Rings


def width(q80: float, q95: float, level: float) -> float:
    """A level's half width in scales: straight in -log(alpha) through 0, the 80 % and the 95 % level, and beyond."""
    x = -math.log(1 - level)
    x80, x95 = (-math.log(miss) for miss in MISS)
    if x <= x80:
        return q80 * x / x80
    return q80 + (q95 - q80) * (x - x80) / (x95 - x80)


def forecast(f: Forecaster, rings: Rings, distance: float, unit: float, level: float) -> tuple[float, float]:
    """Mean and half width (z) at a distance in units: between two buckets by log distance."""
    at = sorted([(max(f.spacing, 1e-3), 0)] + [(h / unit, m + 1) for m, h in enumerate(f.horizons)])
    log = [math.log(d) for d, _ in at]
    where = float(np.interp(math.log(max(distance, 1e-300)), log, range(len(at))))
    below = math.floor(where)
    above = min(below + 1, len(at) - 1)
    mean, log_half = 0.0, 0.0
    for share, k in ((1 - (where - below), below), (where - below, above)):
        view = f.forecast(rings, at[k][1], distance, unit, learning=False)
        half = max(width(*f.widths(at[k][1]), level), 1e-9) * view.scale
        mean += share * view.mixed
        log_half += share * math.log(half)
    outside = min(distance / at[0][0], 1.0) * max(distance / at[-1][0], 1.0)
    return mean, math.exp(log_half) * math.sqrt(outside)
