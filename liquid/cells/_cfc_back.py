"""Backward pass of the CfC cell for several sequences at once.

They go back together, step by step, so that dloss/d(inputs of a layer) is one product of matrices for all of them. The
weights get their gradients after every few steps, by one product over all samples of these steps.
"""

from __future__ import annotations

import numpy as np

from liquid._jit import njit
from liquid.cells._activations import activate_back
from liquid.cells._cfc_kernels import _lstm_back, emit, emit_back, read, sense_rows
from liquid.cells._dense import affine_rows_back, copy, product, turn

SAMPLES = 128  # that give the weights their gradients at once


@njit
def run_back(theta, p, x, gaps, state, dy, dstate, dtheta, dx, dgaps):
    """Forward with a tape and backward; see `Cell._backward`."""
    tape, after = record(theta, p, x, gaps, state, np.empty((x.shape[0], 0, 0), theta.dtype))
    back(theta, p, tape, after, gaps, dy, dstate, dtheta, dx, dgaps)


@njit
def record(theta, p, x, gaps, state, y):
    """Forward, filling `y` if it has a length: the tape, and the states for a projection, (batch, length, units)."""
    batch, length, n = x.shape[0], x.shape[1], p.units
    tape = np.empty((length, batch, p.row), theta.dtype)
    after = np.empty((batch, length if p.outputs > 0 else 0, n), theta.dtype)
    for t in range(length):
        sense_rows(theta, p, x, t, state, tape[t])
        for b in range(batch):
            emit(theta, p, gaps[b, t], tape[t, b], state[b, :n])
            if p.outputs > 0:
                copy(state[b, :n], after[b, t])
            if y.shape[1] > 0:
                read(theta, p, state[b], y[b, t])
    return tape, after


@njit
def back(theta, p, tape, after, gaps, dy, dstate, dtheta, dx, dgaps):
    """Backward from what `record` left."""
    batch, length, n = tape.shape[1], tape.shape[0], p.units
    turned, wide = _turned(theta, p), dstate.shape[1]
    steps = max(1, min(length, SAMPLES // batch))
    slopes = np.empty((steps, batch, p.heads * n + p.layers * p.backbone), theta.dtype)  # dloss/d(heads | layers)
    dz, work = np.empty((batch, p.inputs + n), theta.dtype), np.zeros(p.inputs + 5 * n + p.backbone, theta.dtype)
    for t in range(length - 1, -1, -1):
        if p.outputs > 0:
            product(
                dy, t * p.outputs, length * p.outputs, 1, batch, turned, p.p_out, n, p.outputs,
                dstate, 0, wide, dstate, 0, wide, n,
            )  # fmt: skip
        else:
            for b in range(batch):
                for i in range(n):
                    dstate[b, i] += dy[b, t, i]
        step_back(theta, turned, p, gaps, t, tape[t], dstate, dtheta, slopes[t % steps], dx, dgaps, dz, work)
        if t % steps == 0:
            weights_back(p, tape, t, min(steps, length - t), slopes, dtheta)
    if p.outputs > 0:
        affine_rows_back(dtheta, p.p_out, after, 0, n, n, dy, 0, p.outputs, p.outputs, batch * length)


@njit
def step_back(theta, turned, p, gaps, t, rows, dstate, dtheta, slopes, dx, dgaps, dz, work):
    """Backward pass of one step of all sequences from their rows of the tape.

    `dstate` holds dloss/d(next state) on entry and dloss/d(state) on return. Of the dense layers only `slopes` are
    filled, dloss/d(their outputs) before any activation; the gradient of everything else is added to `dtheta`.
    """
    batch, n, joined, row = rows.shape[0], p.units, p.inputs + p.units, slopes.shape[1]
    for b in range(batch):
        dgaps[b, t] = emit_back(theta, p, gaps[b, t], rows[b], dstate[b, :n], dtheta, slopes[b])
    nothing = work[: joined + p.backbone]
    for i in range(nothing.size):
        nothing[i] = 0
    upper, width, at = 0, p.heads * n, p.p_heads
    for layer in range(p.layers - 1, -1, -1):
        here, r = p.heads * n + layer * p.backbone, p.r_layers + 2 * layer * p.backbone
        product(
            slopes, upper, row, 1, batch, turned, at, p.backbone, width,
            nothing, 0, 0, slopes, here, row, p.backbone,
        )  # fmt: skip
        for b in range(batch):
            before, after = rows[b, r : r + p.backbone], rows[b, r + p.backbone : r + 2 * p.backbone]
            activate_back(p.activation, before, after, slopes[b, here : here + p.backbone])
        upper, width = here, p.backbone
        at -= ((p.backbone if layer > 0 else joined) + 1) * p.backbone
    product(slopes, upper, row, 1, batch, turned, at, joined, width, nothing, 0, 0, dz, 0, joined, joined)
    for b in range(batch):
        copy(dz[b, : p.inputs], dx[b, t])
        if p.mixed:
            dgates, dlower = work[: 4 * n], work[4 * n : 4 * n + joined]
            _lstm_back(theta, p, rows[b], dz[b, p.inputs :], dstate[b], dtheta, dx[b, t], dgates, dlower)
        else:
            copy(dz[b, p.inputs :], dstate[b])


@njit
def weights_back(p, tape, t, steps, slopes, dtheta):
    """Add the gradients of the dense layers from `steps` steps, of which `t` is the first."""
    batch, row, samples = tape.shape[1], slopes.shape[2], steps * tape.shape[1]
    first = t * batch * p.row
    lower, width, at = first, p.inputs + p.units, p.p_layers
    for layer in range(p.layers):
        here = p.heads * p.units + layer * p.backbone
        affine_rows_back(dtheta, at, tape, lower, p.row, width, slopes, here, row, p.backbone, samples)
        at += (width + 1) * p.backbone
        lower, width = first + p.r_layers + (2 * layer + 1) * p.backbone, p.backbone
    affine_rows_back(dtheta, p.p_heads, tape, lower, p.row, width, slopes, 0, row, p.heads * p.units, samples)


@njit
def _turned(theta, p):
    """The dense layers' weights transposed, each in its place."""
    turned = np.empty_like(theta)
    width, at = p.inputs + p.units, p.p_layers
    for _ in range(p.layers):
        turn(theta, at, width, p.backbone, turned)
        at += (width + 1) * p.backbone
        width = p.backbone
    turn(theta, p.p_heads, width, p.heads * p.units, turned)
    turn(theta, p.p_out, p.units, p.outputs, turned)
    return turned
