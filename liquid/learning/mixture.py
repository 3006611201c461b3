"""Bernstein online aggregation of experts (Wintenberger 2017, arXiv:1404.1356), second order, without tuning.

Losses are linearised (the gradient trick): Huber's loss with its corner at a part of the mixture's running error, so
nearly the absolute error, and no outlier can decide. Weights: w_k proportional to prior_k eta_k exp(eta_k R_k).

What it says is believed as far as its recent errors allow: where they exceed those of the first expert, the last value,
the forecast is drawn back to that one. Regret, which forgets nothing, is too slow for a series that breaks off.
"""

from __future__ import annotations

import math

import numpy as np

from liquid._jit import njit

_CORNER = 0.3  # of Huber's loss, in running root mean squared errors
_RECENT = 0.03  # rate of the recent errors
_FEW = 5.0  # feedbacks before they are asked
_FULL, _NONE = 0.95, 1.2  # errors in errors of the last value, up to which it is believed in full, from which on not


def mixture_dtype(experts: int) -> np.dtype:
    """regret R, its square sum, largest loss, weight per expert; the mixture's running squared error; feedbacks; recent
    mean absolute errors (z) of the mixture and of the last value."""
    return np.dtype(
        [
            ("regret", "f4", (experts,)),
            ("squares", "f4", (experts,)),
            ("largest", "f4", (experts,)),
            ("weight", "f4", (experts,)),
            ("error", "f4"),
            ("feedbacks", "f4"),
            ("recent", "f4"),
            ("recent_last", "f4"),
        ],
        align=True,
    )


@njit
def start(mixture, prior):
    """As if nothing had been seen. prior : (K,) log of the weights to start with."""
    _weigh(mixture, prior)
    mixture.error = 1e-3


@njit
def recode(mixture, factor):
    """The unit of the values changed by `factor`."""
    mixture.error = min(max(mixture.error * factor * factor, 1e-9), 1e12)
    mixture.recent = min(mixture.recent * factor, 1e6)
    mixture.recent_last = min(mixture.recent_last * factor, 1e6)


@njit
def blend(mixture, experts):
    """The weighted mean of the experts' values."""
    v = 0.0
    for k in range(len(experts)):
        v += mixture.weight[k] * experts[k]
    return v


@njit
def cautious(mixture, last, mixed):
    """The forecast: what the mixture says, drawn back to the last value where that was better lately."""
    if mixture.feedbacks < _FEW:
        return mixed
    most = _NONE * mixture.recent_last
    trust = (most - mixture.recent) / (most - _FULL * mixture.recent_last + 1e-9)
    return last + min(max(trust, 0.0), 1.0) * (mixed - last)


@njit
def spread(mixture, experts, mixed):
    """How far the experts are from what they say together: the root of their weighted mean square."""
    square = 0.0
    for k in range(len(experts)):
        square += mixture.weight[k] * (experts[k] - mixed) ** 2
    return math.sqrt(square)


@njit
def _eta(largest, squares, experts):
    return min(1.0 / (2.0 * largest + 1e-12), math.sqrt(math.log(experts) / (squares + 1e-12)))


@njit
def learn(mixture, prior, experts, mixed, target):
    """Feedback for one forecast.

    Parameters
    ----------
    prior : as at the start. experts : (K,) the experts' values at the origin, the last value first.
    mixed : what `blend` said there. target : what came (z).
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
    for k in range(count):
        r = -2.0 * gradient * (experts[k] - mixed) / mixture.error
        r = min(max(r, -20.0), 20.0)
        mixture.squares[k] += r * r
        mixture.largest[k] = max(mixture.largest[k], abs(r))
        eta = _eta(mixture.largest[k], mixture.squares[k], count)
        mixture.regret[k] += r - eta * r * r
    _weigh(mixture, prior)
    a = max(1.0 / c, _RECENT)
    mixture.recent += a * (min(abs(e), 1e6) - mixture.recent)
    mixture.recent_last += a * (min(abs(experts[0] - target), 1e6) - mixture.recent_last)


@njit
def _weigh(mixture, prior):
    count = len(prior)
    top = -1e300
    for k in range(count):
        v = _log_weight(mixture, prior, k)
        mixture.weight[k] = v
        top = max(top, v)
    total = 0.0
    for k in range(count):
        v = math.exp(mixture.weight[k] - top)
        mixture.weight[k] = v
        total += v
    for k in range(count):
        mixture.weight[k] /= total


@njit
def _log_weight(mixture, prior, k):
    eta = _eta(mixture.largest[k], mixture.squares[k], len(prior))
    return prior[k] + math.log(eta + 1e-12) + eta * mixture.regret[k]
