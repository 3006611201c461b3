"""The sequential test that all kinds of drift share.

Every score, less its reference, is averaged with exponential weights over about 8, 32, 128 and 512 events (Roberts
1959; a geometric grid of windows is within a constant of the best window for every size of shift, Lai 1995). An
average's variance is the score's own, times what independent events would leave of it, times a factor for their
dependence. That factor is learned from the averages themselves, beginning with the expected one; without it, every
autocorrelated series would drift all the time. The statistic is the largest average over its line, so 1.0 is the line.

The nearer it is to the line, the less is learned: a reference and factors that take in a shift hide it.

When it is reached a drift begins, and the reference is learned anew. The drift ends when the new reference has seen
RELEARN events and nothing leaves it.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from liquid._jit import njit
from liquid.drift.base import FIRST, rate

WINDOWS: Final = (8, 32, 128, 512)  # as many as base.LINE
MOST: Final = 65_535
RELEARN: Final = 400  # events of a reference before it is tested against
OVER: Final = 0.5  # a drift is over when its statistic is below
_SCORE_LIMIT = 3.0  # deviations that one event may count for: two wild ones are not yet a drift
_LEAST_VARIANCE = 0.01
_TRUST = 0.125  # of the learned factor, per window that it has seen
_LEAST_FACTOR = 1.0
_SETTLED = 200  # events after which references move little enough for dependence to be learned
_MOST_RATIO = 4.0  # of a squared average to what is known of it, as it is learned
_CUT = 1.3  # over this, what that limit and the slower learning near the line leave of the mean square

_WINDOW = np.array(WINDOWS, float)
_NO_CHANGE: Final = 0
_BEGUN: Final = 1
_ENDED: Final = 2

#: When it began to show and when it last began or ended to be a drift (epoch s); statistic, largest one of the newest
#: drift; events of the reference, events ever, drifts so far (counted up to MOST); whether there is one now.
STATUS: Final = np.dtype(
    [
        ("onset", "f8"),
        ("changed", "f8"),
        ("statistic", "f4"),
        ("peak", "f4"),
        ("events", "u2"),
        ("ever", "u2"),
        ("drifts", "u2"),
        ("active", "u1"),
    ],
    align=True,
)


def test_dtype(scores: int, windows: int) -> np.dtype:
    """References, variances, and averages with the factors of their dependence, of so many scores over so many of
    WINDOWS: all four, or the second and the last."""
    grid = (scores, windows)
    return np.dtype(
        [("mean", "f4", (scores,)), ("variance", "f4", (scores,)), ("average", "f4", grid), ("factor", "f4", grid)],
        align=True,
    )


@njit
def observe(status, test, said, promised, sides, lines, time, spacing):
    """Take the scores of one event.

    Parameters
    ----------
    status : record of dtype STATUS. test : record of test_dtype. said : record of dtype SCORES.
    promised : (scores,) fixed references, nan: learned. sides : (scores,) 1: only averages above it count.
    lines : (scores, windows) deviations of an average.
    time : epoch seconds. spacing : usual seconds between events.

    Returns
    -------
    change : 0 none, 1 a drift has begun, 2 it has ended.
    """
    n = np.int64(status.events)
    ever = np.int64(status.ever)
    calm = 1.0 - min(status.statistic, 1.0) if n >= RELEARN else 1.0
    largest = 0.0
    at = 0
    for j in range(len(test.mean)):
        found = _score(test, j, said.score[j], said.correlation[j], promised[j], sides[j], lines[j], n, ever, calm)
        if found > largest:
            largest = found
            at = j
    status.events = min(n + 1, MOST)
    status.ever = min(ever + 1, MOST)
    if n < RELEARN:
        return _NO_CHANGE
    status.statistic = math.sqrt(largest)
    if status.statistic >= 1.0:
        change = _NO_CHANGE
        if not status.active:
            change = _BEGUN
            status.active = 1
            status.drifts = min(np.int64(status.drifts) + 1, MOST)
            status.onset = time - age(test, at) * spacing
            status.changed = time
            status.peak = 0.0
        status.peak = max(status.peak, status.statistic)
        status.events = 0
        test.average[:] = 0.0
        return change
    if status.active and status.statistic < OVER:
        status.active = 0
        status.changed = time
        return _ENDED
    return _NO_CHANGE


@njit
def _score(test, j, score, correlation, promised, side, line, n, ever, calm):
    """Take one score; the largest squared average over its squared line. calm : share of the usual rate of learning."""
    fixed = not math.isnan(promised)
    if fixed:
        test.mean[j] = promised
        test.variance[j] = promised * (1.0 - promised)
    variance = max(test.variance[j], _LEAST_VARIANCE)
    away = score - test.mean[j]
    if n >= FIRST and not fixed:
        limit = _SCORE_LIMIT * math.sqrt(variance)
        away = min(max(away, -limit), limit)
    largest = 0.0
    shorter = 0.0
    each = len(_WINDOW) // len(test.average[j])
    for k in range(len(test.average[j])):
        window = (k + 1) * each - 1
        a = 1.0 / _WINDOW[window]
        average = test.average[j, k] + a * (away - test.average[j, k])
        test.average[j, k] = average
        left = a / (2.0 - a)
        c = correlation * (1.0 - a)
        expected = max((1.0 + c) / (1.0 - c), shorter)
        trust = max(ever - _SETTLED, 0) * a * _TRUST
        factor = max((trust * test.factor[j, k] + expected) / (trust + 1.0), _LEAST_FACTOR)
        shorter = factor
        ratio = min(_CUT * average * average / (left * variance), _MOST_RATIO * factor)
        if n >= _SETTLED:
            test.factor[j, k] += calm * rate(ever - _SETTLED) * (ratio - test.factor[j, k])
        unsure = 0.0 if fixed else rate(n)  # about the variance of the reference itself
        bound = variance * factor * (left + unsure) * line[window] * line[window]
        if average > 0.0 or side == 0:
            largest = max(largest, average * average / bound)
    if not fixed:
        r = calm * rate(n)
        test.mean[j] += r * away
        test.variance[j] += r * (away * away - test.variance[j])
    return largest


@njit
def age(test, j):
    """Events since score j's shift, if it was a step: the age that its averages fit best.

    After a step of size d, the average over a window w is d (1 - exp(-age / w)); for every age of a grid the size is
    fitted by weighted least squares.
    """
    each = len(_WINDOW) // len(test.average[j])
    best = 0.0
    least = 1e300
    candidate = 2.0
    while candidate <= 2048.0:
        fit = 0.0
        squares = 0.0
        total = 0.0
        for k in range(len(test.average[j])):
            window = _WINDOW[(k + 1) * each - 1]
            w = 2.0 * window  # one over the variance of the average
            g = 1.0 - math.exp(-candidate / window)
            fit += w * g * test.average[j, k]
            squares += w * g * g
            total += w * test.average[j, k] * test.average[j, k]
        rest = total - fit * fit / squares
        if rest < least:
            least = rest
            best = candidate
        candidate *= 1.25
    return best
