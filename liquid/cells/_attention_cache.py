"""The cache of attention: a ring of the last samples' keys and values in a sequence's state, and their rotation.

Its slots are the innermost axis, (kv_heads, head size, window), so that loops over them become vector code. They fill
from 0 on, and then the oldest sample gives its slot to the newest.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from liquid._jit import njit
from liquid.cells._math import sincos_all

POSITIONS = ("rotary", "decay")


class Plan(NamedTuple):
    """Sizes, and where things are in the parameter vector and in a sequence's state."""

    heads: int
    kv_heads: int
    size: int  # of a head
    window: int
    decay: bool
    normed: bool
    base: float
    limit: float
    oldest: float
    p_out: int
    p_norms: int
    p_slope: int
    s_values: int
    s_ages: int
    s_count: int


@njit
def frequencies(p):
    """Radians per unit of time of each pair of channels."""
    rates = np.empty(p.size // 2)
    for i in range(rates.size):
        rates[i] = p.base ** (-2.0 * i / p.size)
    return rates


@njit
def places(p, count):
    """Slots filled before the next sample, its own slot, and the count after it.

    The count goes up to ``2 window - 1`` and then back to `window`: it tells how many slots are filled and which is
    next. Whatever number is found in its place is taken as one of those.
    """
    last = 2 * p.window - 1
    if count >= last:
        n = last
    elif count >= 0:
        n = int(count)
    else:
        n = 0
    after = n + 1 if n < last else p.window
    return min(n, p.window), n % p.window, after


@njit
def turn(p, filled, sine, cosine, keys, sign):
    """Turn the pairs of every cached key by an angle, against the passing of time for `sign` 1, back for -1."""
    w, half = p.window, p.size // 2
    for first in range(0, keys.size, p.size * w):
        for i in range(half):
            at, other = first + i * w, first + (i + half) * w
            k1, k2 = keys[at : at + filled], keys[other : other + filled]
            c, s = keys.dtype.type(cosine[i]), keys.dtype.type(sign * sine[i])
            for j in range(filled):
                a, b = k1[j], k2[j]
                k1[j] = c * a + s * b
                k2[j] = c * b - s * a


@njit
def angles(rates, gap, angle, sine, cosine):
    for i in range(rates.size):
        angle[i] = rates[i] * gap
    sincos_all(angle, sine, cosine)


@njit
def exchange(p, slot, cache, new, old):
    """Put `new` into a slot and what was there into `old`."""
    for i in range(new.size):
        at = i * p.window + slot
        old[i] = cache[at]
        cache[at] = new[i]
