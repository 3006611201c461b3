"""Kernels of the diagonal plus low-rank state space cell. Formulas in `liquid.cells.s4`.

As in `liquid.cells._s4_kernels`, complex numbers are pairs of arrays and scratch is float64; only one of each pair of
conjugate modes is kept, so a product with P* over all of them is twice the real part of the sum over these.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from liquid._jit import njit
from liquid.cells._dense import copy
from liquid.cells._math import exp
from liquid.cells._s4_kernels import MAX_TIME, MIN_DECAY

TABLES = 8
SCRATCH = 14  # rows of scratch


class Plan(NamedTuple):
    channels: int
    modes: int
    hadamard: bool


@njit
def tables(theta, p):
    """Parameters as float64: time scale and feedthrough (channels,), and the parts of Lambda, P, B and C."""
    h, n = p.channels, p.modes
    dt, through, t = np.empty(h), np.empty(h), np.empty((TABLES, h, n))
    for c in range(h):
        dt[c], through[c] = exp(theta[c]), theta[h + c]
    for k in range(TABLES):
        for i in range(h * n):
            t[k, i // n, i % n] = theta[2 * h + k * h * n + i]
    for c in range(h):
        for i in range(n):
            t[0, c, i] = -max(exp(t[0, c, i]), MIN_DECAY)
    return dt, through, t


@njit
def solve(p, time, t, c, w, xr, xi):
    """d = 1 / (1 - h Lambda) in rows 0, 1 of the scratch `w`, (1 - h A)^-1 x in 2, 3, (1 - h A)^-1 B in 4, 5.

    Rows 6, 7 are the input gain, ``time`` times rows 4, 5. Returns sigma, tau and their denominator.
    """
    h = 0.5 * time
    lr, li, pr, pi, br, bi = t[0, c], t[1, c], t[2, c], t[3, c], t[4, c], t[5, c]
    dr, di, mr, mi, fr, fi, gr, gi = w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7]
    below, qx, qb = 1.0, 0.0, 0.0
    for i in range(p.modes):
        zr, zi = 1.0 - h * lr[i], h * li[i]
        size = zr * zr + zi * zi
        d0, d1 = zr / size, zi / size
        m0, m1 = d0 * xr[i] - d1 * xi[i], d0 * xi[i] + d1 * xr[i]
        f0, f1 = d0 * br[i] - d1 * bi[i], d0 * bi[i] + d1 * br[i]
        below += 2.0 * (pr[i] * pr[i] + pi[i] * pi[i]) * (h * d0)
        qx += 2.0 * (pr[i] * m0 + pi[i] * m1)
        qb += 2.0 * (pr[i] * f0 + pi[i] * f1)
        dr[i], di[i], mr[i], mi[i], fr[i], fi[i] = d0, d1, m0, m1, f0, f1
    sigma, tau = qx / below, qb / below
    for i in range(p.modes):
        e0, e1 = h * (dr[i] * pr[i] - di[i] * pi[i]), h * (dr[i] * pi[i] + di[i] * pr[i])
        mr[i] -= sigma * e0
        mi[i] -= sigma * e1
        fr[i] -= tau * e0
        fi[i] -= tau * e1
        gr[i], gi[i] = time * fr[i], time * fi[i]
    return sigma, tau, below


@njit
def advance(p, u, t, c, w, xr, xi):
    """The next state in place, from the rows of `solve`; returns 2 Re C x."""
    cr, ci, mr, mi, gr, gi = t[6, c], t[7, c], w[2], w[3], w[6], w[7]
    mixed = 1.0 if p.hadamard else 0.0
    y = 0.0
    for i in range(p.modes):
        x0, x1 = xr[i], xi[i]
        m0, m1 = 1.0 + mixed * x0, mixed * x1
        xr[i] = 2.0 * mr[i] - x0 + (gr[i] * m0 - gi[i] * m1) * u
        xi[i] = 2.0 * mi[i] - x1 + (gr[i] * m1 + gi[i] * m0) * u
        y += cr[i] * xr[i] - ci[i] * xi[i]
    return 2.0 * y


@njit
def _halves(p, row, c):
    """Real and imaginary part of a channel's modes in a row of states."""
    n = p.modes
    return row[2 * c * n : (2 * c + 1) * n], row[(2 * c + 1) * n : (2 * c + 2) * n]


