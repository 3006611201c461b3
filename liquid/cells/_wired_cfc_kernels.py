"""Kernels of the CfC cell on a wiring: one small CfC without a backbone per layer. See `liquid.cells.wired_cfc`."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from liquid._jit import njit
from liquid.cells._cfc_kernels import _lstm, _lstm_back, emit, emit_back
from liquid.cells._dense import affine, affine_back, copy
from liquid.cells.params import Array

LAYER_FIELDS = 6
INPUTS, UNITS, P_HEADS, R_JOINED, S_STATE, M_MASK = range(LAYER_FIELDS)


class WiredPlan(NamedTuple):
    """Sizes and offsets of the whole cell; those of each layer are a row of `layers`."""

    inputs: int
    units: int
    heads: int
    mode: int
    mixed: bool
    motors: int  # units of the last layer, which are read
    outputs: int  # of the projection, 0 without one
    p_out: int
    r_lstm: int  # tape row: u, output of the LSTM | the layers | block of the LSTM
    row: int
    layers: Array  # (layers, LAYER_FIELDS), whole numbers
    mask: Array  # of each layer: (inputs, heads * units), 0 where there is no synapse


class Heads(NamedTuple):
    """What `emit` and `emit_back` need of a CfC plan."""

    units: int
    mode: int
    p_tau: int
    r_heads: int
    r_gates: int


@njit
def _heads(p, layer):
    """The plan of a layer's heads; row of a layer: z | heads | tanh a1, tanh a2, s."""
    n, joined = layer[UNITS], layer[INPUTS] + layer[UNITS]
    r_heads = layer[R_JOINED] + joined
    p_tau = layer[P_HEADS] + (joined + 1) * p.heads * n
    return Heads(n, p.mode, p_tau, r_heads, r_heads + p.heads * n)


@njit
def _synapses(theta, at, mask, x, out):
    """``out += (W * mask) x`` for the weight ``(inputs, outputs)`` at offset `at`, and a mask of the same shape."""
    n, m = x.size, out.size
    for j in range(n):
        w, there, xj = theta[at + j * m : at + (j + 1) * m], mask[j * m : (j + 1) * m], x[j]
        for o in range(m):
            out[o] += w[o] * there[o] * xj


@njit
def _synapses_back(theta, dtheta, at, mask, x, dout, dx):
    n, m = x.size, dout.size
    for j in range(n):
        w, dw, there = theta[at + j * m : at + (j + 1) * m], dtheta[at + j * m : at + (j + 1) * m], mask[j * m :]
        xj = x[j]
        total = theta.dtype.type(0)
        for o in range(m):
            masked = there[o] * dout[o]
            dw[o] += xj * masked
            total += w[o] * masked
        dx[j] = total


@njit
def sense(theta, p, layer, below, own, row):
    """A layer's heads, from what the layer below just gave (or the sample) and its own state from before."""
    n_in, n = layer[INPUTS], layer[UNITS]
    z = row[layer[R_JOINED] : layer[R_JOINED] + n_in + n]
    heads = row[layer[R_JOINED] + n_in + n :][: p.heads * n]
    copy(below, z)
    copy(own[layer[S_STATE] : layer[S_STATE] + n], z[n_in:])
    # Within a layer every neuron sees every other: only the rows of the inputs are sparse.
    affine(theta, layer[P_HEADS] + n_in * heads.size, z[n_in:], heads)
    _synapses(theta, layer[P_HEADS], p.mask[layer[M_MASK] :], z[:n_in], heads)


@njit
def step(theta, p, u, gap, state, row):
    """Advance `state`; what the backward pass needs stays in `row`."""
    own = state
    if p.mixed:
        _lstm(theta, p, u, state, row)
        own = row[p.inputs : p.inputs + p.units]
    below = u
    for i in range(p.layers.shape[0]):
        layer = p.layers[i]
        sense(theta, p, layer, below, own, row)
        below = state[layer[S_STATE] : layer[S_STATE] + layer[UNITS]]
        emit(theta, _heads(p, layer), gap, row, below)


@njit
def step_back(theta, p, gap, row, dstate, dtheta, du, work):
    """As `liquid.cells._cfc_kernels.step_back`; `work` has `work_size(p)` numbers."""
    da, dbelow = work[: 4 * p.units], work[4 * p.units :]
    dgap = 0.0
    for i in range(p.layers.shape[0] - 1, -1, -1):
        layer = p.layers[i]
        n_in, n, at = layer[INPUTS], layer[UNITS], layer[P_HEADS]
        dh = dstate[layer[S_STATE] : layer[S_STATE] + n]
        dgap += emit_back(theta, _heads(p, layer), gap, row, dh, dtheta, da)
        dheads = da[: p.heads * n]
        z = row[layer[R_JOINED] : layer[R_JOINED] + n_in + n]
        affine_back(theta, dtheta, at + n_in * dheads.size, z[n_in:], dheads, dh)
        _synapses_back(theta, dtheta, at, p.mask[layer[M_MASK] :], z[:n_in], dheads, dbelow)
        if i > 0:
            dlower = dstate[p.layers[i - 1, S_STATE] :]
            for j in range(n_in):
                dlower[j] += dbelow[j]
        else:
            copy(dbelow[:n_in], du)
    if p.mixed:
        _lstm_back(theta, p, row, dstate[: p.units], dstate, dtheta, du, da, dbelow[: p.inputs + p.units])
    return dgap


@njit
def work_size(p):
    return 4 * p.units + p.inputs + p.units


@njit
def run(theta, p, x, gaps, state, y, states):
    """Run each sequence from its row of `state`, which is updated; fills `y`, and `states` if it has a length."""
    row = np.empty(p.row, theta.dtype)
    for b in range(x.shape[0]):
        for t in range(x.shape[1]):
            step(theta, p, x[b, t], gaps[b, t], state[b], row)
            motors = state[b, p.units - p.motors : p.units]
            if p.outputs > 0:
                affine(theta, p.p_out, motors, y[b, t])
            else:
                copy(motors, y[b, t])
            if states.shape[1] > 0:
                copy(state[b], states[b, t])


@njit
def run_back(theta, p, x, gaps, state, dy, dstate, dtheta, dx, dgaps):
    """Forward with a tape and backward, sequence by sequence; see `Cell._backward`."""
    length, first = x.shape[1], p.units - p.motors
    tape = np.empty((length, p.row), theta.dtype)
    after = np.empty((length, p.motors), theta.dtype)
    work, dread = np.empty(work_size(p), theta.dtype), np.empty(p.motors, theta.dtype)
    for b in range(x.shape[0]):
        for t in range(length):
            step(theta, p, x[b, t], gaps[b, t], state[b], tape[t])
            copy(state[b, first : p.units], after[t])
        for t in range(length - 1, -1, -1):
            if p.outputs > 0:
                affine_back(theta, dtheta, p.p_out, after[t], dy[b, t], dread)
            else:
                copy(dy[b, t], dread)
            for i in range(p.motors):
                dstate[b, first + i] += dread[i]
            dgaps[b, t] = step_back(theta, p, gaps[b, t], tape[t], dstate[b], dtheta, dx[b, t], work)
