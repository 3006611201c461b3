"""Bernstein online aggregation of experts (Wintenberger 2017, arXiv:1404.1356), second order, without tuning.

Losses are linearised (the gradient trick): Huber's loss with its corner at a part of the mixture's running error, so
nearly the absolute error, and no outlier can decide. Weights: w_k proportional to eta_k exp(eta_k R_k).
"""

from __future__ import annotations

import math

import numpy as np

from liquid._jit import njit

_CORNER = 0.3  # of Huber's loss, in running root mean squared errors


def mixture_dtype(experts: int) -> np.dtype:
    """regret R, its square sum, largest loss per expert; the mixture's running squared error; feedbacks; weights."""
    return np.dtype(
        [
            ("regret", "f4", (experts,)),
            ("squares", "f4", (experts,)),
            ("largest", "f4", (experts,)),
            ("weight", "f4", (experts,)),
            ("error", "f4"),
            ("feedbacks", "f4"),
        ],
        align=True,
    )


@njit
def start(mixture):
    """Equal weights."""
    for k in range(len(mixture.weight)):
        mixture.weight[k] = 1.0 / len(mixture.weight)
    mixture.error = 1e-3


@njit
def recode(mixture, factor):
    """The unit of the values changed by `factor`."""
    mixture.error = min(max(mixture.error * factor * factor, 1e-9), 1e12)


@njit
def blend(mixture, experts):
    """The weighted mean of the experts' values."""
    v = 0.0
    for k in range(len(experts)):
        v += mixture.weight[k] * experts[k]
    return v


@njit
def _eta(largest, squares, experts):
    return min(1.0 / (2.0 * largest + 1e-12), math.sqrt(math.log(experts) / (squares + 1e-12)))


@njit
def learn(mixture, experts, mixed, target):
    """Feedback for one forecast.

    Parameters
    ----------
    experts : (K,) the experts' values at the origin. mixed : what the mixture said there. target : what came (z).
    """
    count = len(experts)
    e = mixed - target
    mixture.feedbacks = min(mixture.feedbacks + 1.0, 1e6)
    c = mixture.feedbacks
    a = max(1.0 / c, 0.005)
    square = min(e * e, 25.0 * mixture.error + 1e-12) if c > 20.0 else min(e * e, 1e12)
    mixture.error = max(mixture.error + a * (square - mixture.error), 1e-9)
    corner = _CORNER * math.sqrt(mixture.error)
    gradient = min(max(e, -corner), corner) / _CORNER
    top = -1e300
    for k in range(count):
        r = -2.0 * gradient * (experts[k] - mixed) / mixture.error
        r = min(max(r, -20.0), 20.0)
        mixture.squares[k] += r * r
        mixture.largest[k] = max(mixture.largest[k], abs(r))
        eta = _eta(mixture.largest[k], mixture.squares[k], count)
        mixture.regret[k] += r - eta * r * r
        top = max(top, eta * mixture.regret[k] + math.log(eta + 1e-12))
    total = 0.0
    for k in range(count):
        eta = _eta(mixture.largest[k], mixture.squares[k], count)
        v = math.exp(eta * mixture.regret[k] + math.log(eta + 1e-12) - top)
        mixture.weight[k] = v
        total += v
    for k in range(count):
        mixture.weight[k] /= total
