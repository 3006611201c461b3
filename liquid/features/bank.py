"""The state bank: what of the past is carried along, evolved over any gap in closed form.

`liquid_s4` (the default) is a diagonal liquid state-space model (Hasani et al. 2023, arXiv:2209.12951, in its exact
form for piecewise constant input): x' = (lambda + B v) x + B u. Two real modes without gate are exactly EWMAs of the
piecewise linear signal; two complex modes sit at the series' found period and its second harmonic, their decay gated
by the input. `cfc` is a small recurrent closed-form cell with fixed random weights. `none` carries nothing.

Whatever the bank, it offers FEATURES numbers that say how the state will have moved after a time D, all zero at D = 0.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from liquid._jit import njit

NONE: Final = 0
LIQUID_S4: Final = 1
CFC: Final = 2

FEATURES: Final = 6  # at most; a tier with two has no complex modes
FAST: Final = 3.0  # time constants of the real modes, in units
SLOW: Final = 30.0
GATE: Final = 0.5  # strength of the input-dependent gate
_PERIODS = 3.0  # a complex mode remembers about this many periods
_CAP = 1e3

_UNITS = 6
_INPUTS = 3


def _cfc_weights() -> np.ndarray:
    """Heads g, k, time_a, time_b over [z, dz, log gap, h, 1]; shape (4, units, inputs + units + 1)."""
    rng = np.random.default_rng(7)
    w = rng.normal(size=(4, _UNITS, _INPUTS + _UNITS + 1)) * math.sqrt(2.0 / (_INPUTS + 2 * _UNITS))
    w[2] *= 0.2
    w[3, :, -1] = rng.uniform(-1.0, 2.0, _UNITS)
    return w


_W = _cfc_weights()


def bank_dtype(features: int) -> np.dtype:
    """State of a bank with `features`; so many units has the cfc.

    fast, slow: the real modes (z). mode: re, im of the complex modes. period: in units, 0 while none was found.
    head: g, k, time_a, time_b of the cfc's units at the newest event.
    """
    return np.dtype(
        [("fast", "f4"), ("slow", "f4"), ("period", "f4"), ("mode", "f4", (4,)), ("head", "f4", (4, features))],
        align=True,
    )


@njit
def recode(bank, factor, shift):
    """z becomes z * factor - shift."""
    bank.fast = min(max(bank.fast * factor - shift, -1e6), 1e6)
    bank.slow = min(max(bank.slow * factor - shift, -1e6), 1e6)
    for k in range(4):
        bank.mode[k] = min(max(bank.mode[k] * factor, -_CAP), _CAP)


@njit
def _ewma(x, tau, gap, before, after):
    """Exact response of dx/dt = (u - x)/tau to the straight line from `before` to `after` over `gap`."""
    r = gap / tau
    a = math.exp(-r)
    m = (1.0 - a) / r if r > 1e-9 else 1.0
    return a * x + (m - a) * before + (1.0 - m) * after


@njit
def rate(period, harmonic, u):
    """g = lambda + B v of a complex mode (per unit of time) and its gain B; v = GATE tanh(u)."""
    omega = 2.0 * math.pi * harmonic / period
    decay = 1.0 / (_PERIODS * period)
    real = min(-decay * (1.0 - GATE * math.tanh(u)), -0.05 * decay)
    return complex(real, omega), decay


@njit
def evolve(x, g, gain, u, gap):
    """Exact solution of x' = g x + gain u over `gap` with u held: e^{g t} x + (e^{g t} - 1)/g gain u."""
    e = np.exp(g * gap)
    return e * x + (e - 1.0) / g * gain * u


@njit
def observe(bank, kind, gap, before, after, first):
    """Evolve over `gap` (units) from the event with z = before to the one with z = after."""
    if first:
        bank.fast = after
        bank.slow = after
        return
    bank.fast = _ewma(bank.fast, FAST, gap, before, after)
    bank.slow = _ewma(bank.slow, SLOW, gap, before, after)
    if kind == LIQUID_S4 and bank.period > 0.0:
        u = min(max(before, -8.0), 8.0)
        for h in range(2):
            g, gain = rate(bank.period, h + 1.0, u)
            x = evolve(complex(bank.mode[2 * h], bank.mode[2 * h + 1]), g, gain, u, min(gap, 1e4))
            bank.mode[2 * h] = min(max(x.real, -_CAP), _CAP)
            bank.mode[2 * h + 1] = min(max(x.imag, -_CAP), _CAP)
    elif kind == CFC:
        _cfc(bank, gap, before, after)


@njit
def _cfc(bank, gap, before, after):
    units = bank.head.shape[1]
    state = np.empty(_UNITS)
    for a in range(units):
        s = 1.0 / (1.0 + math.exp(-_bounded(bank.head[2, a] * min(gap, 48.0) + bank.head[3, a])))
        state[a] = bank.head[0, a] * (1.0 - s) + bank.head[1, a] * s
    z = min(max(after, -5.0), 5.0)
    dz = min(max(after - before, -5.0), 5.0)
    lg = math.log1p(min(gap, 1e6))
    for head in range(4):
        for a in range(units):
            w = _W[head, a]
            v = w[0] * z + w[1] * dz + w[2] * lg + w[_INPUTS + _UNITS]
            for b in range(units):
                v += w[_INPUTS + b] * state[b]
            bank.head[head, a] = math.tanh(v) if head < 2 else v


@njit
def _bounded(v):
    return min(max(v, -30.0), 30.0)


@njit
def save(bank, kind, distance, z0, out):
    """What a snapshot of the origin keeps of the bank: the modes, or (cfc) the features at the horizon."""
    if kind == CFC:
        features(bank, kind, bank.mode, distance, z0, bank.fast, bank.slow, out)
        return
    for k in range(min(len(bank.mode), len(out))):
        out[k] = bank.mode[k]


@njit
def features(bank, kind, mode, distance, z0, fast, slow, out):
    """How the state of an origin moves over `distance` units.

    Parameters
    ----------
    bank : for the period and the live cfc heads. mode : the origin's complex modes (4,);
        fewer: none.
    z0, fast, slow : the origin's value and real modes. out : (FEATURES,), zero at distance 0.
    """
    for k in range(FEATURES):
        out[k] = 0.0
    if kind == NONE:
        return
    if kind == CFC:
        for a in range(bank.head.shape[1]):
            s0 = 1.0 / (1.0 + math.exp(-_bounded(bank.head[3, a])))
            s = 1.0 / (1.0 + math.exp(-_bounded(bank.head[2, a] * min(distance, 48.0) + bank.head[3, a])))
            out[a] = (s - s0) * (bank.head[1, a] - bank.head[0, a])
        return
    out[0] = (fast - z0) * (1.0 - math.exp(-distance / FAST))
    out[1] = (slow - z0) * (1.0 - math.exp(-distance / SLOW))
    if bank.period > 0.0 and len(mode) >= len(bank.mode):
        u = min(max(z0, -8.0), 8.0)
        for h in range(2):
            g, gain = rate(bank.period, h + 1.0, u)
            x = complex(mode[2 * h], mode[2 * h + 1])
            y = 2.0 * (evolve(x, g, gain, u, min(distance, 1e4)) - x)
            out[2 + 2 * h] = y.real
            out[3 + 2 * h] = y.imag
