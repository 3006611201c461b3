"""Find the series' own period in the shape memory, now and then."""

from __future__ import annotations

import math

import numpy as np

from liquid._jit import njit

#: A period is looked for whenever this many blocks have come on a level.
EVERY = 128
#: And, on a level that has fewer, whenever so many have.
YOUNG = 16
_LEAST = 4
_SURE = 4.5  # deviations of the autocorrelation of noise
_STRONG = 0.4
_DIP = 0.2

#: period in units (0: none); votes for it; level it was found on.
PERIOD = np.dtype([("period", "f4"), ("candidate", "f4"), ("votes", "i4"), ("level", "i4")], align=True)


@njit
def _prominent(r, lag, low):
    """A local maximum of r that stands out of the lowest value before it."""
    return lag >= _LEAST and r[lag] >= r[lag - 1] and r[lag] >= r[lag + 1] and r[lag] - low >= _DIP


@njit
def autocorrelation_peak(x, n, out):
    """The smallest lag with a prominent autocorrelation peak; 0 when there is none.

    Parameters
    ----------
    x : (>= n,) values, oldest first (its mean is removed in place). out : (>= n // 3 + 1,) scratch.

    Returns
    -------
    lag : with parabolic interpolation, in samples; needs a peak >= 0.4 after a dip 0.2 lower.
    """
    m = 0.0
    for k in range(n):
        m += x[k]
    m /= n
    power = 0.0
    for k in range(n):
        x[k] -= m
        power += x[k] * x[k]
    if not power > 1e-9:
        return 0.0
    last = n // 3
    top = 0.0
    for lag in range(1, last + 1):
        v = 0.0
        for k in range(n - lag):
            v += x[k] * x[k + lag]
        out[lag] = v / power * n / (n - lag)
    low = 1.0
    for lag in range(2, last):
        low = min(low, out[lag - 1])
        if _prominent(out, lag, low):
            top = max(top, out[lag])
    if top < max(_STRONG, _SURE / math.sqrt(n)):
        return 0.0
    low = 1.0
    for lag in range(2, last):
        low = min(low, out[lag - 1])
        if _prominent(out, lag, low) and out[lag] >= 0.9 * top:
            curve = out[lag - 1] - 2.0 * out[lag] + out[lag + 1]
            return lag + (0.5 * (out[lag - 1] - out[lag + 1]) / curve if curve < 0.0 else 0.0)
    return 0.0


@njit
def look(state, rings, level, pushed, work):
    """Search one level for a period after `pushed` blocks were pushed.

    Returns
    -------
    True when there is another period. A period is taken when it is seen twice in a row, and kept by the finest level
    that saw it.
    """
    blocks = rings.blocks[level]
    length = rings.code.shape[1]
    every = EVERY if blocks >= EVERY else YOUNG
    if blocks // every == (blocks - pushed) // every or blocks < 2 * YOUNG:
        return False
    n = min(blocks, length)
    start = blocks % length if blocks >= length else 0
    x, out = work[0], work[1]
    for k in range(n):
        x[k] = rings.code[level, (start + k) % length]
    lag = autocorrelation_peak(x, n, out)
    if lag == 0.0:
        if state.level == level and state.period > 0.0:
            state.votes -= 1
            if state.votes <= -4:
                state.period = 0.0
                state.votes = 0
                return True
        return False
    period = lag * (1 << level)
    if state.period > 0.0:
        if abs(period / state.period - 1.0) < 0.05:
            state.votes = 0
            if level <= state.level:
                state.period = period  # of more blocks: seen better
            return False
        if level > state.level:
            return False
    if state.candidate > 0.0 and abs(period / state.candidate - 1.0) < 0.05:
        state.period = period
        state.candidate = 0.0
        state.level = level
        state.votes = 0
        return True
    state.candidate = period
    return False
