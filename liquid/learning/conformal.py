"""Adaptive conformal intervals (Gibbs & Candes 2021, arXiv:2106.00170) on an adaptive scale.

The half width at level L is -log(alpha_L) times a scale. At each feedback alpha_L moves by gamma_L (1 - L - miss),
damped by the number of forecasts still pending; a miss is judged by the alpha of now and the scale of then, so that
feedback that comes late cannot wind it up. The scale is a running mean of |error| times exp(theta . x), where x are
standardised inputs that tell how hard the forecast is, and the square of one of them, and theta is learned online by
the gradient of the Laplace likelihood.

Where events are rare, a forecast is often compared with a value from before or after its time. On a steep series such
errors are larger than the forecast's own. The mean sizes of both kinds are kept, and the ratio is taken out of the
error.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from liquid._jit import njit

#: Most inputs; a row may keep the first ones only.
INPUTS: Final = 7
#: The input that is a z, which recoding moves; its square counts too, as both very high and very low may be hard.
LEVEL_INPUT: Final = 2
MISS: Final = (0.50, 0.20, 0.05)  # promised misses of the levels
LEVELS: Final = len(MISS)
GAMMA: Final = (0.02, 0.02, 0.01)
#: Errors of the next event do not overlap: their levels hold well at this part of the step.
NEXT_PACE: Final = 0.5
#: An event this part of the horizon off is as good as on time.
ON_TIME: Final = 0.005
_THETA_RATE = 0.0025
_SIZE_RATE = 0.01
_SHRINKAGE = 30.0

_MISS = np.array(MISS)
_GAMMA = np.array(GAMMA)


def conformal_dtype(inputs: int) -> np.dtype:
    """State with the first of the INPUTS, LEVEL_INPUT among them.

    Fields
    ------
    scale : running mean |error| / exp(theta.x). alpha : per level. theta : of the inputs, and of the level's square.
    mean, deviation : running, of the inputs. size, sizes : mean |error| in scales and number of the forecasts compared
    on time and of the others (saturating).
    """
    return np.dtype(
        [
            ("scale", "f4"),
            ("feedbacks", "f4"),
            ("seen", "f4"),
            ("alpha", "f4", (LEVELS,)),
            ("theta", "f4", (inputs + 1,)),
            ("mean", "f4", (inputs,)),
            ("deviation", "f4", (inputs,)),
            ("size", "f4", (2,)),
            ("sizes", "u1", (2,)),
        ],
        align=True,
    )


@njit
def start(c):
    """As if nothing had been seen."""
    c.scale = 1e-3
    for k in range(LEVELS):
        c.alpha[k] = _MISS[k]
    for k in range(len(c.deviation)):
        c.deviation[k] = 1.0
    for k in range(2):
        c.size[k] = 1.0


@njit
def recode(c, factor, shift):
    """z becomes z * factor - shift."""
    c.scale = min(max(c.scale * factor, 1e-6), 1e6)
    c.mean[LEVEL_INPUT] = min(max(c.mean[LEVEL_INPUT] * factor - shift, -1e6), 1e6)
    c.deviation[LEVEL_INPUT] = min(c.deviation[LEVEL_INPUT] * factor, 1e6)


@njit
def inputs(c, raw, x, learning):
    """Standardise the inputs: x = clip((raw - mean) / (deviation + .05), -3, 3). raw, x : (INPUTS,).

    Returns
    -------
    widening : exp(theta . x), clipped to exp(+-2).
    """
    if learning:
        c.seen = min(c.seen + 1.0, 1e6)
    rate = max(1.0 / max(c.seen, 1.0), 0.002)
    g = 0.0
    for k in range(len(c.mean)):
        mean = c.mean[k]
        deviation = c.deviation[k]
        if learning:
            mean += rate * (raw[k] - mean)
            deviation += rate * (abs(raw[k] - mean) - deviation)
            c.mean[k] = mean
            c.deviation[k] = deviation
        x[k] = min(max((raw[k] - mean) / (deviation + 0.05), -3.0), 3.0)
        g += c.theta[k] * x[k]
    g += c.theta[len(c.mean)] * square(x)
    return math.exp(min(max(g, -2.0), 2.0))


@njit
def square(x):
    """The level's square as an input: about 0 in the mean, at most 3."""
    return min(x[LEVEL_INPUT] * x[LEVEL_INPUT] - 1.5, 3.0)


