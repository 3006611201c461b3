"""Kernels of the CfC cell: one step, its backward pass, and runs over batches. Formulas in `liquid.cells.cfc`."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from liquid._jit import njit
from liquid.cells._activations import activate
from liquid.cells._dense import affine, affine_back, affine_rows, copy
from liquid.cells._math import exp, sigmoid, tanh
from liquid.cells._single import acceptable, numbers_at, settled, split

MODES = ("default", "no_gate", "pure")
DEFAULT, NO_GATE, PURE = range(3)
FIXED = 21  # numbers handed to `single`


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
def sense_rows(theta, p, x, t, state, rows):
    """`sense` for sample `t` of several sequences, each with its row; the bits are those of `sense`."""
    if x.shape[0] == 1:
        sense(theta, p, x[0, t], state[0], rows[0])
        return
    joined = p.inputs + p.units
    for b in range(x.shape[0]):
        row = rows[b]
        copy(x[b, t], row)
        if p.mixed:
            _lstm(theta, p, x[b, t], state[b], row)
        else:
            copy(state[b, : p.units], row[p.inputs : joined])
    features, width, at = 0, joined, p.p_layers
    for layer in range(p.layers):
        before, after = p.r_layers + 2 * layer * p.backbone, p.r_layers + (2 * layer + 1) * p.backbone
        at = affine_rows(theta, at, rows, features, width, rows, before, p.backbone)
        for b in range(x.shape[0]):
            activate(p.activation, rows[b, before:after], rows[b, after : after + p.backbone])
        features, width = after, p.backbone
    affine_rows(theta, p.p_heads, rows, features, width, rows, p.r_heads, p.heads * p.units)


@njit
def emit(theta, p, gap, row, h):
    """The state `gap` after the previous sample, from what `sense` left in `row`; may be asked for several gaps."""
    n, one, gap = p.units, theta.dtype.type(1), theta.dtype.type(gap)
    a1, a2, ta, tb = _four(row[p.r_heads :], n)
    if p.mode == PURE:
        tau, scale = theta[p.p_tau : p.p_tau + n], theta[p.p_tau + n : p.p_tau + 2 * n]
        for i in range(n):
            h[i] = scale[i] - scale[i] * exp(-gap * (abs(tau[i]) + abs(a1[i]))) * a1[i]
        return
    g, k, s, _ = _four(row[p.r_gates :], n)
    for i in range(n):
        g[i], k[i], s[i] = tanh(a1[i]), tanh(a2[i]), sigmoid(ta[i] * gap + tb[i])
    if p.mode == DEFAULT:
        for i in range(n):
            h[i] = g[i] * (one - s[i]) + s[i] * k[i]
    else:
        for i in range(n):
            h[i] = g[i] + s[i] * k[i]


@njit
def emit_back(theta, p, gap, row, dh, dtheta, da):
    """Backward pass of `emit`: fill `da`, dloss/d(heads), add to the gradient; returns dloss/dgap."""
    n, one = p.units, theta.dtype.type(1)
    a1, _, ta, _ = _four(row[p.r_heads :], n)
    da1, da2, dta, dtb = _four(da, n)
    dgap = 0.0
    if p.mode == PURE:
        tau, scale = theta[p.p_tau : p.p_tau + n], theta[p.p_tau + n : p.p_tau + 2 * n]
        dtau, dscale = dtheta[p.p_tau : p.p_tau + n], dtheta[p.p_tau + n : p.p_tau + 2 * n]
        for i in range(n):
            rate = abs(tau[i]) + abs(a1[i])
            decay = exp(-gap * rate)
            slope = dh[i] * scale[i] * decay
            da1[i] = -slope * (1 - gap * abs(a1[i]))
            dtau[i] += slope * gap * np.sign(tau[i]) * a1[i]
            dscale[i] += dh[i] * (1 - decay * a1[i])
            dgap += slope * rate * a1[i]
        return dgap
    g, k, s, _ = _four(row[p.r_gates :], n)
    blend = one if p.mode == DEFAULT else theta.dtype.type(0)
    for i in range(n):
        da1[i] = dh[i] * (one - g[i] * g[i]) * (one - blend * s[i])
        da2[i] = dh[i] * (one - k[i] * k[i]) * s[i]
        dtb[i] = dh[i] * (k[i] - blend * g[i]) * s[i] * (one - s[i])
        dta[i] = dtb[i] * gap
        dgap += dtb[i] * ta[i]
    return dgap


@njit
def _lstm(theta, p, u, state, row):
    n, joined = p.units, p.inputs + p.units
    z, gates, before, squashed = _lstm_row(p, row)
    copy(u, z)
    copy(state[:n], z[p.inputs :])
    affine(theta, 0, z, gates)
    i, ig, fg, og = _four(gates, n)
    c, out = state[n:], row[p.inputs : joined]
    copy(c, before)
    for k in range(n):
        i[k], ig[k], fg[k], og[k] = tanh(i[k]), sigmoid(ig[k]), sigmoid(fg[k] + 1.0), sigmoid(og[k])
    for k in range(n):
        c[k] = before[k] * fg[k] + i[k] * ig[k]
        squashed[k] = tanh(c[k])
        out[k] = squashed[k] * og[k]


@njit
def _lstm_back(theta, p, row, dh, dstate, dtheta, du, dgates, dz):
    """From `dh`, dloss/d(LSTM output), and dstate[units:], dloss/d(c after), to both parts of `dstate`."""
    n = p.units
    z, gates, before, squashed = _lstm_row(p, row)
    i, ig, fg, og = _four(gates, n)
    di, dig, dfg, dog = _four(dgates, n)
    dc = dstate[n:]
    for k in range(n):
        d = dc[k] + dh[k] * og[k] * (1 - squashed[k] * squashed[k])
        di[k] = d * ig[k] * (1 - i[k] * i[k])
        dig[k] = d * i[k] * ig[k] * (1 - ig[k])
        dfg[k] = d * before[k] * fg[k] * (1 - fg[k])
        dog[k] = dh[k] * squashed[k] * og[k] * (1 - og[k])
        dc[k] = d * fg[k]
    affine_back(theta, dtheta, 0, z, dgates, dz)
    for k in range(p.inputs):
        du[k] += dz[k]
    copy(dz[p.inputs :], dstate)


@njit(forceinline=True)
def _lstm_row(p, row):
    """The parts of the row's LSTM block: [u, h], gates, c before, tanh(c after)."""
    n, at = p.units, p.r_lstm + p.inputs + p.units
    return row[p.r_lstm : at], row[at : at + 4 * n], row[at + 4 * n : at + 5 * n], row[at + 5 * n :]


