"""The shape memory: dyadic rings of block means on the unit-time grid, searched for the newest window.

Level l holds the last N means of 2**l grid cells, as int8 in steps of deviation / STEPS. For a level with a new block
the newest WINDOW blocks are compared with every earlier window by a softened, exponentially weighted correlation
distance. The search is read twice: its minimum is how unlike anything the newest shape is (evidence for the detector),
and what followed the similar windows is the analog forecast.
"""

from __future__ import annotations

import math

import numpy as np

from liquid._jit import njit

f4 = np.float32

WINDOW = 24
FADE = 0.9  # weight of a block one older
STEPS = 24.0  # int8 steps per deviation
SPREAD = 6  # blocks of continuation of which the spread is kept too
MIN_BLOCKS = 3 * WINDOW
_SHARPNESS = 1.5
_SOFT = 1e-3
_SAME = 2e-5  # a squared distance below is rounding, of int8 and of float32: the windows are equal
_SCRATCH = 8

_WEIGHT = 1.0 / sum(FADE**k for k in range(WINDOW))


def rings_dtype(levels: int, length: int, ahead: int) -> np.dtype:
    """State of the rings: codes, blocks written and running sum per level, and what the last search said.

    `ahead` blocks of continuation are kept: offsets 0..ahead - 1 after the newest block. `distance` is -1 until a level
    holds MIN_BLOCKS blocks. `curve` and `spread` are in int8 steps around the centre.
    """
    return np.dtype(
        [
            ("blocks", "i8", (levels,)),
            ("sum", "f8", (levels,)),
            ("distance", "f4", (levels,)),
            ("curve", "f4", (levels, ahead)),
            ("spread", "f4", (levels, SPREAD)),
            ("code", "i1", (levels, length)),
        ],
        align=True,
    )


def scratch(length: int) -> np.ndarray:
    """Work space for `search`; belongs to a thread, not to a series."""
    return np.zeros((_SCRATCH, length), f4)


@njit
def recode(rings, factor, shift):
    """Express everything stored in new steps: z becomes z * factor - shift (z in deviations)."""
    levels, length = rings.code.shape
    s = shift * STEPS
    for level in range(levels):
        for k in range(length):
            rings.code[level, k] = _code(rings.code[level, k] * factor - s)
        for k in range(rings.curve.shape[1]):
            rings.curve[level, k] = min(max(rings.curve[level, k] * factor - s, -1e6), 1e6)
        for k in range(SPREAD):
            rings.spread[level, k] = min(rings.spread[level, k] * factor, 1e6)


@njit
def _code(x):
    return np.int8(round(min(max(x, -127.0), 127.0)))  # clipped first: beyond 2**63 rounding gives garbage


@njit
def push(rings, cells_before, previous, value, cells, centre, step):
    """Append the grid cells that an event completes; cells between two events lie on the straight line.

    Parameters
    ----------
    rings : record of rings_dtype. cells_before : grid cells before this event.
    previous, value : values of the previous and of this event. cells : how many cells to append.
    centre, step : of the series' scale (value units; step 0: not known yet).

    Returns
    -------
    fresh : bit l is set when level l got a new block.
    """
    levels, length = rings.code.shape
    fresh = 0
    for c in range(1, cells + 1):
        v = value if c == cells else previous + (value - previous) * c / cells
        v -= centre
        at = cells_before + c
        for level in range(levels):
            size = 1 << level
            rings.sum[level] += v
            if at % size:
                continue
            mean = rings.sum[level] / size
            rings.sum[level] = 0.0
            p = rings.blocks[level] % length
            rings.code[level, p] = _code(mean / step * STEPS) if step > 0.0 else np.int8(0)
            rings.blocks[level] += 1
            fresh |= size
    return fresh


@njit
def shift_sums(rings, cells, shift):
    """Move the running block sums to a new centre (value units)."""
    for level in range(len(rings.sum)):
        rings.sum[level] -= shift * (cells % (1 << level))


