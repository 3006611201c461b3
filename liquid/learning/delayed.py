"""Forecasts whose error will be known: what the intervals of a horizon need to learn from it, until it is due.

Errors of overlapping forecasts are alike, so a few forecasts per horizon, evenly spread over it, say nearly as much as
all.
"""

from __future__ import annotations

import numpy as np

from liquid._jit import njit
from liquid.learning import conformal

#: An event that is this part of the horizon off the time that was forecast says nothing of the error.
TOLERANCE = 0.1
_INPUT = 1.0 / 40.0  # step of a stored input
_WIDENING = 1.0 / 60.0  # step of a stored log widening

#: time of the origin (epoch s), 1/40 of the inputs, 1/60 of log widening.
FORECAST = np.dtype(
    [
        ("time", "f8"),
        ("mixed", "f4"),
        ("scale", "f4"),
        ("widening", "i1"),
        ("input", "i1", (conformal.INPUTS,)),
        ("waiting", "u1"),
    ],
    align=True,
)


def delayed_dtype(slots: int) -> np.dtype:
    """A ring of `slots` >= 3 forecasts of one horizon, 1 / (slots - 2) of it apart; number of those made."""
    return np.dtype([("slot", FORECAST, (slots,)), ("made", "i8")], align=True)


@njit
def recode(ring, factor, shift):
    """z becomes z * factor - shift."""
    for s in range(len(ring.slot)):
        p = ring.slot[s]
        p.mixed = min(max(p.mixed * factor - shift, -1e4), 1e4)
        p.scale = min(p.scale * factor, 1e4)


@njit
def remember(ring, time, horizon, mixed, scale, widening, x):
    """Keep a forecast, when the last one kept is old enough.

    Parameters
    ----------
    time : of its origin. horizon : seconds. mixed : the forecast (z). scale, widening : see `conformal.learn`.
    x : (INPUTS,) standardised inputs.
    """
    slots = len(ring.slot)
    if ring.made > 0:
        newest = ring.slot[(ring.made - 1) % slots]
        if time - newest.time < horizon / (slots - 2.0) * (1.0 - 1e-9):
            return
    p = ring.slot[ring.made % slots]
    ring.made += 1
    p.time = time
    p.mixed = mixed
    p.scale = scale
    p.widening = np.int8(round(np.log(widening) / _WIDENING))
    for k in range(len(p.input)):
        p.input[k] = np.int8(round(x[k] / _INPUT))
    p.waiting = 1


@njit
def due(p, time, horizon, unit):
    """Whether an event at `time` is late enough for a waiting forecast, half a unit early at most."""
    age = time - p.time
    return p.waiting > 0 and (age >= horizon - 0.5 * unit or age >= horizon * (1.0 - 1e-9))


@njit
def pending(ring, s):
    """Forecasts made since the one in slot s, including it."""
    return float((ring.made - 1 - s) % len(ring.slot) + 1)


@njit
def widening(p):
    """exp(theta . x) at the origin."""
    return np.exp(p.widening * _WIDENING)


@njit
def inputs(p, x):
    """The inputs at the origin, into x."""
    for k in range(len(p.input)):
        x[k] = p.input[k] * _INPUT