@njit
def quantile(c, level):
    """Half width in scales, -log(alpha) of the k-th level; a wider level is never the narrower interval."""
    least = c.alpha[0]
    for k in range(1, level + 1):
        least = min(least, c.alpha[k])
    return -math.log(max(least, 1e-4))


@njit
def on_time(c, error, scale, off):
    """An error as it would be, had the event come when it was due.

    Parameters
    ----------
    error : |target - forecast| (z). scale : the scale used at the origin. off : how far the event is from when the
    forecast was due, in horizons.
    """
    if c.feedbacks <= 10.0:
        return error
    late = 0 if off <= ON_TIME else 1
    u = min(error / max(scale, 1e-9), 5.0)
    c.size[late] += max(1.0 / (c.sizes[late] + 1.0), _SIZE_RATE) * (u - c.size[late])
    if c.sizes[late] < 255:
        c.sizes[late] += 1
    if late == 0:
        return error
    n = min(float(c.sizes[0]), 1.0 / _SIZE_RATE)
    ratio = (n * c.size[1] / max(c.size[0], 0.05) + _SHRINKAGE) / (n + _SHRINKAGE)
    return error / min(max(ratio, 1.0), 4.0)


@njit
def learn(c, error, beyond, scale, widening, x, pending, pace):
    """Feedback for one forecast.

    Parameters
    ----------
    error : |target - forecast| (z). beyond : the part of it that an interval must reach to hold the target, <= error.
    scale : the scale used at the origin, widening included. widening : exp(theta . x) there.
    x : (INPUTS,) standardised inputs there. pending : forecasts made since, including this one (>= 1).
    pace : part of the step of alpha.
    """
    c.feedbacks = min(c.feedbacks + 1.0, 1e6)
    if c.feedbacks > 1.0:
        for k in range(LEVELS):
            miss = 1.0 if beyond > own_quantile(c, k) * scale else 0.0
            move(c, k, miss, pace * damping(pending))
    learn_scale(c, error, scale, widening, x, pending)


@njit
def own_quantile(c, level):
    """Half width in scales by the alpha of the k-th level alone."""
    return -math.log(max(c.alpha[level], 1e-4))


@njit
def damping(pending):
    """Errors of forecasts that overlap say the same: part of a step that each of them may move."""
    return min(1.0, 2.0 / pending)


@njit
def move(c, level, miss, part):
    """A step of alpha. miss : 0 or 1, or the probability of a miss."""
    c.alpha[level] = min(max(c.alpha[level] + _GAMMA[level] * part * (_MISS[level] - miss), 0.002), 0.9)


@njit
def learn_scale(c, error, scale, widening, x, pending):
    """Theta and the scale learn from an error; see `learn`. c.feedbacks counts it already."""
    n = c.feedbacks
    if n > 30.0:
        u = min(error / max(scale, 1e-9), 5.0)
        rate = _THETA_RATE * damping(pending) * (u - 1.0)
        inputs_kept = len(c.mean)
        for k in range(inputs_kept):
            c.theta[k] = min(max(c.theta[k] + rate * x[k], -2.0), 2.0)
        c.theta[inputs_kept] = min(max(c.theta[inputs_kept] + rate * square(x), -2.0), 2.0)
    r = error / widening
    if n > 10.0:
        r = min(r, 8.0 * c.scale)
    c.scale = min(max(c.scale + max(1.0 / n, 0.02) * (r - c.scale), 1e-6), 1e6)
