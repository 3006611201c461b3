"""Runs of the liquid state space cell over batches: forward, backward, and forward with traces (online learning)."""

from __future__ import annotations

import numpy as np

from liquid._jit import njit
from liquid.cells._dense import copy
from liquid.cells._s4_kernels import (
    EXACT,
    MAX_TIME,
    MIN_DAMPING,
    SCRATCH,
    advance,
    block,
    parts,
    respond,
    sensitivities,
    tables,
)


@njit
def run(theta, p, x, gaps, state, y, states):
    """Run each sequence from its row of `state`, which is updated; fills `y`, and `states` if it has a length."""
    dt, through, t = tables(theta, p)
    w, zeros = np.empty((SCRATCH, p.modes)), np.zeros(p.modes, theta.dtype)
    for b in range(x.shape[0]):
        for k in range(x.shape[1]):
            sample(p, dt, through, t, x[b, k], gaps[b, k], state[b], y[b, k], w, zeros)
            if states.shape[1] > 0:
                copy(state[b], states[b, k])


@njit
def sample(p, dt, through, t, u, gap, state, y, w, zeros):
    for c in range(p.channels):
        respond(p, min(dt[c] * gap, MAX_TIME), u[c], t, c, w)
        xr, xi = parts(p, state, c, zeros)
        y[c] = advance(p, u[c], t, c, w, xr, xi) + through[c] * u[c]


@njit
def multipliers(theta, p, x, gaps, a, b):
    """Fill complex a, b (batch, length, channels, modes): x <- a x + b, or x <- (a + b) x + b if hadamard."""
    dt, _, t = tables(theta, p)
    w = np.empty((SCRATCH, p.modes))
    for s in range(x.shape[0]):
        for k in range(x.shape[1]):
            for c in range(p.channels):
                u = x[s, k, c]
                respond(p, min(dt[c] * gaps[s, k], MAX_TIME), u, t, c, w)
                for i in range(p.modes):
                    f, v = complex(w[5, i], w[6, i]), complex(t[2, c, i], t[3, c, i])
                    a[s, k, c, i], b[s, k, c, i] = complex(w[3, i], w[4, i]), f * (v * u)


@njit
def run_back(theta, p, x, gaps, state, dy, dstate, dtheta, dx, dgaps):
    """Forward keeping the states, then backward, sequence by sequence; see `Cell._backward`."""
    length = x.shape[1]
    dt, through, t = tables(theta, p)
    ddt, dthrough, d = np.zeros(dt.shape), np.zeros(dt.shape), np.zeros(t.shape)
    w, zeros, y = np.empty((SCRATCH, p.modes)), np.zeros(p.modes, theta.dtype), np.empty(p.channels, theta.dtype)
    tape = np.empty((length + 1, state.shape[1]), theta.dtype)
    for b in range(x.shape[0]):
        for k in range(length):
            copy(state[b], tape[k])
            sample(p, dt, through, t, x[b, k], gaps[b, k], state[b], y, w, zeros)
        copy(state[b], tape[length])
        for k in range(length - 1, -1, -1):
            dgap = 0.0
            for c in range(p.channels):
                u, time = x[b, k, c], min(dt[c] * gaps[b, k], MAX_TIME)
                respond(p, time, u, t, c, w)
                xr, xi = parts(p, tape[k], c, zeros)
                sensitivities(p, time, u, t, c, w, xr, xi)
                xr, xi = parts(p, tape[k + 1], c, zeros)
                qr, qi = parts(p, dstate[b], c, zeros)
                _read_back(p, dy[b, k, c], t, d, c, xr, xi, qr, qi)
                du, dtime = _mode_back(p, u, t, d, c, w, qr, qi)
                dx[b, k, c] = du + through[c] * dy[b, k, c]
                dthrough[c] += u * dy[b, k, c]
                ddt[c] += dtime * time
                dgap += dtime * dt[c]
            dgaps[b, k] = dgap
    _collect(p, ddt, dthrough, t, d, dtheta)


@njit
def _read_back(p, dy, t, d, c, xr, xi, qr, qi):
    """Backward pass of the output: the gradient of C (tables 4, 5 of `d`) and of the state (`qr`, `qi`)."""
    s = 2.0 * dy if p.complex_modes else 1.0 * dy
    for i in range(p.modes):
        d[4, c, i] += s * xr[i]
        d[5, c, i] -= s * xi[i]
        qr[i] += s * t[4, c, i]
        qi[i] -= s * t[5, c, i]


