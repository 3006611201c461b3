"""Twin of liquid.forecast: any horizon from the state of a series."""

import math

import numpy as np

from liquid.forecast import SAME
from liquid.learning.conformal import MISS
from tests.liquid.naive.forecaster import Forecaster
from tests.liquid.naive.rings import Rings


def width(quantiles: np.ndarray, level: float) -> float:
    """A level's half width in scales: straight in -log(alpha) from 0 through the learned levels, and on beyond."""
    x = -math.log(1 - level)
    at = np.append(0.0, -np.log(MISS))
    q = np.append(0.0, quantiles)
    if x <= at[-1]:
        return float(np.interp(x, at, q))
    return q[-1] + (q[-1] - q[-2]) * (x - at[-1]) / (at[-1] - at[-2])


def forecast(f: Forecaster, rings: Rings, distance: float, unit: float, level: float) -> tuple[float, float]:
    """Mean and half width (z) at a distance in units: between two buckets by log distance."""
    spacing = max(f.spacing, 1e-3)
    at = [(h / unit, m + 1) for m, h in enumerate(f.horizons)]
    if all(abs(d / spacing - 1) >= SAME for d, _ in at):
        at.append((spacing, 0))
    at.sort()
    log = [math.log(d) for d, _ in at]
    where = float(np.interp(math.log(max(distance, 1e-300)), log, range(len(at))))
    below = math.floor(where)
    above = min(below + 1, len(at) - 1)
    mean, log_half = 0.0, 0.0
    for share, k in ((1 - (where - below), below), (where - below, above)):
        view = f.forecast(rings, at[k][1], distance, unit, learning=False)
        half = max(width(f.bucket[at[k][1]].conformal.quantiles(), level), 1e-9) * view.scale
        mean += share * view.mixed
        log_half += share * math.log(half)
    outside = min(distance / at[0][0], 1.0) * max(distance / at[-1][0], 1.0)
    return mean, math.exp(log_half) * math.sqrt(outside)
