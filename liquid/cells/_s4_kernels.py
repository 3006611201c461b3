"""Kernels of the liquid state space cell. Formulas in `liquid.cells.liquid_s4`.

Complex numbers are pairs of arrays of real and imaginary parts, which become vector code where interleaved ones do
not. Scratch is float64 whatever the type of the parameters; states and traces are rounded after each sample.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from liquid._jit import njit
from liquid.cells._math import exp, expm1, sincos_all

RECURRENCES = ("exact", "hadamard", "plain")
EXACT, HADAMARD, PLAIN = range(3)
MIN_DAMPING = 0.01  # an input can take away at most 99 % of a mode's own damping
MIN_DECAY = 1e-12
MAX_TIME = 1e100
SMALL = 0.3  # |z| below which the slope of the gain is summed as a series
SERIES = 12
SCRATCH = 20  # rows of scratch


class Plan(NamedTuple):
    channels: int
    modes: int
    complex_modes: bool
    recurrence: int
    bilinear: bool


@njit
def tables(theta, p):
    """Parameters as float64: time scale and feedthrough (channels,), and 6 tables (channels, modes).

    The tables are the parts of lambda, B and C; imaginary parts of real modes are 0.
    """
    h, n = p.channels, p.modes
    dt, through, t = np.empty(h), np.empty(h), np.zeros((6, h, n))
    for c in range(h):
        dt[c], through[c] = exp(theta[c]), theta[h + c]
    for k in range(6):
        part = block(theta, p, k)
        for i in range(part.size):
            t[k, i // n, i % n] = part[i]
    for c in range(h):
        for i in range(n):
            t[0, c, i] = -max(exp(t[0, c, i]), MIN_DECAY)
    return dt, through, t


@njit
def block(theta, p, k):
    """The parameters behind table k; empty for the imaginary part of real modes."""
    h, size = p.channels, p.channels * p.modes
    if not p.complex_modes:
        if k % 2 == 1:
            return theta[:0]
        k //= 2
    return theta[2 * h + k * size : 2 * h + (k + 1) * size]


@njit
def parts(p, row, c, zeros):
    """Real and imaginary part of a channel's modes in a row of states; real modes get `zeros` for the latter."""
    n = p.modes
    if p.complex_modes:
        return row[2 * c * n : (2 * c + 1) * n], row[(2 * c + 1) * n : (2 * c + 2) * n]
    return row[c * n : (c + 1) * n], zeros


@njit
def respond(p, dt, u, t, c, w):
    """Multiplier a (rows 3, 4 of the scratch `w`) and input gain phi (5, 6) of a channel's modes after a time `dt`.

    Also kept, for `sensitivities`: g (rows 0, 1), whether the input may still move Re g (2), 1 / (1 - z / 2) (8, 9).
    """
    lr, li, br, bi = t[0, c], t[1, c], t[2, c], t[3, c]
    gr, gi, free, ar, ai, fr, fi = w[0], w[1], w[2], w[3], w[4], w[5], w[6]
    angle, first, second = w[7], w[8], w[9]
    n = p.modes
    for i in range(n):
        gr[i], gi[i], free[i] = lr[i], li[i], 1.0
    if p.recurrence == EXACT:
        for i in range(n):
            open_gate = br[i] * u < (MIN_DAMPING - 1.0) * lr[i]
            gr[i] = lr[i] + br[i] * u if open_gate else MIN_DAMPING * lr[i]
            gi[i] = li[i] + bi[i] * u
            free[i] = 1.0 if open_gate else 0.0
    if p.bilinear:
        for i in range(n):
            zr, zi = 1.0 - 0.5 * dt * gr[i], 0.5 * dt * gi[i]
            size = zr * zr + zi * zi
            first[i], second[i] = zr / size, zi / size
            ar[i], ai[i] = 2.0 * first[i] - 1.0, 2.0 * second[i]
            fr[i], fi[i] = dt * first[i], dt * second[i]
        return
    if p.complex_modes:
        for i in range(n):
            angle[i] = 0.5 * dt * gi[i]
        sincos_all(angle, first, second)
    else:
        for i in range(n):
            first[i], second[i] = 0.0, 1.0
    for i in range(n):
        shrink = expm1(dt * gr[i])  # e^z - 1 = expm1(x) cos y - 2 sin^2(y/2) + i e^x sin y has no cancellation
        lift = 2.0 * first[i] * first[i]
        ar[i] = (1.0 + shrink) * (1.0 - lift)
        ai[i] = (1.0 + shrink) * 2.0 * first[i] * second[i]
        nr = shrink * (1.0 - lift) - lift
        scale = 1.0 / (abs(gr[i]) + abs(gi[i]))
        hr, hi = gr[i] * scale, gi[i] * scale
        scale /= hr * hr + hi * hi
        fr[i], fi[i] = (nr * hr + ai[i] * hi) * scale, (ai[i] * hr - nr * hi) * scale


