"""The detector of one series: statistics, their calibrated tails, habits and shape, combined into one number.

g = sqrt(sum (w_k A_k)^2) over all evidence A_k = -log10 p. Each line of the table below is one kind of evidence; adding
one means a statistic in `_statistics` and a line here.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np

from liquid._jit import njit
from liquid.anomaly import alerts, contexts, predictor, tails
from liquid.results import EVIDENCE


class Tail(NamedTuple):
    """One tail of one statistic: side +1 upper, -1 lower; floor of its scale; weight; group of EVIDENCE."""

    statistic: int
    side: float
    floor: float
    weight: float
    group: str


VALUE, SURPRISE, DRIFT, LEVEL, SEASON, NOISE, ROUGHNESS, FLAT, GAP = range(9)
STATISTICS: Final = 9

TAILS: Final = (
    Tail(VALUE, 1, 0.0, 1.0, "level"),
    Tail(VALUE, -1, 0.0, 1.0, "level"),
    Tail(SURPRISE, 1, 0.0, 1.0, "surprise"),
    Tail(SURPRISE, -1, 0.0, 1.0, "surprise"),
    Tail(DRIFT, 1, 0.0, 1.0, "trend"),
    Tail(DRIFT, -1, 0.0, 1.0, "trend"),
    Tail(LEVEL, 1, 0.0, 1.0, "level"),
    Tail(LEVEL, -1, 0.0, 1.0, "level"),
    Tail(SEASON, 1, 0.0, 1.0, "season"),
    Tail(SEASON, -1, 0.0, 1.0, "season"),
    Tail(NOISE, 1, 0.1, 1.0, "volatility"),
    Tail(ROUGHNESS, 1, 0.1, 1.0, "volatility"),
    Tail(FLAT, 1, 0.5, 1.5, "flatline"),
    Tail(GAP, 1, 0.5, 1.5, "gap"),
)
CONTEXT_WEIGHT: Final = 1.3
SHAPE_WEIGHT: Final = (1.0, 0.9, 0.8, 0.7, 0.6)
_SHAPE_OFFSET = 0.05
_SHAPE_TOGETHER = 24
_SHAPE_LONGEST = 48
_TOGETHER = 10
_LONGEST = 30

_STATISTIC = np.array([t.statistic for t in TAILS])
_SIDE = np.array([float(t.side) for t in TAILS])
_FLOOR = np.array([t.floor for t in TAILS])
_WEIGHT = np.array([t.weight for t in TAILS])
_GROUP = np.array([EVIDENCE.index(t.group) for t in TAILS])
_HABIT = EVIDENCE.index("habit")
_SHAPE = EVIDENCE.index("shape")
_LEVEL_WEIGHT = np.array(SHAPE_WEIGHT)


def detector_dtype(levels: int) -> np.dtype:
    """State of the detector over `levels` levels of the shape memory."""
    return np.dtype(
        [
            ("predictor", predictor.PREDICTOR),
            ("drift", "f4"),
            ("level", "f4"),
            ("season", "f4"),
            ("noise", "f4"),
            ("rough", "f4"),
            ("flat", "i4"),
            ("profile", "f4", (24,)),
            ("profile_count", "u1", (24,)),
            ("tail", tails.TAIL, (len(TAILS),)),
            ("shape", tails.TAIL, (levels,)),
            ("shape_evidence", "f4", (levels,)),
            ("habits", contexts.HABITS),
            ("episode", alerts.EPISODE),
        ],
        align=True,
    )


#: Work space of one thread.
WORK = np.dtype(
    [
        ("row", "f4", (predictor.SIZE,)),
        ("gain", "f4", (predictor.SIZE,)),
        ("statistic", "f8", (STATISTICS,)),
        ("habit", "f8", (contexts.CONTEXTS,)),
        ("group", "f8", (len(EVIDENCE),)),
        ("direction", "f8"),
    ],
    align=True,
)


@njit
def start(d):
    """A fresh series."""
    predictor.start(d.predictor)
    for k in range(len(d.tail)):
        tails.start(d.tail[k])
    for k in range(len(d.shape)):
        tails.start(d.shape[k])


@njit
def _statistics(d, time, value, gap, n, work):
    """Fill work.statistic; everything in it but the running means is from before this event."""
    p = d.predictor
    s = work.statistic
    relative = predictor.relative_gap(p, gap, n)
    x = predictor.standardise(p, value, n)
    previous = float(p.previous)
    e = predictor.residual(p, x, time, n, work.row, work.gain)
    n1 = n + 1.0
    d.drift += (e - d.drift) / min(10.0, n1)
    d.level += (x - d.level) / min(30.0, n1)
    d.noise += (abs(e) - d.noise) / min(10.0, n1)
    d.rough += (abs(x - previous) - d.rough) / min(10.0, n1)
    hour = int((time % 86400.0) / 3600.0) % 24
    off = x - d.profile[hour]
    d.season += (off - d.season) / min(30.0, n1)
    if d.profile_count[hour] < 255:
        d.profile_count[hour] += 1
    clipped = min(max(x, -predictor.LIMIT), predictor.LIMIT)
    rate = max(1.0 / d.profile_count[hour], 0.03)
    d.profile[hour] += rate * min(max(clipped - d.profile[hour], -3.0), 3.0)
    if n > 0 and abs(value - p.value) <= 1e-12 * abs(value):
        d.flat = min(d.flat + 1, 1_000_000_000)
    else:
        d.flat = 0
    s[VALUE] = x
    s[SURPRISE] = e
    s[DRIFT] = d.drift
    s[LEVEL] = d.level
    s[SEASON] = d.season
    s[NOISE] = math.log(d.noise + 1e-3)
    s[ROUGHNESS] = math.log(d.rough + 1e-3)
    s[FLAT] = math.log(1.0 + d.flat)
    s[GAP] = math.log(min(max(relative, 1e-3), 1e12))
    work.direction = e
    predictor.learn(p, x, value, relative, n)


@njit
def shape(d, rings, level):
    """Evidence of one level of the shape memory, when its distance is new."""
    z = math.log(rings.distance[level] + _SHAPE_OFFSET)
    d.shape_evidence[level] = tails.evidence(d.shape[level], z, 1 << level, _SHAPE_TOGETHER, _SHAPE_LONGEST, 0.0, True)


@njit
def observe(d, time, value, gap, n, work):
    """Evidence of one event from everything that was seen before it.

    Parameters
    ----------
    d : record of detector_dtype. time, value : of the event. gap : seconds since the previous one.
    n : events before this one. work : record of dtype WORK; its `group` gets the squared evidence by EVIDENCE group.

    Returns
    -------
    g : combined evidence, >= 0.
    """
    _statistics(d, time, value, gap, n, work)
    contexts.observe(d.habits, time, value, work.habit)
    group = work.group
    for k in range(len(group)):
        group[k] = 0.0
    total = 0.0
    for k in range(len(d.tail)):
        z = work.statistic[_STATISTIC[k]] * _SIDE[k]
        a = tails.evidence(d.tail[k], z, 1, _TOGETHER, _LONGEST, _FLOOR[k], False) * _WEIGHT[k]
        group[_GROUP[k]] += a * a
        total += a * a
    for k in range(contexts.CONTEXTS):
        a = work.habit[k] * CONTEXT_WEIGHT
        group[_HABIT] += a * a
        total += a * a
    for k in range(len(d.shape)):
        a = d.shape_evidence[k] * _LEVEL_WEIGHT[k]
        group[_SHAPE] += a * a
        total += a * a
    return math.sqrt(total)
