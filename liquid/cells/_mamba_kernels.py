"""Kernels of the selective state space block. Formulas in `liquid.cells.mamba`."""

from __future__ import annotations

from math import log1p
from typing import NamedTuple

import numpy as np

from liquid._jit import njit
from liquid.cells._dense import affine, affine_back, copy, linear, linear_back
from liquid.cells._layer_kernels import clamp
from liquid.cells._math import exp, expm1, sigmoid
from liquid.cells._short_conv import convolve, convolve_back, shift

DISCRETISATIONS = ("euler", "zoh")
MAX_TIME = 1e5


class Plan(NamedTuple):
    """Sizes, and where things are in the parameter vector and in a sequence's state."""

    inputs: int
    inner: int
    modes: int
    rank: int
    zoh: bool
    limit: float
    p_taps: int
    p_bias: int
    p_select: int
    p_dt: int
    p_modes: int
    p_through: int
    p_out: int
    s_modes: int


@njit
def row_size(p):
    """What a sample leaves behind (see `parts`)."""
    return 8 * p.inner + p.rank + 2 * p.modes


@njit
def parts(p, row):
    """x before the convolution | z | convolution | its SiLU | low rank dt, B, C | dt before softplus | gap times dt |
    output of the modes | that times SiLU(z).
    """
    n, select = p.inner, 4 * p.inner
    dt = select + p.rank + 2 * p.modes
    return (
        row[:n],
        row[n : 2 * n],
        row[2 * n : 3 * n],
        row[3 * n : select],
        row[select:dt],
        row[dt : dt + n],
        row[dt + n : dt + 2 * n],
        row[dt + 2 * n : dt + 3 * n],
        row[dt + 3 * n :],
    )


@njit
def rates(theta, p):
    """-A, positive, (inner modes,)."""
    a = theta[p.p_modes : p.p_through].copy()
    for i in range(a.size):
        a[i] = exp(a[i])
    return a


@njit
def softplus(v):
    """``log(1 + exp(v))``"""
    return max(v, 0.0) + log1p(exp(-abs(v)))


@njit
def respond(theta, p, a, u, gap, past, h, row, y):
    """One sample: advances the modes `h`, fills `row` and `y`; the caller shifts `past`."""
    x, z, mixed, s, select, dt, time, read, gated = parts(p, row)
    n, r = p.modes, p.rank
    linear(theta, 0, u, row[: 2 * p.inner])
    copy(theta[p.p_bias : p.p_select], mixed)
    convolve(theta[p.p_taps : p.p_bias], past, x, mixed)
    for i in range(p.inner):
        mixed[i], z[i] = clamp(mixed[i], p.limit), clamp(z[i], p.limit)
        s[i] = mixed[i] * sigmoid(mixed[i])
    linear(theta, p.p_select, s, select)
    affine(theta, p.p_dt, select[:r], dt)
    for i in range(p.inner):
        time[i] = min(softplus(dt[i]) * gap, MAX_TIME)
    into, out, through = select[r : r + n], select[r + n :], theta[p.p_through : p.p_out]
    for i in range(p.inner):
        read[i] = through[i] * s[i] + _advance(p, time[i], s[i], a[i * n : (i + 1) * n], into, out, h[i * n :])
        gated[i] = read[i] * (z[i] * sigmoid(z[i]))
    linear(theta, p.p_out, gated, y)


@njit
def _advance(p, time, s, a, into, out, h):
    """The modes of one channel; returns what they read out."""
    total = a.dtype.type(0)
    if p.zoh:
        for k in range(a.size):
            e = expm1(-time * a[k])
            h[k] = (1.0 + e) * h[k] - e / a[k] * s * into[k]
            total += h[k] * out[k]
    else:
        drive = time * s
        for k in range(a.size):
            h[k] = exp(-time * a[k]) * h[k] + drive * into[k]
            total += h[k] * out[k]
    return total