@njit(forceinline=True)
def _four(block, n):
    """Consecutive parts of `n` numbers. (Loops over slices become vector code; over computed indices they do not.)"""
    return block[:n], block[n : 2 * n], block[2 * n : 3 * n], block[3 * n : 4 * n]


@njit
def run(theta, p, x, gaps, state, y, states):
    """Run all sequences, each from its row of `state`, which is updated; fills `y`, and `states` if it has a length."""
    rows = np.empty((x.shape[0], p.row), theta.dtype)
    for t in range(x.shape[1]):
        sense_rows(theta, p, x, t, state, rows)
        for b in range(x.shape[0]):
            emit(theta, p, gaps[b, t], rows[b], state[b, : p.units])
            read(theta, p, state[b], y[b, t])
            if states.shape[1] > 0:
                copy(state[b], states[b, t])


@njit(forceinline=True)
def read(theta, p, state, y):
    if p.outputs > 0:
        affine(theta, p.p_out, state[: p.units], y)
    else:
        copy(state[: p.units], y)


@njit
def single(fixed, memory, u, gap):
    """One sample for `Stepper`: `fixed` is the plan and the counts of parameters and states, the work theta | row."""
    f = numbers_at(fixed, FIXED, np.int64)
    p = Plan(
        f[0], f[1], f[2], f[3], f[4], f[5], f[6], f[7], f[8] != 0, f[9],
        f[10], f[11], f[12], f[13], f[14], f[15], f[16], f[17], f[18],
    )  # fmt: skip
    gap = u.dtype.type(gap)
    if not acceptable(u, p.inputs, gap):
        return False
    work, state, before, y = split(memory, f[19] + p.row, f[20], p.outputs if p.outputs > 0 else p.units, u.dtype)
    theta, row = work[: f[19]], work[f[19] :]
    copy(state, before)
    sense(theta, p, u, state, row)
    emit(theta, p, gap, row, state[: p.units])
    read(theta, p, state, y)
    return settled(state, before, y)
