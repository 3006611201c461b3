"""Feedback of a target that is only known to lie between two values: the interval-censored error is shared out.

What is learned is the mean over the errors that are possible, by the distribution that the intervals promise themselves
(self-consistency, Efron 1967; Turnbull 1976): a level's miss becomes its probability, the size of the error its
expectation. Where the values lie so far apart that they say nothing, nothing moves.
"""

from __future__ import annotations

import math

import numpy as np

from liquid._jit import njit
from liquid.learning import conformal

_AFTER = 10.0  # feedbacks, from which on there is a distribution to share out by
_APART = 0.05  # scales between the quantiles of two levels, at least
_FARTHEST = 30.0  # scales
_LEAST = 1e-6  # probability of the range below which only its nearer end counts
_LOG_MISS = np.log(np.array(conformal.MISS))


@njit
def beyond(c, u):
    """Probability of an error of more than u >= 0 scales: its logarithm is straight between the levels, and on."""
    at0 = 0.0
    q0 = 0.0
    for k in range(conformal.LEVELS):
        q = max(conformal.quantile(c, k), q0 + _APART)
        slope = (_LOG_MISS[k] - at0) / (q - q0)
        if u < q or k == conformal.LEVELS - 1:
            return math.exp(at0 + slope * (u - q0))
        at0 = _LOG_MISS[k]
        q0 = q
    return 0.0


@njit
def _between(c, low, high):
    """Probability of an error between low and high scales."""
    below = 1.0 - 0.5 * beyond(c, high) if high >= 0.0 else 0.5 * beyond(c, -high)
    return max(below - (1.0 - 0.5 * beyond(c, low) if low >= 0.0 else 0.5 * beyond(c, -low)), 0.0)


@njit
def _moment(x):
    """Integral of t exp(-t) / 2 from 0 to x >= 0."""
    return 0.5 * (1.0 - (x + 1.0) * math.exp(-x))


@njit
def expected(low, high):
    """Mean of |t| where low <= t <= high, t of Laplace's law of scale 1."""
    if low < 0.0 < high:
        p = 1.0 - 0.5 * math.exp(low) - 0.5 * math.exp(-high)
        moment = _moment(-low) + _moment(high)
    else:
        a = min(abs(low), abs(high))
        b = max(abs(low), abs(high))
        p = 0.5 * (math.exp(-a) - math.exp(-b))
        moment = _moment(b) - _moment(a)
    return moment / p if p > _LEAST else nearest(low, high)


@njit
def nearest(low, high):
    """The least |t| where low <= t <= high."""
    return max(low, 0.0) + max(-high, 0.0)


@njit
def learn(c, low, high, whole, scale, widening, x, pending, pace):
    """Feedback for a forecast whose error lies between low and high (z, signed).

    Parameters
    ----------
    whole : how much further than its half width an interval reaches (z). The others: see `conformal.learn`.
    """
    if c.feedbacks <= _AFTER:
        return
    s = max(scale, 1e-9)
    a = min(max(low / s, -_FARTHEST), _FARTHEST)
    b = min(max(high / s, -_FARTHEST), _FARTHEST)
    c.feedbacks = min(c.feedbacks + 1.0, 1e6)
    p = _between(c, a, b)
    part = pace * conformal.damping(pending)
    for k in range(conformal.LEVELS):
        h = min(conformal.own_quantile(c, k) + whole / s, _FARTHEST)
        if p > _LEAST:
            miss = 1.0 - _between(c, min(max(a, -h), h), min(max(b, -h), h)) / p
        else:
            miss = 1.0 if nearest(a, b) > h else 0.0
        conformal.move(c, k, min(max(miss, 0.0), 1.0), part)
    conformal.learn_scale(c, min(expected(a, b), 5.0) * s, scale, widening, x, pending)
