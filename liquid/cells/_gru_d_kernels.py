"""Kernels of the GRU-D cell: a step, its backward pass, and runs over batches. Formulas in `liquid.cells.gru_d`.

The parameter vector holds the gated unit, then the dense layer of the decay of h, then for each value that may be
missing the weights and the biases of its decay and its mean.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from liquid._jit import njit
from liquid.cells._dense import affine, affine_back, copy
from liquid.cells._gated import update, update_back
from liquid.cells._math import exp

MAX_ELAPSED = 1e30  # longer waits count as this one, so that sums of huge gaps stay finite


class Plan(NamedTuple):
    inputs: int
    units: int
    masks: int
    times: int  # waits that the decay of h sees
    p_decay: int
    p_fill: int
    r_before: int  # row: of the unit | h before | decay of h | waits | decay of the values | last values before
    r_waits: int
    row: int


@njit
def step(theta, p, u, gap, state, row):
    """One sample: fills `row`; `state`, h and then last values and waits, becomes the next one."""
    before, decay, waits, fade, last_before = _parts(p, row)
    h, last, waited = _state(p, state)
    seen = row[: p.inputs]
    copy(u, seen)
    for j in range(p.masks):
        waits[j] = min(max(waited[j], 0) + gap, MAX_ELAPSED)
    if p.times > p.masks:
        waits[p.masks] = min(gap, MAX_ELAPSED)
    copy(h, before)
    affine(theta, p.p_decay, waits, decay)
    for i in range(p.units):
        decay[i] = falling(decay[i])
        h[i] *= decay[i]
    copy(last, last_before)
    weight, bias, mean = _fill(theta, p)
    for j in range(p.masks):
        fade[j] = falling(weight[j] * waits[j] + bias[j])
        m = mask(p, u, j)
        filled = fade[j] * last[j] + (1 - fade[j]) * mean[j]
        seen[j] = m * u[j] + (1 - m) * filled
        seen[p.inputs - p.masks + j] = m
        last[j] = m * u[j] + (1 - m) * last[j]
        waited[j] = (1 - m) * waits[j]
    update(theta, 0, row[: p.r_before], h)


@njit
def step_back(theta, p, u, gap, row, first, dstate, dtheta, du, work):
    """Backward pass of `step`: `dstate` goes from the next state to the state, `du` is filled; returns dloss/dgap.

    `first` is the wait of each value as it was in the state, `work` scratch of `work_size(p)`.
    """
    n = p.units
    before, decay, waits, fade, last = _parts(p, row)
    dh, dlast, dwaited = _state(p, dstate)
    drate, dwaits, dseen = work[:n], work[n : n + p.times], work[n + p.times : n + p.times + p.inputs]
    update_back(theta, dtheta, 0, row[: p.r_before], dh, dseen, work[n + p.times + p.inputs :])
    for i in range(n):
        drate[i] = -dh[i] * before[i] * decay[i] if decay[i] < 1 else 0.0
        dh[i] *= decay[i]
    affine_back(theta, dtheta, p.p_decay, waits, drate, dwaits)
    copy(dseen, du)
    weight, _, mean = _fill(theta, p)
    dweight, dbias, dmean = _fill(dtheta, p)
    for j in range(p.masks):
        at = p.inputs - p.masks + j
        m, filled = mask(p, u, j), fade[j] * last[j] + (1 - fade[j]) * mean[j]
        dm = dseen[at] + dseen[j] * (u[j] - filled) + dlast[j] * (u[j] - last[j]) - dwaited[j] * waits[j]
        dfilled = (1 - m) * dseen[j]
        du[j] = m * (dseen[j] + dlast[j])
        du[at] = dm if 0 < u[at] < 1 else 0.0
        slope = -dfilled * (last[j] - mean[j]) * fade[j] if fade[j] < 1 else 0.0
        dweight[j] += slope * waits[j]
        dbias[j] += slope
        dmean[j] += dfilled * (1 - fade[j])
        dlast[j] = dfilled * fade[j] + (1 - m) * dlast[j]
        dwaits[j] += slope * weight[j] + (1 - m) * dwaited[j]
    dgap = theta.dtype.type(0)
    for j in range(p.times):
        if waits[j] >= MAX_ELAPSED:
            dwaits[j] = 0
        dgap += dwaits[j]
    for j in range(p.masks):
        dwaited[j] = dwaits[j] if first[j] > 0 else 0.0
    return dgap


@njit
def falling(rate):
    """``exp(-max(0, rate))``, and NaN of NaN."""
    return 1.0 if rate < 0 else exp(-rate)


@njit
def mask(p, u, j):
    """How much of value `j` was observed: 0 to 1."""
    return min(max(u[p.inputs - p.masks + j], 0), 1)


@njit
def work_size(p):
    return 8 * p.units + p.times + p.inputs


@njit
def run(theta, p, x, gaps, state, y, states):
    """Run each sequence from its row of `state`, which is updated; fills `y`, and `states` if it has a length."""
    row = np.empty(p.row, theta.dtype)
    for b in range(x.shape[0]):
        for t in range(x.shape[1]):
            step(theta, p, x[b, t], gaps[b, t], state[b], row)
            copy(state[b, : p.units], y[b, t])
            if states.shape[1] > 0:
                copy(state[b], states[b, t])


@njit
def run_back(theta, p, x, gaps, state, dy, dstate, dtheta, dx, dgaps):
    """Forward with a tape and backward, sequence by sequence; see `Cell._backward`."""
    length = x.shape[1]
    tape = np.empty((length, p.row), theta.dtype)
    waited = np.empty((length, p.masks), theta.dtype)
    work = np.empty(work_size(p), theta.dtype)
    for b in range(x.shape[0]):
        for t in range(length):
            copy(_state(p, state[b])[2], waited[t])
            step(theta, p, x[b, t], gaps[b, t], state[b], tape[t])
        for t in range(length - 1, -1, -1):
            for i in range(p.units):
                dstate[b, i] += dy[b, t, i]
            dgaps[b, t] = step_back(
                theta, p, x[b, t], gaps[b, t], tape[t], waited[t], dstate[b], dtheta, dx[b, t], work
            )


@njit
def _state(p, state):
    """h, last values, waits."""
    n, last = p.units, p.units + p.masks
    return state[:n], state[n:last], state[last:]


@njit
def _parts(p, row):
    """The parts of a row behind that of the unit."""
    decay, fade, last = p.r_before + p.units, p.r_waits + p.times, p.r_waits + p.times + p.masks
    return row[p.r_before : decay], row[decay : p.r_waits], row[p.r_waits : fade], row[fade:last], row[last:]


@njit
def _fill(theta, p):
    """Weights and biases of the decay of the values, and their means."""
    k = p.masks
    block = theta[p.p_fill :]
    return block[:k], block[k : 2 * k], block[2 * k : 3 * k]