@njit
def _mode_back(p, u, t, d, c, w, qr, qi):
    """Backward pass of a channel's modes from `sensitivities`: returns dloss/du and dloss/dtime."""
    exact = 1.0 if p.recurrence == EXACT else 0.0
    du, dtime = 0.0, 0.0
    for i in range(p.modes):
        q0, q1, free = qr[i], qi[i], w[2, i]
        along, across = q0 * w[10, i] + q1 * w[11, i], q1 * w[10, i] - q0 * w[11, i]  # by Re g, by Im g
        d[0, c, i] += along * (free + (1.0 - free) * MIN_DAMPING)
        d[1, c, i] += across
        d[2, c, i] += q0 * w[14, i] + q1 * w[15, i] + exact * free * u * along
        d[3, c, i] += q1 * w[14, i] - q0 * w[15, i] + exact * u * across
        dtime += q0 * w[12, i] + q1 * w[13, i]
        du += q0 * w[18, i] + q1 * w[19, i] + exact * (free * t[2, c, i] * along + t[3, c, i] * across)
        qr[i] = q0 * w[16, i] + q1 * w[17, i]
        qi[i] = q1 * w[16, i] - q0 * w[17, i]
    return du, dtime


@njit
def _collect(p, ddt, dthrough, t, d, dtheta):
    """Add gradients by tables to a gradient by parameters."""
    h, n = p.channels, p.modes
    for c in range(h):
        dtheta[c] += ddt[c]
        dtheta[h + c] += dthrough[c]
        for i in range(n):
            d[0, c, i] *= t[0, c, i]  # Re lambda = -exp(parameter)
    for k in range(6):
        part = block(dtheta, p, k)
        for i in range(part.size):
            part[i] += d[k, i // n, i % n]


@njit
def trace_run(theta, p, u, gaps, state, traces, y):
    """One sample of each sequence (batch, channels), with `traces`, d(state)/d(parameter), kept up to date.

    A row of traces is (channels, parameters of a mode, parts, modes); see `trace_count`. The multiplier of a mode is
    also that of its traces: e <- (dx'/dx) e + dx'/d(parameter).
    """
    dt, through, t = tables(theta, p)
    w, zeros, n = np.empty((SCRATCH, p.modes)), np.zeros(p.modes, theta.dtype), p.modes
    exact = 1.0 if p.recurrence == EXACT else 0.0
    kinds = trace_count(p.complex_modes)
    for b in range(u.shape[0]):
        for c in range(p.channels):
            v, time = u[b, c], min(dt[c] * gaps[b], MAX_TIME)
            respond(p, time, v, t, c, w)
            xr, xi = parts(p, state[b], c, zeros)
            sensitivities(p, time, v, t, c, w, xr, xi)
            y[b, c] = advance(p, v, t, c, w, xr, xi) + through[c] * v
            for j in range(kinds):
                er, ei = parts(p, traces[b], kinds * c + j, zeros)
                which = j if p.complex_modes else 2 * j
                for i in range(n):
                    g0, g1, b0, b1, free = w[10, i], w[11, i], w[14, i], w[15, i], w[2, i]
                    if which == 0:
                        keep = free + (1.0 - free) * MIN_DAMPING
                        d0, d1 = g0 * keep, g1 * keep
                    elif which == 1:
                        d0, d1 = -g1, g0
                    elif which == 2:
                        d0, d1 = b0 + exact * free * v * g0, b1 + exact * free * v * g1
                    elif which == 3:
                        d0, d1 = -b1 - exact * v * g1, b0 + exact * v * g0
                    else:
                        d0, d1 = w[12, i] * time, w[13, i] * time
                    e0, e1 = er[i], ei[i]
                    er[i] = w[16, i] * e0 - w[17, i] * e1 + d0
                    ei[i] = w[16, i] * e1 + w[17, i] * e0 + d1


@njit
def trace_count(complex_modes):
    """Parameters of a mode that have a trace: both parts of lambda, both of B, log dt; of real modes one each."""
    return 5 if complex_modes else 3


@njit
def trace_grad(theta, p, u, state, traces, dy, dtheta):
    """Add the gradient of a loss on the newest outputs: `state` and `traces` are those after the sample."""
    dt, _, t = tables(theta, p)
    ddt, dthrough, d = np.zeros(dt.shape), np.zeros(dt.shape), np.zeros(t.shape)
    n, kinds = p.modes, trace_count(p.complex_modes)
    zeros = np.zeros(n, theta.dtype)
    for b in range(u.shape[0]):
        for c in range(p.channels):
            dthrough[c] += u[b, c] * dy[b, c]
            qr, qi = np.zeros(n), np.zeros(n)
            xr, xi = parts(p, state[b], c, zeros)
            _read_back(p, dy[b, c], t, d, c, xr, xi, qr, qi)
            for j in range(kinds):
                er, ei = parts(p, traces[b], kinds * c + j, zeros)
                which = j if p.complex_modes else 2 * j
                for i in range(n):
                    total = qr[i] * er[i] + qi[i] * ei[i]
                    if which < 4:
                        d[which, c, i] += total
                    else:
                        ddt[c] += total
    _collect(p, ddt, dthrough, t, d, dtheta)
