"""Forecasts that wait for their target, of which the readouts and the mixture learn then.

What is kept of an origin is its time and value and, in two bytes each, how far everything else lies from that value:
the upper half of a float32, rounded (a precision of .4 %, enough for moves, while the target itself is exact).
"""

from __future__ import annotations

import numpy as np

from liquid._jit import njit

_UPPER = np.uint32(16)
_ONE = np.uint32(1)
_BELOW_HALF = np.uint32(0x7FFF)
_CAP = 1e6


def pending_dtype(details: int, features: int, experts: int) -> np.dtype:
    """One forecast. time (epoch s) and z of its origin; code: real modes and `details` analogs less z, change, slope,
    `features` of the bank, moves of the analogs, experts but the first and their blend less z."""
    return np.dtype(
        [("time", "f8"), ("z", "f4"), ("code", "u2", (4 + features + 2 * details + experts,))],
        align=True,
    )


@njit
def keep(p, details, features, origin, then, experts, blended, number):
    """Remember a forecast.

    Parameters
    ----------
    details, features : of the tier; the arrays of origin, then and experts may be longer.
    origin : record of origin_dtype; its bank is kept as it is. then : analogs at the target. experts : (K,), the first
    is the last value. number : (>= codes,) f4 scratch.
    """
    z = origin.z
    p.time = origin.time
    p.z = z
    number[0] = origin.fast - z
    number[1] = origin.slow - z
    number[2] = origin.dz
    number[3] = origin.slope
    at = 4
    for k in range(features):
        number[at + k] = origin.bank[k]
    at += features
    for k in range(details):
        number[at + k] = origin.now[k] - z
        number[at + details + k] = then[k] - origin.now[k]
    at += 2 * details
    for k in range(1, len(experts)):
        number[at + k - 1] = experts[k] - z
    number[at + len(experts) - 1] = blended - z
    _encode(p.code, number)


@njit
def recall(p, part, details, features, origin, then, experts, number):
    """What `keep` was given, analogs at that `part` of the way to the target; returns the blend."""
    _decode(p.code, number)
    z = p.z
    origin.time = p.time
    origin.z = z
    origin.fast = z + number[0]
    origin.slow = z + number[1]
    origin.dz = number[2]
    origin.slope = number[3]
    at = 4
    for k in range(features):
        origin.bank[k] = number[at + k]
    at += features
    for k in range(details):
        origin.now[k] = z + number[at + k]
        then[k] = origin.now[k] + number[at + details + k] * part
    at += 2 * details
    experts[0] = z
    for k in range(1, len(experts)):
        experts[k] = z + number[at + k - 1]
    return z + number[at + len(experts) - 1]


@njit
def recode(p, factor, shift, number):
    """z becomes z * factor - shift."""
    p.z = min(max(p.z * factor - shift, -_CAP), _CAP)
    _decode(p.code, number)
    for k in range(len(p.code)):
        number[k] = min(max(number[k] * factor, -_CAP), _CAP)
    _encode(p.code, number)


@njit
def forget_modes(p, features):
    """The modes start again from nothing."""
    for k in range(features):
        p.code[4 + k] = 0


@njit
def _encode(code, number):
    bits = number.view(np.uint32)
    for k in range(len(code)):
        b = bits[k]
        code[k] = np.uint16((b + _BELOW_HALF + ((b >> _UPPER) & _ONE)) >> _UPPER)


@njit
def _decode(code, number):
    bits = number.view(np.uint32)
    for k in range(len(code)):
        bits[k] = np.uint32(code[k]) << _UPPER
