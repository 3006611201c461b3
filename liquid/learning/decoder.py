"""The any-horizon decoder: a few liquid units, trained online, that read the series' state at a time D ahead.

The input is the state at the origin together with the calendar at the target. Unit a gives h_a(D) - h_a(0), damped by
1 / (1 + D / 8) and read by the same least squares as the other features. `cfc`: the closed-form cell (Hasani et al.
2022, Nature Machine Intelligence, eq. 6), h = g (1 - s) + k s with s = sigmoid(a log(1 + D) + b). `liquid_s4`: an
input-gated damped oscillation, h = c (1 - exp(-r D) cos(w D)). Training: one step of RMSprop on the forecast error at
every feedback.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from liquid._jit import njit

NONE: Final = 0
CFC: Final = 1
LIQUID_S4: Final = 2

UNITS: Final = 4
INPUTS: Final = 15
DAMPING: Final = 8.0
RATE: Final = 1e-3
DECAY: Final = 0.999


def initial_weights() -> np.ndarray:
    """Four heads of UNITS x (INPUTS + bias), the same for every series; float32."""
    rng = np.random.default_rng(0)
    w = rng.normal(size=(4, UNITS, INPUTS + 1)) * math.sqrt(2.0 / (INPUTS + 2 * UNITS))
    w[:, :, -1] = 0.0
    w[2] *= 0.2
    w[3, :, -1] = rng.uniform(-1.0, 2.0, UNITS)
    return w.astype(np.float32)


_START = initial_weights()


def decoder_dtype(units: int) -> np.dtype:
    """Weights (head, unit, input or bias), mean squares of their gradients, updates so far; units <= UNITS."""
    shape = (4, units, INPUTS + 1)
    return np.dtype([("weight", "f4", shape), ("square", "f4", shape), ("updates", "i8")], align=True)


@njit
def start(decoder):
    """The common initial weights."""
    for r in range(4):
        for a in range(decoder.weight.shape[1]):
            for b in range(INPUTS + 1):
                decoder.weight[r, a, b] = _START[r, a, b]


@njit
def _bounded(v):
    return min(max(v, -30.0), 30.0)


@njit
def forward(decoder, kind, u, distance, h, slope):
    """Features of the units at `distance` and their derivatives.

    Parameters
    ----------
    u : (INPUTS,) inputs within +-5. distance : units ahead, >= 0.
    h : (units,) out. slope : (4, units) out, dh / d pre-activation of the four heads.
    """
    if kind == NONE:
        for a in range(decoder.weight.shape[1]):
            h[a] = 0.0
        return
    lg = math.log1p(distance)
    damp = 1.0 / (1.0 + distance / DAMPING)
    for a in range(decoder.weight.shape[1]):
        w = decoder.weight
        v0, v1, v2, v3 = w[0, a, INPUTS], w[1, a, INPUTS], w[2, a, INPUTS], w[3, a, INPUTS]
        for b in range(INPUTS):
            z = u[b]
            v0 += w[0, a, b] * z
            v1 += w[1, a, b] * z
            v2 += w[2, a, b] * z
            v3 += w[3, a, b] * z
        if kind == CFC:
            g = math.tanh(v0)
            k = math.tanh(v1)
            s = 1.0 / (1.0 + math.exp(-_bounded(v2 * lg + v3)))
            s0 = 1.0 / (1.0 + math.exp(-_bounded(v3)))
            h[a] = damp * (k - g) * (s - s0)
            db = (k - g) * s * (1.0 - s)
            slope[0, a] = damp * (1.0 - g * g) * (s0 - s)
            slope[1, a] = damp * (1.0 - k * k) * (s - s0)
            slope[2, a] = damp * lg * db
            slope[3, a] = damp * (db - (k - g) * s0 * (1.0 - s0))
        else:
            c = math.tanh(v0)
            gate = math.tanh(v1)
            free = min(max(v2, -3.0), 3.0)
            r = math.exp(free) * (1.0 + 0.5 * gate) / DAMPING
            turn = math.tanh(v3)
            e = math.exp(-min(r * distance, 30.0))
            angle = turn * distance
            cos, sin = math.cos(angle), math.sin(angle)
            h[a] = damp * c * (1.0 - e * cos)
            dr = damp * c * distance * e * cos
            slope[0, a] = damp * (1.0 - c * c) * (1.0 - e * cos)
            slope[1, a] = dr * math.exp(free) * 0.5 * (1.0 - gate * gate) / DAMPING
            slope[2, a] = dr * r if -3.0 < v2 < 3.0 else 0.0
            slope[3, a] = damp * c * e * sin * distance * (1.0 - turn * turn)


@njit
def learn(decoder, u, slope, readout, drive):
    """One RMSprop step.

    Parameters
    ----------
    slope : from `forward` at the origin. readout : (units,) weights of the units in the forecast.
    drive : d loss / d forecast, dimensionless (the scaled, clipped error).
    """
    decoder.updates += 1
    correction = 1.0 - DECAY ** min(decoder.updates, 8000)
    for a in range(decoder.weight.shape[1]):
        c0 = drive * readout[a]
        for r in range(4):
            c = c0 * slope[r, a]
            for b in range(INPUTS + 1):
                gradient = c * (u[b] if b < INPUTS else 1.0)
                square = DECAY * decoder.square[r, a, b] + (1.0 - DECAY) * gradient * gradient
                decoder.square[r, a, b] = square
                decoder.weight[r, a, b] -= RATE * gradient / (math.sqrt(square / correction) + 1e-8)