@njit
def respond_back(theta, p, a, u, gap, past, before, after, row, dy, dpast, dh, dtheta, du, drow):
    """Backward pass of `respond` and the shift after it; returns dloss/dgap.

    `dpast` and `dh` hold dloss/d(state after) on entry and dloss/d(state before) on return. `drow` is scratch.
    """
    x, z, mixed, s, select, dt, time, read, gated = parts(p, row)
    dx, dz, dmixed, ds, dselect, ddt, dscratch, dread, dgated = parts(p, drow)
    n, r = p.modes, p.rank
    into, out, through = select[r : r + n], select[r + n :], theta[p.p_through : p.p_out]
    dinto, dout, dthrough = dselect[r : r + n], dselect[r + n :], dtheta[p.p_through : p.p_out]
    linear_back(theta, dtheta, p.p_out, gated, dy, dgated)
    for i in range(p.inner):
        open_ = sigmoid(z[i])
        slope = open_ * (1.0 + z[i] * (1.0 - open_))
        dz[i] = dgated[i] * read[i] * slope if abs(z[i]) < p.limit else 0.0
        dread[i] = dgated[i] * z[i] * open_
        dthrough[i] += dread[i] * s[i]
        ds[i] = dread[i] * through[i]
    for k in range(n):
        dinto[k], dout[k] = 0.0, 0.0
    dgap = 0.0
    for i in range(p.inner):
        at = i * n
        dtime, dsi = _advance_back(
            p, time[i], s[i], a[at : at + n], into, out, before[at:], after[at:], dread[i],
            dh[at:], dtheta[p.p_modes + at :], dinto, dout,
        )  # fmt: skip
        ds[i] += dsi
        free = time[i] < MAX_TIME
        dgap += dtime * softplus(dt[i]) if free else 0.0
        ddt[i] = dtime * gap * sigmoid(dt[i]) if free else 0.0
    affine_back(theta, dtheta, p.p_dt, select[:r], ddt, dselect[:r])
    linear_back(theta, dtheta, p.p_select, s, dselect, dscratch)
    dbias = dtheta[p.p_bias : p.p_select]
    for i in range(p.inner):
        open_ = sigmoid(mixed[i])
        slope = open_ * (1.0 + mixed[i] * (1.0 - open_))
        dmixed[i] = (ds[i] + dscratch[i]) * slope if abs(mixed[i]) < p.limit else 0.0
        dbias[i] += dmixed[i]
    convolve_back(theta[p.p_taps : p.p_bias], dtheta[p.p_taps : p.p_bias], past, x, dmixed, dpast, dx)
    linear_back(theta, dtheta, 0, u, drow[: 2 * p.inner], du)
    return dgap


@njit
def _advance_back(p, time, s, a, into, out, before, after, dread, dh, dlog_a, dinto, dout):
    """Backward pass of `_advance`: takes `dh` back, adds to `dlog_a`, `dinto`, `dout`; returns dtime, ds."""
    dtime, ds = a.dtype.type(0), a.dtype.type(0)
    for k in range(a.size):
        if p.zoh:
            e = expm1(-time * a[k])
            keep, gain, gain_time = 1.0 + e, -e / a[k], 1.0 + e
            gain_log_a = time * keep - gain
        else:
            keep, gain, gain_time, gain_log_a = exp(-time * a[k]), time * 1.0, 1.0, 0.0
        d = dh[k] + dread * out[k]
        dout[k] += dread * after[k]
        dinto[k] += d * gain * s
        ds += d * gain * into[k]
        fading = -a[k] * keep * before[k]
        dtime += d * (fading + gain_time * s * into[k])
        dlog_a[k] += d * (time * fading + gain_log_a * s * into[k])
        dh[k] = d * keep
    return dtime, ds


@njit
def run(theta, p, x, gaps, state, y, states):
    """Run each sequence from its row of `state`, which is updated; fills `y`, and `states` if it has a length."""
    a, row = rates(theta, p), np.empty(row_size(p), theta.dtype)
    now = row[: p.inner]
    for b in range(x.shape[0]):
        past, h = state[b, : p.s_modes], state[b, p.s_modes :]
        for t in range(x.shape[1]):
            respond(theta, p, a, x[b, t], gaps[b, t], past, h, row, y[b, t])
            shift(past, now)
            if states.shape[1] > 0:
                copy(state[b], states[b, t])


@njit
def run_back(theta, p, x, gaps, state, dy, dstate, dtheta, dx, dgaps):
    """Forward with a tape and backward, sequence by sequence; see `Cell._backward`."""
    length, kept = x.shape[1], p.s_modes
    a, drow = rates(theta, p), np.empty(row_size(p), theta.dtype)
    tape = np.empty((length, row_size(p)), theta.dtype)
    modes = np.empty((length + 1, p.inner * p.modes), theta.dtype)
    seen, y = np.empty(kept + length * p.inner, theta.dtype), np.empty(dy.shape[2], theta.dtype)
    for b in range(x.shape[0]):
        copy(state[b, :kept], seen)
        copy(state[b, kept:], modes[0])
        for t in range(length):
            at = t * p.inner
            copy(modes[t], modes[t + 1])
            respond(theta, p, a, x[b, t], gaps[b, t], seen[at : at + kept], modes[t + 1], tape[t], y)
            copy(tape[t, : p.inner], seen[at + kept :])
        dpast, dh = dstate[b, :kept], dstate[b, kept:]
        for t in range(length - 1, -1, -1):
            at = t * p.inner
            dgaps[b, t] = respond_back(
                theta, p, a, x[b, t], gaps[b, t], seen[at : at + kept], modes[t], modes[t + 1], tape[t], dy[b, t],
                dpast, dh, dtheta, dx[b, t], drow,
            )  # fmt: skip
