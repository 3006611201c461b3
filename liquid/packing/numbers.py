"""Single numbers in fewer bytes."""

from __future__ import annotations

import math

import numpy as np

from liquid._jit import njit
from liquid.packing.codes import NEAREST, RANDOM

_SNAP = 0.02  # of a step: nearer is the rounding of what was decoded


@njit
def chance(n, k):
    """32 random bits for event n and place k."""
    x = np.uint32(np.uint32(n) * np.uint32(2654435761) + np.uint32(k) * np.uint32(2246822519))
    x = np.uint32((x ^ (x >> np.uint32(15))) * np.uint32(739834151))
    return np.int64(np.uint32(x ^ (x >> np.uint32(13))))


@njit
def short(bits, mantissa, least, rounding, n, k):
    """The two bytes of an f4 that is given as its bits."""
    shift = 23 - mantissa
    mask = (1 << shift) - 1
    if rounding == RANDOM:
        lift = chance(n, k) & mask
    elif rounding == NEAREST:
        lift = 1 << (shift - 1)
    else:
        lift = mask if bits >= 0 else np.int64(0)
    size = (bits & 0x7FFFFFFF) + lift - ((126 + least) << 23)
    code = min(size >> shift, 0x7FFF) if size >= 1 << 23 else np.int64(0)
    return np.uint16(code | 0x8000 if bits < 0 and code else code)


@njit
def long(code, mantissa, least):
    """The bits of what `_short` gave."""
    size = np.int64(code) & 0x7FFF
    if size == 0:
        return np.int32(0)
    bits = (size << (23 - mantissa)) + ((126 + least) << 23)
    return np.int32(bits - 0x80000000 if code & 0x8000 else bits)


@njit
def integer(r4, at, whole):
    low = np.int64(r4[at // 4])
    return (np.int64(r4[at // 4 + 1]) << 32) | (low & 0xFFFFFFFF) if whole else low


@njit
def set_integer(r4, at, whole, value):
    r4[at // 4] = np.int32(value & 0xFFFFFFFF)
    if whole:
        r4[at // 4 + 1] = np.int32(value >> 32)


@njit
def put(p1, p2, at, value, size):
    """A count in one byte or two, as large as fits."""
    if size == 1:
        p1[at] = np.uint8(min(max(value, 0), 255))
    else:
        p2[at // 2] = np.uint16(min(max(value, 0), 65535))


@njit
def get(p1, p2, at, size):
    return np.int64(p1[at]) if size == 1 else np.int64(p2[at // 2])


@njit
def whole_number(x, n, k):
    """x to a whole number, up or down at random."""
    near = math.floor(x + 0.5)
    if abs(x - near) > _SNAP:
        near = math.floor(x + (chance(n, k) >> 8) / 16777216.0)
    return np.int64(near)


@njit
def put_six(p2, to, value):
    p2[to] = np.uint16(value & 65535)
    p2[to + 1] = np.uint16((value >> 16) & 65535)
    p2[to + 2] = np.uint16((value >> 32) & 65535)


@njit
def get_six(p2, to):
    return np.int64(p2[to]) | np.int64(p2[to + 1]) << 16 | np.int64(p2[to + 2]) << 32


@njit
def within(value, most):
    """A whole number within +-most."""
    return min(max(value, -most), most)
