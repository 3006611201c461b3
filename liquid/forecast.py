"""Forecasts at any horizon from a copied row; readers never touch the live state."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from liquid import forecaster, intervals, kernel, row
from liquid import results as res
from liquid._jit import njit
from liquid.clocks import CLOCKS
from liquid.config import ModelConfig
from liquid.options import options_array

#: A fixed horizon this near the usual gap, as part of it, is as far ahead as the next event.
SAME: Final = 0.01


@njit
def _bracket(distances, distance):
    """The two buckets around a distance and the weight of the second, by log distance."""
    last = len(distances) - 1
    if distance <= distances[0]:
        return 0, 0, 0.0
    if distance >= distances[last]:
        return last, last, 0.0
    k = 0
    while distances[k + 1] < distance:
        k += 1
    return k, k + 1, math.log(distance / distances[k]) / math.log(distances[k + 1] / distances[k])


@njit
def _forecast(r, kinds, declared, distances, order, horizons, levels, work, mean, half):
    f = r.forecaster
    unit = max(r.clock.unit, 1e-9)
    for i in range(len(horizons)):
        distance = horizons[i] / unit
        spread = forecaster.look_ahead(f, r.rings, r.clock.cells, declared, distance, unit, work)
        forecaster.read_experts(f, kinds, declared, distance, unit, work)
        a, b, share = _bracket(distances, distance)
        m0, m1 = order[a], order[b]
        forecaster.mix(f, m0, work)
        mean[i] = (1.0 - share) * work.mixed
        intervals.fill(f, m0, declared, distance, unit, spread, False, work)
        scale0 = work.scale
        forecaster.mix(f, m1, work)
        mean[i] += share * work.mixed
        intervals.fill(f, m1, declared, distance, unit, spread, False, work)
        scale1 = work.scale
        for k in range(len(levels)):
            h0 = intervals.half_width(f, m0, levels[k], scale0)
            h1 = intervals.half_width(f, m1, levels[k], scale1)
            h = math.exp((1.0 - share) * math.log(h0) + share * math.log(h1))
            # beyond the outer buckets the width grows and shrinks like a random walk's
            if distance < distances[0]:
                h *= math.sqrt(distance / distances[0])
            elif distance > distances[-1]:
                h *= math.sqrt(distance / distances[-1])
            half[i, k] = h


def forecast_row(
    state: np.void,
    config: ModelConfig,
    horizons: Sequence[float],
    levels: Sequence[float] = res.LEVELS,
    options: np.void | None = None,
) -> dict[str, NDArray[np.float64]]:
    """Forecast a series from its row.

    Parameters
    ----------
    state : one row; it is copied, not written to.
    horizons : (k,) seconds ahead, >= 0. levels : (l,) interval levels, each in (0, 1).
    options : what is declared about the series (`Model.options`); None: nothing.

    Returns
    -------
    time : (k,) epoch seconds. mean : (k,). lower, upper : (k, l). All nan before the series' third event.

    Raises
    ------
    ValueError : a horizon that is negative or not finite, or a level outside (0, 1).
    """
    h = np.asarray(horizons, float).reshape(-1)
    p = np.asarray(levels, float).reshape(-1)
    if not (np.isfinite(h).all() and (h >= 0).all()):
        raise ValueError(f"horizons must be finite and not negative (seconds), not {list(horizons)}")
    if not ((p > 0) & (p < 1)).all():
        raise ValueError(f"levels must lie between 0 and 1, not {list(levels)}")
    declared = options_array(1)[0] if options is None else options
    copy = np.array([state])
    r = copy[0]
    mean = np.full(len(h), np.nan)
    half = np.full((len(h), len(p)), np.nan)
    if r["forecaster"]["seen"] > 0:
        unit = max(float(r["clock"]["unit"]), 1e-9)
        spacing = max(float(r["forecaster"]["spacing"]), 1e-3)
        # as far ahead as the next event, a fixed horizon comes first: what came with the event is said again
        distances = np.concatenate((np.array(config.horizons) / unit, [spacing]))
        work = np.zeros(1, row.WORK)
        kinds = np.array(config.kinds())
        step, centre = float(r["scale"]["step"]), float(r["scale"]["centre"])
        forecaster.declare(declared, centre, step, work[0]["forecaster"])
        order = np.argsort(distances, kind="stable")
        buckets = (order + 1) % len(order)
        if (np.abs(distances[:-1] / spacing - 1.0) < SAME).any():
            order, buckets = order[buckets > 0], buckets[buckets > 0]
        clocks = (declared, CLOCKS.table)
        _forecast(r, kinds, clocks, distances[order], buckets, h, p, work[0]["forecaster"], mean, half)
        mean = centre + mean * step
        half = half * (step if step > kernel.NOTHING else 0.0)
    lower, upper = mean[:, None] - half, mean[:, None] + half
    if declared["integer"]:
        lower, upper = np.floor(lower), np.ceil(upper)
    low, high = declared["minimum"], declared["maximum"]
    return {
        "time": float(r["clock"]["time"]) + h,
        "mean": np.clip(mean, low, high),
        "lower": np.clip(lower, low, high),
        "upper": np.clip(upper, low, high),
    }
