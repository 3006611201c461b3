"""Kernels of the CfC cell: one step, its backward pass, and runs over batches. Formulas in `liquid.cells.cfc`."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from liquid._jit import njit
from liquid.cells._activations import activate, activate_back
from liquid.cells._dense import affine, affine_back, copy
from liquid.cells._math import exp, sigmoid, tanh

MODES = ("default", "no_gate", "pure")
DEFAULT, NO_GATE, PURE = range(3)


class Plan(NamedTuple):
    """Sizes, and where things are in the parameter vector and in a tape row (all that one step leaves behind)."""

    inputs: int
    units: int
    backbone: int  # units of a backbone layer
    layers: int
    features: int  # inputs of the heads
    heads: int
    mode: int
    activation: int
    mixed: bool
    outputs: int  # of the projection, 0 without one
    p_layers: int
    p_heads: int
    p_tau: int
    p_out: int
    r_layers: int  # row: z | each layer before, after its activation | heads | tanh a1, tanh a2, s | LSTM
    r_heads: int
    r_gates: int
    r_lstm: int  # [u, h] | i, ig, fg, og after their activations | c before | tanh(c after)
    row: int


@njit
def sense(theta, p, u, state, row):
    """Everything of a step that does not depend on the gap: fills `row` up to the heads (and advances an LSTM)."""
    joined = p.inputs + p.units
    z = row[:joined]
    copy(u, z)
    if p.mixed:
        _lstm(theta, p, u, state, row)
    else:
        copy(state[: p.units], z[p.inputs :])
    features, at = z, p.p_layers
    for layer in range(p.layers):
        r = p.r_layers + 2 * layer * p.backbone
        before, after = row[r : r + p.backbone], row[r + p.backbone : r + 2 * p.backbone]
        at = affine(theta, at, features, before)
        activate(p.activation, before, after)
        features = after
    affine(theta, p.p_heads, features, row[p.r_heads : p.r_gates])


@njit
def emit(theta, p, gap, row, h):
    """The state `gap` after the previous sample, from what `sense` left in `row`; may be asked for several gaps."""
    n = p.units
    a, gate = row[p.r_heads : p.r_gates], row[p.r_gates : p.r_lstm]
    if p.mode == PURE:
        for i in range(n):
            tau, scale = theta[p.p_tau + i], theta[p.p_tau + n + i]
            h[i] = scale - scale * exp(-gap * (abs(tau) + abs(a[i]))) * a[i]
        return
    for i in range(n):
        gate[i] = tanh(a[i])
        gate[n + i] = tanh(a[n + i])
        gate[2 * n + i] = sigmoid(a[2 * n + i] * gap + a[3 * n + i])
    if p.mode == DEFAULT:
        for i in range(n):
            h[i] = gate[i] * (1 - gate[2 * n + i]) + gate[2 * n + i] * gate[n + i]
    else:
        for i in range(n):
            h[i] = gate[i] + gate[2 * n + i] * gate[n + i]


@njit
def emit_back(theta, p, gap, row, dh, dtheta, da):
    """Backward pass of `emit`: fill `da`, dloss/d(heads), add to the gradient; returns dloss/dgap."""
    n = p.units
    a, gate = row[p.r_heads : p.r_gates], row[p.r_gates : p.r_lstm]
    dgap = 0.0
    if p.mode == PURE:
        for i in range(n):
            tau, scale, ai = theta[p.p_tau + i], theta[p.p_tau + n + i], a[i]
            rate = abs(tau) + abs(ai)
            decay = exp(-gap * rate)
            da[i] = -dh[i] * scale * decay * (1 - gap * abs(ai))
            dtheta[p.p_tau + i] += dh[i] * scale * gap * np.sign(tau) * decay * ai
            dtheta[p.p_tau + n + i] += dh[i] * (1 - decay * ai)
            dgap += dh[i] * scale * decay * rate * ai
        return dgap
    blend = 1.0 if p.mode == DEFAULT else 0.0
    for i in range(n):
        g, k, s = gate[i], gate[n + i], gate[2 * n + i]
        ds = dh[i] * (k - blend * g) * s * (1 - s)
        da[i] = dh[i] * (1 - g * g) * (1 - blend * s)
        da[n + i] = dh[i] * (1 - k * k) * s
        da[2 * n + i] = ds * gap
        da[3 * n + i] = ds
        dgap += ds * a[2 * n + i]
    return dgap


@njit
def step_back(theta, p, gap, row, dstate, dtheta, du, work):
    """Backward pass of one step from its tape row.

    `dstate` holds dloss/d(next state) on entry and dloss/d(state) on return; `du` is filled, `dtheta` added to.
    `work` is scratch of `work_size(p)`. Returns dloss/dgap.
    """
    joined, wide = p.inputs + p.units, max(p.inputs + p.units, p.backbone)
    da, d, dlower = work[: 4 * p.units], work[4 * p.units :], work[4 * p.units + wide :]
    dgap = emit_back(theta, p, gap, row, dstate[: p.units], dtheta, da)
    at, width = p.p_heads, p.features
    if p.layers > 0:
        features = row[p.r_heads - p.backbone : p.r_heads]
    else:
        features = row[:joined]
    affine_back(theta, dtheta, at, features, da[: p.heads * p.units], d[:width])
    for layer in range(p.layers - 1, -1, -1):
        r = p.r_layers + 2 * layer * p.backbone
        before, after = row[r : r + p.backbone], row[r + p.backbone : r + 2 * p.backbone]
        activate_back(p.activation, before, after, d[: p.backbone])
        lower = row[r - p.backbone : r] if layer > 0 else row[:joined]
        at -= (lower.size + 1) * p.backbone
        affine_back(theta, dtheta, at, lower, d[: p.backbone], dlower[: lower.size])
        copy(dlower[: lower.size], d)
    copy(d[: p.inputs], du)
    if p.mixed:
        _lstm_back(theta, p, row, d[p.inputs : joined], dstate, dtheta, du, da, dlower[:joined])
    else:
        copy(d[p.inputs : joined], dstate)
    return dgap


@njit
def work_size(p):
    return 4 * p.units + 2 * max(p.inputs + p.units, p.backbone)


@njit
def _lstm(theta, p, u, state, row):
    n, joined, r = p.units, p.inputs + p.units, p.r_lstm
    z, gate = row[r : r + joined], row[r + joined : r + joined + 4 * n]
    before, squashed = row[r + joined + 4 * n : r + joined + 5 * n], row[r + joined + 5 * n :]
    copy(u, z)
    copy(state[:n], z[p.inputs :])
    affine(theta, 0, z, gate)
    for k in range(n):
        gate[k] = tanh(gate[k])
        gate[n + k] = sigmoid(gate[n + k])
        gate[2 * n + k] = sigmoid(gate[2 * n + k] + 1.0)
        gate[3 * n + k] = sigmoid(gate[3 * n + k])
    for k in range(n):
        before[k] = state[n + k]
        c = before[k] * gate[2 * n + k] + gate[k] * gate[n + k]
        state[n + k] = c
        squashed[k] = tanh(c)
        row[p.inputs + k] = squashed[k] * gate[3 * n + k]


@njit
def _lstm_back(theta, p, row, dh, dstate, dtheta, du, dgate, dz):
    """From `dh`, dloss/d(LSTM output), and dstate[units:], dloss/d(c after), to both parts of `dstate`."""
    n, joined, r = p.units, p.inputs + p.units, p.r_lstm
    z, gate = row[r : r + joined], row[r + joined : r + joined + 4 * n]
    before, squashed = row[r + joined + 4 * n : r + joined + 5 * n], row[r + joined + 5 * n :]
    for k in range(n):
        i, ig, fg, og, t = gate[k], gate[n + k], gate[2 * n + k], gate[3 * n + k], squashed[k]
        dc = dstate[n + k] + dh[k] * og * (1 - t * t)
        dgate[k] = dc * ig * (1 - i * i)
        dgate[n + k] = dc * i * ig * (1 - ig)
        dgate[2 * n + k] = dc * before[k] * fg * (1 - fg)
        dgate[3 * n + k] = dh[k] * t * og * (1 - og)
        dstate[n + k] = dc * fg
    affine_back(theta, dtheta, 0, z, dgate, dz)
    for k in range(p.inputs):
        du[k] += dz[k]
    copy(dz[p.inputs :], dstate)


@njit
def run(theta, p, x, gaps, state, y, states):
    """Run each sequence from its row of `state`, which is updated; fills `y`, and `states` if it has a length."""
    row = np.empty(p.row, theta.dtype)
    for b in range(x.shape[0]):
        for t in range(x.shape[1]):
            sense(theta, p, x[b, t], state[b], row)
            emit(theta, p, gaps[b, t], row, state[b, : p.units])
            _read(theta, p, state[b], y[b, t])
            if states.shape[1] > 0:
                copy(state[b], states[b, t])


@njit
def run_back(theta, p, x, gaps, state, dy, dstate, dtheta, dx, dgaps):
    """Forward with a tape and backward, sequence by sequence; see `Cell._backward`."""
    length, n = x.shape[1], p.units
    tape = np.empty((length, p.row), theta.dtype)
    after = np.empty((length, n), theta.dtype)
    work, dread = np.empty(work_size(p), theta.dtype), np.empty(n, theta.dtype)
    for b in range(x.shape[0]):
        for t in range(length):
            sense(theta, p, x[b, t], state[b], tape[t])
            emit(theta, p, gaps[b, t], tape[t], state[b, :n])
            copy(state[b, :n], after[t])
        for t in range(length - 1, -1, -1):
            if p.outputs > 0:
                affine_back(theta, dtheta, p.p_out, after[t], dy[b, t], dread)
            else:
                copy(dy[b, t], dread)
            for i in range(n):
                dstate[b, i] += dread[i]
            dgaps[b, t] = step_back(theta, p, gaps[b, t], tape[t], dstate[b], dtheta, dx[b, t], work)


@njit
def _read(theta, p, state, y):
    if p.outputs > 0:
        affine(theta, p.p_out, state[: p.units], y)
    else:
        copy(state[: p.units], y)