@njit
def search(rings, level, softness, work):
    """Compare the newest window of a level with all earlier ones; store distance, continuation and spread.

    For windows with weighted mean mu and deviation sd, and S = softness:
    d^2 = v_q/(sd_q+S)^2 + v_a/(sd_a+S)^2 - 2 cov(q,a)/((sd_q+S)(sd_a+S)). The continuation weighs what followed each
    window a by exp(-1.5 (d^2 - min d^2)/(min d^2 + .001)).

    Parameters
    ----------
    level : with at least MIN_BLOCKS blocks. softness : the series' deviation in int8 steps.
    work : from `scratch`.
    """
    length = rings.code.shape[1]
    blocks = rings.blocks[level]
    have = min(blocks, length)
    start = blocks % length if blocks >= length else 0
    a, b, c, mean, square, dot = work[0], work[1], work[2], work[3], work[4], work[5]
    weight, wq = work[6], work[7]
    code = rings.code[level]
    head = min(have, length - start)
    for k in range(head):
        a[k] = f4(code[start + k])
    for k in range(have - head):
        a[head + k] = f4(code[k])
    _moments(a, b, c, mean, square, have)
    o = have - WINDOW
    n = have - 2 * WINDOW + 1
    mu = mean[o]
    v = f4(0.0)
    w = f4(_WEIGHT)
    for k in range(WINDOW - 1, -1, -1):
        d = a[o + k] - mu
        wq[k] = w * d
        v += w * d * d
        w *= f4(FADE)
    s = f4(softness)
    u = f4(1.0) / (np.sqrt(v) + s)
    _dots(a, wq, dot, n)
    _distances(mean, square, dot, n, s, f4(2.0) * u)
    for j in range(n):
        b[j] = dot[j]
    low = _minimum(b, n)
    best = low + v * u * u
    if best < f4(_SAME):
        best = f4(0.0)
    rings.distance[level] = np.sqrt(best)
    _weights(dot, weight, n, low, f4(_SHARPNESS) / (best + f4(_SOFT)))
    total = f4(0.0)
    base = f4(0.0)
    for j in range(n):
        total += weight[j]
        base += weight[j] * mean[j]
    for k in range(rings.curve.shape[1]):
        m = (_dot(weight, a[WINDOW - 1 + k : WINDOW - 1 + k + n], n) - base) / total
        rings.curve[level, k] = mu + m
        if k < SPREAD:
            q = _squares(weight, a[WINDOW - 1 + k : WINDOW - 1 + k + n], mean, n) / total
            rings.spread[level, k] = np.sqrt(max(q - m * m, f4(0.0)))


# Weighted means of all windows by doubling: with r = FADE, S2_j = r x_j + x_{j+1}, S4_j = r^2 S2_j + S2_{j+2}, ...
# always into a second array, because in place the loop would not be vectorised.
@njit
def _fold(x, out, n, lag, r):
    y = x[lag : lag + n]
    for j in range(n):
        out[j] = r * x[j] + y[j]


@njit
def _window(b, c, out, have):
    r1 = f4(FADE)
    r2 = r1 * r1
    r4 = r2 * r2
    r8 = r4 * r4
    r16 = r8 * r8
    _fold(b, c, have - 1, 1, r1)
    _fold(c, b, have - 3, 2, r2)
    _fold(b, c, have - 7, 4, r4)
    n = have - WINDOW + 1
    x = c[8 : 8 + n]
    y = c[16 : 16 + n]
    for j in range(n):
        out[j] = r16 * c[j] + r8 * x[j] + y[j]


@njit
def _moments(a, b, c, mean, square, have):
    for j in range(have):
        b[j] = f4(_WEIGHT) * a[j]
    _window(b, c, mean, have)
    for j in range(have):
        b[j] = f4(_WEIGHT) * a[j] * a[j]
    _window(b, c, square, have)


@njit
def _dots(a, q, dot, n):
    for j in range(n):
        dot[j] = f4(0.0)
    for k in range(0, WINDOW, 4):
        q0, q1, q2, q3 = q[k], q[k + 1], q[k + 2], q[k + 3]
        a0, a1, a2, a3 = a[k : k + n], a[k + 1 : k + 1 + n], a[k + 2 : k + 2 + n], a[k + 3 : k + 3 + n]
        for j in range(n):
            dot[j] += q0 * a0[j] + q1 * a1[j] + q2 * a2[j] + q3 * a3[j]


@njit
def _distances(mean, square, dot, n, s, twice):
    for j in range(n):
        v = abs(square[j] - mean[j] * mean[j])
        x = f4(1.0) / (np.sqrt(v) + s)
        dot[j] = v * x * x - twice * dot[j] * x


@njit
def _minimum(x, n):
    """Minimum by halving (x is destroyed): the only form of a minimum that is vectorised."""
    while n > 8:
        h = (n + 1) // 2
        y = x[h:n]
        for j in range(n - h):
            p = x[j]
            q = y[j]
            x[j] = p if p < q else q
        n = h
    m = x[0]
    for j in range(n):
        m = min(m, x[j])
    return m


@njit
def _weights(d, weight, n, low, sharpness):
    # exp(-x) as (1 - x/64)^64: six squarings, no library call
    for j in range(n):
        x = f4(1.0) - min((d[j] - low) * sharpness, f4(40.0)) * f4(1.0 / 64.0)
        x = x * x
        x = x * x
        x = x * x
        x = x * x
        x = x * x
        weight[j] = x * x


@njit
def _dot(x, y, n):
    v = f4(0.0)
    for j in range(n):
        v += x[j] * y[j]
    return v


@njit
def _squares(weight, y, mean, n):
    v = f4(0.0)
    for j in range(n):
        d = y[j] - mean[j]
        v += weight[j] * d * d
    return v


@njit
def ready(rings, level):
    """True when the level has been searched."""
    return rings.distance[level] >= 0.0


@njit
def floor_log2(x):
    """floor(log2(x)) for x >= 1, exact at powers of two."""
    return math.floor(math.log2(x) + 1e-9)
