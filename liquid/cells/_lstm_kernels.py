"""Kernels of the LSTM cell: a step, its backward pass, and runs over batches. Formulas in `liquid.cells.lstm`.

One dense layer takes the input and h side by side; the second bias follows it in the parameter vector. A tape row is
``[input, h] | i, f, g, o | c before | tanh(c after)``.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from liquid._jit import njit
from liquid.cells._dense import affine, affine_back, copy
from liquid.cells._math import sigmoid, tanh
from liquid.cells._time_feature import join, join_back


class Plan(NamedTuple):
    seen: int  # inputs of the gates: those of the cell and perhaps the time feature
    units: int
    row: int


@njit
def step(theta, p, u, gap, state, row):
    """One sample: fills `row`; `state`, h and then c, becomes the next one."""
    n = p.units
    z, gates, before, squashed = _parts(p, row)
    h, c = state[:n], state[n:]
    join(u, gap, z[: p.seen])
    copy(h, z[p.seen :])
    copy(c, before)
    second = theta[affine(theta, 0, z, gates) :]
    for k in range(4 * n):
        gates[k] += second[k]
    i, f, g, o = _four(gates)
    for k in range(n):
        i[k], f[k], g[k], o[k] = sigmoid(i[k]), sigmoid(f[k]), tanh(g[k]), sigmoid(o[k])
    for k in range(n):
        c[k] = f[k] * before[k] + i[k] * g[k]
        squashed[k] = tanh(c[k])
        h[k] = o[k] * squashed[k]


@njit
def step_back(theta, p, gap, row, dstate, dtheta, du, work):
    """Backward pass of `step`: `dstate` goes from the next state to the state, `du` is filled; returns dloss/dgap."""
    n = p.units
    z, gates, before, squashed = _parts(p, row)
    i, f, g, o = _four(gates)
    dgates, dz = work[: 4 * n], work[4 * n :]
    di, df, dg, do = _four(dgates)
    dh, dc = dstate[:n], dstate[n:]
    for k in range(n):
        d = dc[k] + dh[k] * o[k] * (1 - squashed[k] * squashed[k])
        di[k] = d * g[k] * i[k] * (1 - i[k])
        df[k] = d * before[k] * f[k] * (1 - f[k])
        dg[k] = d * i[k] * (1 - g[k] * g[k])
        do[k] = dh[k] * squashed[k] * o[k] * (1 - o[k])
        dc[k] = d * f[k]
    affine_back(theta, dtheta, 0, z, dgates, dz)
    dsecond = dtheta[(z.size + 1) * 4 * n :]
    for k in range(4 * n):
        dsecond[k] += dgates[k]
    copy(dz[p.seen :], dh)
    return join_back(gap, dz[: p.seen], du)


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
    work = np.empty(p.seen + 5 * p.units, theta.dtype)
    for b in range(x.shape[0]):
        for t in range(length):
            step(theta, p, x[b, t], gaps[b, t], state[b], tape[t])
        for t in range(length - 1, -1, -1):
            for i in range(p.units):
                dstate[b, i] += dy[b, t, i]
            dgaps[b, t] = step_back(theta, p, gaps[b, t], tape[t], dstate[b], dtheta, dx[b, t], work)


@njit
def _parts(p, row):
    gates, n = p.seen + p.units, p.units
    c = gates + 4 * n
    return row[:gates], row[gates:c], row[c : c + n], row[c + n :]


@njit
def _four(block):
    n = block.size // 4
    return block[:n], block[n : 2 * n], block[2 * n : 3 * n], block[3 * n :]
