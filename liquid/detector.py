"""The detector of one series: statistics, their calibrated tails, habits and shape, combined into two numbers.

g = sqrt(sum (w_k A_k)^2) over all evidence A_k = -log10 p: the tails of the statistics in `liquid.anomaly.evidence`,
the habit contexts, and the levels of the shape memory. It is held against the line of the series and opens alerts.

The ranking evidence has the forecaster's errors (`liquid.anomaly.foresight`) in place of the tails, which fall silent
in a long anomaly: r = sqrt(habit^2 + shape^2 + (w miss)^2 + (w unrest)^2). It becomes the score. Whether somebody is
told of an alert depends on the same with flatline and gap, about which no forecast says anything, and with frequency.

Evidence for another frequency stands apart: what it says holds for all of the 64 events that it looks at, and in the
sum it would lift whatever else comes among them. Alone, and against the common line of a series of this age, it opens
alerts too.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from liquid._jit import njit
from liquid.anomaly import alerts, contexts, evidence, foresight, line, predictor, tails
from liquid.results import EVIDENCE
from liquid.tiers import TIERS, Tier

CONTEXT_WEIGHT: Final = 1.3
SHAPE_WEIGHT: Final = (1.0, 0.9, 0.8, 0.7, 0.6)
_SHAPE_OFFSET = 0.05
_SHAPE_TOGETHER = 24
_SHAPE_LONGEST = 48
#: Of the evidence for another frequency, in what ranks and tells.
FREQUENCY_WEIGHT: Final = 0.7

_KIND = np.array([kind for kind, _ in evidence.TAILS])
_SIDE = np.array([float(t.side) for _, t in evidence.TAILS])
_FLOOR = np.array([t.floor for _, t in evidence.TAILS])
_WEIGHT = np.array([t.weight for _, t in evidence.TAILS])
_TOGETHER = np.array([t.together for _, t in evidence.TAILS])
_LONGEST = np.array([t.longest for _, t in evidence.TAILS])
_GROUP = np.array([EVIDENCE.index(t.group) for _, t in evidence.TAILS])
#: Place of the calibrator of each tail, -1 where its kind judges.
_CALIBRATOR = np.cumsum([not t.judged for _, t in evidence.TAILS]) - 1
_CALIBRATOR[[t.judged for _, t in evidence.TAILS]] = -1
_CALIBRATORS = sum(not t.judged for _, t in evidence.TAILS)
_SURPRISE = EVIDENCE.index("surprise")
_VOLATILITY = EVIDENCE.index("volatility")
FREQUENCY: Final = EVIDENCE.index("frequency")
_FLATLINE = EVIDENCE.index("flatline")
_GAP = EVIDENCE.index("gap")
_HABIT = EVIDENCE.index("habit")
_SHAPE = EVIDENCE.index("shape")
_LEVEL_WEIGHT = np.array(SHAPE_WEIGHT)
_MOST = max(predictor.size(tier.means) for tier in TIERS.values())


def detector_dtype(tier: Tier) -> np.dtype:
    """State of the detector in the sizes of a tier."""
    return np.dtype(
        [
            ("predictor", predictor.predictor_dtype(tier.means)),
            ("evidence", evidence.STATE),
            ("tail", tails.TAIL, (_CALIBRATORS,)),
            ("shape", tails.TAIL, (tier.levels,)),
            ("shape_evidence", "f4", (tier.levels,)),
            ("habits", contexts.habits_dtype(tier.sizes, tier.hours)),
            ("foresight", foresight.STATE),
            ("line", line.STATE),
            ("episode", alerts.EPISODE),
        ],
        align=True,
    )


#: Work space of one thread.
WORK = np.dtype(
    [
        ("row", "f4", (_MOST,)),
        ("gain", "f4", (_MOST,)),
        ("seen", evidence.SEEN),
        ("statistic", "f8", (len(evidence.KINDS),)),
        ("habit", "f8", (contexts.CONTEXTS,)),
        ("group", "f8", (len(EVIDENCE),)),
        ("ranked", "f8", (len(EVIDENCE),)),
        ("frequency", "f8"),
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
def _look(d, time, value, gap, n, work):
    """Fill work.seen and work.statistic, then let the predictor learn the event."""
    p = d.predictor
    seen = work.seen
    seen.n = n
    seen.time = time
    seen.value = value
    seen.previous = p.value
    seen.gap = predictor.relative_gap(p, gap, n)
    seen.x = predictor.standardise(p, value, n)
    seen.previous_x = p.previous
    seen.surprise = predictor.residual(p, seen.x, time, n, work.row, work.gain)
    evidence.statistics(d.evidence, seen, work.statistic)
    predictor.learn(p, seen.x, value, seen.gap, n)


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
    n : events before this one. work : record of dtype WORK; its `group` gets the squared evidence by EVIDENCE group,
    its `frequency` the evidence for another frequency, which stands apart from these.

    Returns
    -------
    g : combined evidence, >= 0.
    """
    _look(d, time, value, gap, n, work)
    contexts.observe(d.habits, time, value, work.habit)
    group = work.group
    for k in range(len(group)):
        group[k] = 0.0
    total = 0.0
    work.frequency = 0.0
    for k in range(len(_KIND)):
        a = work.statistic[_KIND[k]] * _SIDE[k]
        if _CALIBRATOR[k] >= 0:
            a = tails.evidence(d.tail[_CALIBRATOR[k]], a, 1, _TOGETHER[k], _LONGEST[k], _FLOOR[k], False)
        a *= _WEIGHT[k]
        if _GROUP[k] == FREQUENCY:
            work.frequency = a
            continue
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


@njit
def rank(d, error, n, work):
    """The ranking evidence of the event that `observe` has just seen.

    Parameters
    ----------
    error : |value - expected| in deviations of the series, 0 where nothing was expected. n : events before this one.
    work : as `observe` left it; its `ranked` gets the squared ranking evidence by EVIDENCE group.

    Returns
    -------
    r : >= 0, without frequency, flatline and gap. strength : the same with them.
    """
    miss, unrest = foresight.observe(d.foresight, error, n)
    ranked = work.ranked
    ranked[_SURPRISE] = (foresight.MISS_WEIGHT * miss) ** 2
    ranked[_VOLATILITY] = (foresight.UNREST_WEIGHT * unrest) ** 2
    ranked[_HABIT] = work.group[_HABIT]
    ranked[_SHAPE] = work.group[_SHAPE]
    ranked[FREQUENCY] = (FREQUENCY_WEIGHT * work.frequency) ** 2
    ranked[_FLATLINE] = work.group[_FLATLINE]
    ranked[_GAP] = work.group[_GAP]
    total = ranked[_SURPRISE] + ranked[_VOLATILITY] + ranked[_HABIT] + ranked[_SHAPE]
    return math.sqrt(total), math.sqrt(total + ranked[FREQUENCY] + ranked[_FLATLINE] + ranked[_GAP])