@njit
def advance(p, u, t, c, w, xr, xi):
    """``x <- a x + phi B u``, or ``x <- (a + phi B u) x + phi B u`` (hadamard), in place; returns 2 Re C x or C x."""
    br, bi, cr, ci, ar, ai, fr, fi = t[2, c], t[3, c], t[4, c], t[5, c], w[3], w[4], w[5], w[6]
    mixed = 1.0 if p.recurrence == HADAMARD else 0.0
    y = 0.0
    for i in range(p.modes):
        x0, x1 = xr[i], xi[i]
        m0, m1 = 1.0 + mixed * x0, mixed * x1
        v0, v1 = (br[i] * m0 - bi[i] * m1) * u, (br[i] * m1 + bi[i] * m0) * u
        xr[i] = ar[i] * x0 - ai[i] * x1 + fr[i] * v0 - fi[i] * v1
        xi[i] = ar[i] * x1 + ai[i] * x0 + fr[i] * v1 + fi[i] * v0
        y += cr[i] * xr[i] - ci[i] * xi[i]
    return 2.0 * y if p.complex_modes else y


@njit
def sensitivities(p, dt, u, t, c, w, xr, xi):
    """Derivatives of the next state of each mode, from the state before, as rows of `w`.

    By g (10, 11), by the time (12, 13), by B through phi B u (14, 15), by the state (16, 17), and by u without the way
    through g (18, 19).
    """
    br, bi, gr, gi, ar, ai, fr, fi = t[2, c], t[3, c], w[0], w[1], w[3], w[4], w[5], w[6]
    first, second = w[8], w[9]
    mixed = 1.0 if p.recurrence == HADAMARD else 0.0
    for i in range(p.modes):
        if p.bilinear:
            s0, s1 = first[i] * first[i] - second[i] * second[i], 2.0 * first[i] * second[i]
            a0, a1, b0, b1 = dt * s0, dt * s1, 0.5 * dt * dt * s0, 0.5 * dt * dt * s1  # da/dg, dphi/dg
            c0, c1, d0, d1 = gr[i] * s0 - gi[i] * s1, gr[i] * s1 + gi[i] * s0, s0, s1  # da/dt, dphi/dt
        else:
            a0, a1 = dt * ar[i], dt * ai[i]
            b0, b1 = _gain_slope(dt, gr[i], gi[i], ar[i], ai[i], fr[i], fi[i])
            c0, c1, d0, d1 = gr[i] * ar[i] - gi[i] * ai[i], gr[i] * ai[i] + gi[i] * ar[i], ar[i], ai[i]
        x0, x1 = xr[i], xi[i]
        m0, m1 = 1.0 + mixed * x0, mixed * x1
        q0, q1 = br[i] * m0 - bi[i] * m1, br[i] * m1 + bi[i] * m0
        v0, v1 = q0 * u, q1 * u
        w[10, i], w[11, i] = a0 * x0 - a1 * x1 + b0 * v0 - b1 * v1, a0 * x1 + a1 * x0 + b0 * v1 + b1 * v0
        w[12, i], w[13, i] = c0 * x0 - c1 * x1 + d0 * v0 - d1 * v1, c0 * x1 + c1 * x0 + d0 * v1 + d1 * v0
        w[14, i], w[15, i] = (fr[i] * m0 - fi[i] * m1) * u, (fr[i] * m1 + fi[i] * m0) * u
        w[16, i] = ar[i] + mixed * (fr[i] * br[i] - fi[i] * bi[i]) * u
        w[17, i] = ai[i] + mixed * (fr[i] * bi[i] + fi[i] * br[i]) * u
        w[18, i], w[19, i] = fr[i] * q0 - fi[i] * q1, fr[i] * q1 + fi[i] * q0


@njit(forceinline=True)
def _gain_slope(dt, gr, gi, ar, ai, fr, fi):
    """d phi / d g = (dt a - phi) / g, whose cancellation for small z = dt g the series avoids."""
    zr, zi = dt * gr, dt * gi
    p0, p1, k = 0.0, 0.0, 1.0 / 87178291200.0  # 14!
    for j in range(SERIES, -1, -1):  # sum of (j + 1) / (j + 2)! z^j
        p0, p1 = p0 * zr - p1 * zi + (j + 1) * k, p0 * zi + p1 * zr
        k *= j + 2
    scale = 1.0 / (abs(gr) + abs(gi))
    hr, hi = gr * scale, gi * scale
    scale /= hr * hr + hi * hi
    n0, n1 = dt * ar - fr, dt * ai - fi
    small = abs(zr) + abs(zi) < SMALL
    return (
        dt * dt * p0 if small else (n0 * hr + n1 * hi) * scale,
        dt * dt * p1 if small else (n1 * hr - n0 * hi) * scale,
    )
