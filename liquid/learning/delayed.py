"""Forecasts whose error will be known: what the intervals of a horizon need to learn from it, until it is due.

Errors of overlapping forecasts are alike, so a few forecasts per horizon, evenly spread over it, say nearly as much as
all.
"""

from __future__ import annotations

import math

import numpy as np

from liquid._jit import njit
from liquid.learning import conformal

#: An event that is this part of the horizon off the time that was forecast says nothing of the error.
TOLERANCE = 0.1
_INPUT = 1.0 / 40.0  # step of a stored input
_WIDENING = 1.0 / 60.0  # step of a stored log widening
_HALF = 1.0 / 60.0  # step of a stored log half width
_LEAST = 0.1  # scales: the narrowest half width that can be stored


def delayed_dtype(slots: int, inputs: int) -> np.dtype:
    """A ring of `slots` >= 3 forecasts of one horizon, 1 / (slots - 2) of it apart, with so many inputs each.

    Fields
    ------
    time : of the origin (epoch s). mixed, scale : in z. widening, input, half : 1/60 of log widening, 1/40 of the
    inputs, 1/60 of the logarithm of half widths in tenths of the scale. waiting : for its target. made : forecasts kept
    so far.
    """
    return np.dtype(
        [
            ("time", "f8", (slots,)),
            ("mixed", "f4", (slots,)),
            ("scale", "f4", (slots,)),
            ("made", "u4"),
            ("widening", "i1", (slots,)),
            ("input", "i1", (slots, inputs)),
            ("half", "u1", (slots, conformal.LEVELS)),
            ("waiting", "u1", (slots,)),
        ],
        align=True,
    )


@njit
def recode(ring, factor, shift):
    """z becomes z * factor - shift."""
    for s in range(len(ring.time)):
        ring.mixed[s] = min(max(ring.mixed[s] * factor - shift, -1e4), 1e4)
        ring.scale[s] = min(ring.scale[s] * factor, 1e4)


@njit
def remember(ring, time, horizon, mixed, scale, widening, half, x):
    """Keep a forecast, when the last one kept is old enough.

    Parameters
    ----------
    time : of its origin. horizon : seconds. mixed : the forecast (z). scale, widening : see `conformal.learn`.
    half : (LEVELS,) half widths (z). x : (INPUTS,) standardised inputs.
    """
    slots = len(ring.time)
    made = np.int64(ring.made)
    if made > 0 and time - ring.time[(made - 1) % slots] < horizon / (slots - 2.0) * (1.0 - 1e-9):
        return
    s = made % slots
    ring.made = made + 1
    ring.time[s] = time
    ring.mixed[s] = mixed
    ring.scale[s] = scale
    ring.widening[s] = np.int8(round(math.log(widening) / _WIDENING))
    for k in range(ring.input.shape[1]):
        ring.input[s, k] = np.int8(round(x[k] / _INPUT))
    for k in range(conformal.LEVELS):
        size = half[k] / (_LEAST * max(scale, 1e-9))
        ring.half[s, k] = np.uint8(round(min(max(math.log(max(size, 1.0)) / _HALF, 0.0), 255.0)))
    ring.waiting[s] = 1


@njit
def reached(age, horizon, unit):
    """Whether an event `age` after an origin (all in seconds) reaches the horizon, half a unit early at most."""
    return age >= horizon - 0.5 * unit or age >= horizon * (1.0 - 1e-9)


@njit
def due(ring, s, time, horizon, unit):
    """Whether an event at `time` is late enough for the forecast in slot s."""
    return ring.waiting[s] > 0 and reached(time - ring.time[s], horizon, unit)


@njit
def pending(ring, s):
    """Forecasts made since the one in slot s, including it."""
    return float((np.int64(ring.made) - 1 - s) % len(ring.time) + 1)


@njit
def recall(ring, s, half, x):
    """Half widths (z) and inputs of the forecast in slot s, into half and x; gives exp(theta . x) at its origin."""
    for k in range(conformal.LEVELS):
        half[k] = math.exp(ring.half[s, k] * _HALF) * _LEAST * ring.scale[s]
    for k in range(ring.input.shape[1]):
        x[k] = ring.input[s, k] * _INPUT
    return math.exp(ring.widening[s] * _WIDENING)
