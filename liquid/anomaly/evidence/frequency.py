"""Another order of the values: faster or slower than ever, their cycle or their persistence lost.

The distribution of the values may stay what it was, so what is looked at is how they follow each other. Three numbers
of each event:

- its step from the value before over the usual step at a gap of this length (as in von Neumann's ratio, by gaps because
  times are irregular);
- whether the predictor's residual has the sign of the one before (the runs of Wald & Wolfowitz 1940): a predictor that
  has learned how the series moves leaves none;
- the size of the residual over the usual one.

Their means over about 64 events, the first and third as logarithms, are standardised by their own medians and mean
deviations; the statistic is the sum of squares, which has the exponential tail that calibrators suppose.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from liquid._jit import njit
from liquid.anomaly.evidence.base import Tail

#: Upper ends of the ranges of gaps that have a usual step of their own, in usual gaps; beyond the last is one more.
GAPS: Final = (0.7, 1.4, 2.8)
MEANS: Final = 3

#: Usual steps and how often each was learned, usual size of the residual, means of the three numbers, their medians and
#: mean deviations; sign of the residual before.
STATE = np.dtype(
    [
        ("step", "f4", (len(GAPS) + 1,)),
        ("size", "f4"),
        ("mean", "f4", (MEANS,)),
        ("median", "f4", (MEANS,)),
        ("spread", "f4", (MEANS,)),
        ("count", "u2", (len(GAPS) + 1,)),
        ("sign", "i1"),
    ],
    align=True,
)
TAILS = (Tail(1, "frequency", floor=1.0, weight=1.15, together=64, longest=192),)

_EVENTS = 64.0
_FIRST = 400  # means of so few events are larger than any later, and would be the peaks that those are held against
_MANY = 500
_LIMIT = 8.0
_LARGEST = 30.0  # a step or size, in usual ones
_NOTHING = 1e-3  # a step or residual, in deviations of the series: less may be rounding
_TINY = 0.05  # added to a mean before its logarithm is taken
_STILL = 0.02  # a mean step below, in usual ones: what does not move has no frequency, and may be a flatline
_FLOOR = 0.1
_RATE = 0.001
_DEVIATION = 1.25  # deviation over mean deviation of a normal distribution


@njit
def _relative(new, usual, known):
    return min(new / (usual + _NOTHING), _LARGEST) if known else 1.0


@njit
def _follow(usual, new, count):
    """The usual size after a new one, whose influence is bounded once there were 20."""
    most = 4.0 * usual + 1e-6 if count >= 20 else new
    return usual + (min(new, most) - usual) / min(count + 1.0, _MANY)


@njit
def statistic(state, seen):
    """Squared distance of the three means from what is usual; 0 for the first events and where nothing moves."""
    x = min(max(seen.x, -_LIMIT), _LIMIT)
    residual = min(max(seen.surprise, -_LIMIT), _LIMIT)
    step, size = abs(x - seen.previous_x), abs(residual)
    k = 0
    while k < len(GAPS) and seen.gap > GAPS[k]:
        k += 1
    sign = 0
    if size > _NOTHING:
        sign = 1 if residual > 0.0 else -1
    now = (
        _relative(step, state.step[k], state.count[k] > 5),
        float(sign * state.sign),
        _relative(size, state.size, seen.n > 5),
    )
    state.step[k] = _follow(state.step[k], step, state.count[k])
    if state.count[k] < _MANY:
        state.count[k] += 1
    state.size = _follow(state.size, size, seen.n)
    state.sign = sign
    total = 0.0
    for j in range(MEANS):
        state.mean[j] += (now[j] - state.mean[j]) / min(_EVENTS, seen.n + 1.0)
        z = state.mean[j] if j == 1 else math.log(state.mean[j] + _TINY)
        if seen.n == 0:
            state.median[j] = z
        d = z - state.median[j]
        spread = float(state.spread[j])
        off = d / (_DEVIATION * spread + _FLOOR)
        total += off * off
        rate = max(1.0 / (seen.n + 1.0), _RATE)
        state.spread[j] += rate * (min(abs(d), 5.0 * spread + _FLOOR) - spread)
        most = 2.0 * state.spread[j] + _FLOOR
        state.median[j] += rate * min(max(d, -most), most)
    return total if seen.n >= _FIRST and state.mean[0] > _STILL else 0.0