@njit
def _sample(p, dt, through, t, u, gap, state, y, w):
    for c in range(p.channels):
        xr, xi = _halves(p, state, c)
        solve(p, min(dt[c] * gap, MAX_TIME), t, c, w, xr, xi)
        y[c] = advance(p, u[c], t, c, w, xr, xi) + through[c] * u[c]


@njit
def run(theta, p, x, gaps, state, y, states):
    """Run each sequence from its row of `state`, which is updated; fills `y`, and `states` if it has a length."""
    dt, through, t = tables(theta, p)
    w = np.empty((SCRATCH, p.modes))
    for b in range(x.shape[0]):
        for k in range(x.shape[1]):
            _sample(p, dt, through, t, x[b, k], gaps[b, k], state[b], y[b, k], w)
            if states.shape[1] > 0:
                copy(state[b], states[b, k])


@njit
def run_back(theta, p, x, gaps, state, dy, dstate, dtheta, dx, dgaps):
    """Forward keeping the states, then backward, sequence by sequence; see `Cell._backward`."""
    length, n = x.shape[1], p.modes
    dt, through, t = tables(theta, p)
    ddt, dthrough, d = np.zeros(dt.shape), np.zeros(dt.shape), np.zeros(t.shape)
    w, y = np.empty((SCRATCH, n)), np.empty(p.channels, theta.dtype)
    tape = np.empty((length + 1, state.shape[1]), theta.dtype)
    for b in range(x.shape[0]):
        for k in range(length):
            copy(state[b], tape[k])
            _sample(p, dt, through, t, x[b, k], gaps[b, k], state[b], y, w)
        copy(state[b], tape[length])
        for k in range(length - 1, -1, -1):
            dgap = 0.0
            for c in range(p.channels):
                u, time = x[b, k, c], min(dt[c] * gaps[b, k], MAX_TIME)
                xr, xi = _halves(p, tape[k + 1], c)
                qr, qi = _halves(p, dstate[b], c)
                s = 2.0 * dy[b, k, c]
                for i in range(n):
                    d[6, c, i] += s * xr[i]
                    d[7, c, i] -= s * xi[i]
                    qr[i] += s * t[6, c, i]
                    qi[i] -= s * t[7, c, i]
                xr, xi = _halves(p, tape[k], c)
                sigma, tau, below = solve(p, time, t, c, w, xr, xi)
                du, dtime = _step_back(p, time, u, t, d, c, w, xr, xi, qr, qi, sigma, tau, below)
                dx[b, k, c] = du + through[c] * dy[b, k, c]
                dthrough[c] += u * dy[b, k, c]
                ddt[c] += dtime * time
                dgap += dtime * dt[c]
            dgaps[b, k] = dgap
    h = p.channels
    for c in range(h):
        dtheta[c] += ddt[c]
        dtheta[h + c] += dthrough[c]
        for i in range(n):
            d[0, c, i] *= t[0, c, i]  # Re Lambda = -exp(parameter)
    for k in range(TABLES):
        for i in range(h * n):
            dtheta[2 * h + k * h * n + i] += d[k, i // n, i % n]


@njit
def _step_back(p, time, u, t, d, c, w, xr, xi, qr, qi, sigma, tau, below):
    """Backward pass of `solve` and `advance`; the gradient `q` of the next state becomes that of the state before.

    Gradients of complex numbers are dloss/d(real) + i dloss/d(imaginary), so those of z and a in the product a z are
    conj(a) g and conj(z) g. Returns dloss/du and dloss/dtime.
    """
    h, mixed = 0.5 * time, 1.0 if p.hadamard else 0.0
    lr, li, pr, pi, br, bi = t[0, c], t[1, c], t[2, c], t[3, c], t[4, c], t[5, c]
    dr, di, fr, fi, gr, gi = w[0], w[1], w[4], w[5], w[6], w[7]
    a0, a1, b0, b1, e0, e1 = w[8], w[9], w[10], w[11], w[12], w[13]
    hs, ht = h * sigma, h * tau
    du, dtime, along_x, along_b = 0.0, 0.0, 0.0, 0.0
    for i in range(p.modes):
        q0, q1 = qr[i], qi[i]
        m0, m1 = 1.0 + mixed * xr[i], mixed * xi[i]
        du += (gr[i] * m0 - gi[i] * m1) * q0 + (gr[i] * m1 + gi[i] * m0) * q1
        v0, v1 = u * (m0 * q0 + m1 * q1), u * (m0 * q1 - m1 * q0)  # by the gain
        dtime += fr[i] * v0 + fi[i] * v1
        v0, v1, s0, s1 = time * v0, time * v1, 2.0 * q0, 2.0 * q1  # by the solutions for B and for x
        b0[i], b1[i] = dr[i] * v0 + di[i] * v1, dr[i] * v1 - di[i] * v0
        a0[i], a1[i] = dr[i] * s0 + di[i] * s1, dr[i] * s1 - di[i] * s0
        along_b += pr[i] * b0[i] + pi[i] * b1[i]
        along_x += pr[i] * a0[i] + pi[i] * a1[i]
        y0, y1, z0, z1 = xr[i] - hs * pr[i], xi[i] - hs * pi[i], br[i] - ht * pr[i], bi[i] - ht * pi[i]
        e0[i] = y0 * s0 + y1 * s1 + z0 * v0 + z1 * v1  # by d
        e1[i] = y0 * s1 - y1 * s0 + z0 * v1 - z1 * v0
        qr[i] = mixed * u * (gr[i] * q0 + gi[i] * q1) - q0
        qi[i] = mixed * u * (gr[i] * q1 - gi[i] * q0) - q1
    gx, gb = -h * along_x / below, -h * along_b / below
    dbelow = -(gx * sigma + gb * tau)
    dh = -(sigma * along_x + tau * along_b)
    for i in range(p.modes):
        x0, x1, p0, p1, d0, d1 = xr[i], xi[i], pr[i], pi[i], dr[i], di[i]
        c0, c1 = 2.0 * (p0 * d0 + p1 * d1), 2.0 * (p1 * d0 - p0 * d1)  # 2 P conj(d)
        power = 2.0 * (p0 * p0 + p1 * p1) * dbelow
        v0 = e0[i] + 2.0 * (gx * (p0 * x0 + p1 * x1) + gb * (p0 * br[i] + p1 * bi[i])) + h * power
        v1 = e1[i] + 2.0 * (gx * (p1 * x0 - p0 * x1) + gb * (p1 * br[i] - p0 * bi[i]))
        s0, s1 = d0 * d0 - d1 * d1, 2.0 * d0 * d1
        k0, k1 = s0 * v0 + s1 * v1, s0 * v1 - s1 * v0  # conj(d^2) times the gradient by d
        d[0, c, i] += h * k0
        d[1, c, i] += h * k1
        dh += power * d0 + lr[i] * k0 + li[i] * k1
        near = 4.0 * h * d0 * dbelow
        y0, y1 = gx * x0 + gb * br[i], gx * x1 + gb * bi[i]
        d[2, c, i] += near * p0 - hs * a0[i] - ht * b0[i] + 2.0 * (d0 * y0 - d1 * y1)
        d[3, c, i] += near * p1 - hs * a1[i] - ht * b1[i] + 2.0 * (d0 * y1 + d1 * y0)
        d[4, c, i] += b0[i] + gb * c0
        d[5, c, i] += b1[i] + gb * c1
        qr[i] += a0[i] + gx * c0
        qi[i] += a1[i] + gx * c1
    return du, dtime + 0.5 * dh
