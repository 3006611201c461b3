"""Adaptive conformal intervals (Gibbs & Candes 2021, arXiv:2106.00170) on an adaptive scale.

The half width at level L is -log(alpha_L) times a scale; alpha_L moves by gamma (1 - L - miss) at each feedback, damped
by the number of forecasts still pending. The scale is a running mean of |error| times exp(theta . x), where x are
standardised logarithms of what tells how hard the forecast is (the spread of the analogs, the recent error) and theta
is learned online by the gradient of the Laplace likelihood.
"""

from __future__ import annotations

import math

import numpy as np

from liquid._jit import njit

INPUTS = 2
MISS = (0.20, 0.05)  # promised misses of the two levels
GAMMA = 0.0075
_THETA_RATE = 0.003

#: scale: running mean |error| / exp(theta.x); alpha per level; theta, running mean and deviation of the inputs.
CONFORMAL = np.dtype(
    [
        ("scale", "f4"),
        ("feedbacks", "f4"),
        ("seen", "f4"),
        ("alpha", "f4", (2,)),
        ("theta", "f4", (INPUTS,)),
        ("mean", "f4", (INPUTS,)),
        ("deviation", "f4", (INPUTS,)),
    ],
    align=True,
)


@njit
def start(c):
    """As if nothing had been seen."""
    c.scale = 1e-3
    for k in range(2):
        c.alpha[k] = MISS[k]
    for k in range(INPUTS):
        c.deviation[k] = 1.0


@njit
def recode(c, factor):
    """The unit of the values changed by `factor`."""
    c.scale = min(max(c.scale * factor, 1e-6), 1e6)


@njit
def inputs(c, raw, x, learning):
    """Standardise the inputs: x = clip((raw - mean) / (deviation + .05), -3, 3).

    Returns
    -------
    widening : exp(theta . x), clipped to exp(+-2).
    """
    if learning:
        c.seen = min(c.seen + 1.0, 1e6)
    rate = max(1.0 / max(c.seen, 1.0), 0.002)
    g = 0.0
    for k in range(INPUTS):
        mean = c.mean[k]
        deviation = c.deviation[k]
        if learning:
            mean += rate * (raw[k] - mean)
            deviation += rate * (abs(raw[k] - mean) - deviation)
            c.mean[k] = mean
            c.deviation[k] = deviation
        x[k] = min(max((raw[k] - mean) / (deviation + 0.05), -3.0), 3.0)
        g += c.theta[k] * x[k]
    return math.exp(min(max(g, -2.0), 2.0))


@njit
def quantile(c, level):
    """Half width of a level in scales: -log(alpha)."""
    return -math.log(max(c.alpha[level], 1e-4))


@njit
def learn(c, error, scale, widening, x, half, pending):
    """Feedback for one forecast.

    Parameters
    ----------
    error : |target - forecast| (z). scale : the scale used at the origin, widening included. widening : exp(theta . x)
    there. x : (INPUTS,) standardised inputs there. half : (2,) half widths promised there.
    pending : forecasts made since, including this one (>= 1).
    """
    c.feedbacks = min(c.feedbacks + 1.0, 1e6)
    n = c.feedbacks
    step = min(1.0, 2.0 / pending)
    if n > 1.0:
        for k in range(2):
            miss = 1.0 if error > half[k] else 0.0
            c.alpha[k] = min(max(c.alpha[k] + GAMMA * step * (MISS[k] - miss), 0.002), 0.9)
    if n > 30.0:
        u = min(error / max(scale, 1e-9), 5.0)
        for k in range(INPUTS):
            c.theta[k] = min(max(c.theta[k] + _THETA_RATE * step * (u - 1.0) * x[k], -2.0), 2.0)
    r = error / widening
    if n > 10.0:
        r = min(r, 8.0 * c.scale)
    c.scale = min(max(c.scale + max(1.0 / n, 0.02) * (r - c.scale), 1e-6), 1e6)
