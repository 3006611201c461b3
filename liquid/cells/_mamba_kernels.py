"""Kernels of the selective state space block. Formulas in `liquid.cells.mamba`."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from liquid._jit import njit
from liquid.cells._dense import affine, affine_back, copy, linear, linear_back
from liquid.cells._layer_kernels import clamp
from liquid.cells._math import exp, expm1, sigmoid, softplus
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
def respond(theta, p, a, u, gap, past, h, row, y):
    """One sample: advances the modes `h`, fills `row` and `y`; the caller shifts `past`."""
    x, z, mixed, s, select, dt, time, read, gated = parts(p, row)
    r = p.rank
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
    _advance(p, time, s, a, select[r:], h, read)
    through = theta[p.p_through : p.p_out]
    for i in range(p.inner):
        read[i] += through[i] * s[i]
        gated[i] = read[i] * (z[i] * sigmoid(z[i]))
    linear(theta, p.p_out, gated, y)


@njit
def _advance(p, time, s, a, select, h, read):
    """Advance the modes of all channels, and fill `read` with what they give. `select` is (B, C)."""
    n = p.modes
    into, out = select[:n], select[n:]
    for i in range(time.size):
        rate, modes = a[i * n : (i + 1) * n], h[i * n : (i + 1) * n]
        step, u, total = time[i], s[i], a.dtype.type(0)
        if p.zoh:
            for k in range(n):
                e = expm1(-step * rate[k])
                modes[k] = (1.0 + e) * modes[k] - e / rate[k] * u * into[k]
        else:
            for k in range(n):
                modes[k] = exp(-step * rate[k]) * modes[k] + step * u * into[k]
        for k in range(n):
            total += modes[k] * out[k]
        read[i] = total


@njit
def respond_back(theta, p, a, u, gap, past, before, after, row, dy, dpast, dh, dtheta, du, drow):
    """Backward pass of `respond` and the shift after it; returns dloss/dgap.

    `dpast` and `dh` hold dloss/d(state after) on entry and dloss/d(state before) on return. `drow` is scratch of a
    row and twice the modes.
    """
    x, z, mixed, s, select, dt, time, read, gated = parts(p, row)
    dx, dz, dmixed, ds, dselect, ddt, dtime, dread, dgated = parts(p, drow)
    dscratch = drow[row_size(p) :]
    n, r = p.modes, p.rank
    through, dthrough = theta[p.p_through : p.p_out], dtheta[p.p_through : p.p_out]
    linear_back(theta, dtheta, p.p_out, gated, dy, dgated)
    for i in range(p.inner):
        open_ = sigmoid(z[i])
        slope = open_ * (1.0 + z[i] * (1.0 - open_))
        dz[i] = dgated[i] * read[i] * slope if abs(z[i]) < p.limit else 0.0
        dread[i] = dgated[i] * z[i] * open_
        dthrough[i] += dread[i] * s[i]
        ds[i] = dread[i] * through[i]
    for k in range(r, r + 2 * n):
        dselect[k] = 0.0
    dlog_a = dtheta[p.p_modes : p.p_through]
    _advance_back(p, time, s, a, select[r:], before, after, dread, dh, dlog_a, dselect[r:], dtime, ds, dscratch)
    dgap = 0.0
    for i in range(p.inner):
        d = dtime[i] if time[i] < MAX_TIME else 0.0
        dgap += d * softplus(dt[i])
        ddt[i] = d * gap * sigmoid(dt[i])
    affine_back(theta, dtheta, p.p_dt, select[:r], ddt, dselect[:r])
    linear_back(theta, dtheta, p.p_select, s, dselect, dread)
    dbias = dtheta[p.p_bias : p.p_select]
    for i in range(p.inner):
        open_ = sigmoid(mixed[i])
        slope = open_ * (1.0 + mixed[i] * (1.0 - open_))
        dmixed[i] = (ds[i] + dread[i]) * slope if abs(mixed[i]) < p.limit else 0.0
        dbias[i] += dmixed[i]
    convolve_back(theta[p.p_taps : p.p_bias], dtheta[p.p_taps : p.p_bias], past, x, dmixed, dpast, dx)
    linear_back(theta, dtheta, 0, u, drow[: 2 * p.inner], du)
    return dgap


@njit
def _advance_back(p, time, s, a, select, before, after, dread, dh, dlog_a, dselect, dtime, ds, work):
    """Backward pass of `_advance`: takes `dh` back, fills `dtime`, adds to `dlog_a`, `dselect` and `ds`.

    Many short loops: with more than a few arrays in one the compiler gives up proving that they do not overlap.
    """
    n = p.modes
    into, out, dinto, dout = select[:n], select[n:], dselect[:n], dselect[n:]
    keep, gain = work[:n], work[n : 2 * n]
    for i in range(time.size):
        here = slice(i * n, (i + 1) * n)
        rate, d, dlog = a[here], dh[here], dlog_a[here]
        old, new = before[here], after[here]
        step, u, dr = time[i], s[i], dread[i]
        if p.zoh:
            for k in range(n):
                e = expm1(-step * rate[k])
                keep[k] = 1.0 + e
                gain[k] = -e / rate[k]
        else:
            for k in range(n):
                keep[k] = exp(-step * rate[k])
                gain[k] = step
        du, dstep = a.dtype.type(0), a.dtype.type(0)
        for k in range(n):
            d[k] += dr * out[k]
        for k in range(n):
            dout[k] += dr * new[k]
        for k in range(n):
            du += d[k] * gain[k] * into[k]
        for k in range(n):
            dinto[k] += u * d[k] * gain[k]
        if p.zoh:
            for k in range(n):
                slope = u * into[k] - rate[k] * old[k]
                dstep += d[k] * keep[k] * slope
            for k in range(n):
                dlog[k] += d[k] * (step * keep[k] * (u * into[k] - rate[k] * old[k]) - gain[k] * u * into[k])
        else:
            for k in range(n):
                dstep += d[k] * (u * into[k] - rate[k] * keep[k] * old[k])
            for k in range(n):
                dlog[k] -= d[k] * step * rate[k] * keep[k] * old[k]
        for k in range(n):
            d[k] *= keep[k]
        ds[i] += du
        dtime[i] = dstep


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
    a, drow = rates(theta, p), np.empty(row_size(p) + 2 * p.modes, theta.dtype)
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
