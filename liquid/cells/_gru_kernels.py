"""Kernels of the GRU cell: runs over batches, forward and backward. Formulas in `liquid.cells.gru`."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from liquid._jit import njit
from liquid.cells._dense import copy
from liquid.cells._gated import update, update_back
from liquid.cells._time_feature import join, join_back


class Plan(NamedTuple):
    seen: int  # inputs of the unit: those of the cell and perhaps the time feature
    row: int  # of the unit


@njit
def run(theta, p, x, gaps, state, y, states):
    """Run each sequence from its row of `state`, which is updated; fills `y`, and `states` if it has a length."""
    row = np.empty(p.row, theta.dtype)
    for b in range(x.shape[0]):
        for t in range(x.shape[1]):
            join(x[b, t], gaps[b, t], row[: p.seen])
            update(theta, 0, row, state[b])
            copy(state[b], y[b, t])
            if states.shape[1] > 0:
                copy(state[b], states[b, t])


@njit
def run_back(theta, p, x, gaps, state, dy, dstate, dtheta, dx, dgaps):
    """Forward with a tape and backward, sequence by sequence; see `Cell._backward`."""
    length, units = x.shape[1], state.shape[1]
    tape = np.empty((length, p.row), theta.dtype)
    work, dseen = np.empty(7 * units, theta.dtype), np.empty(p.seen, theta.dtype)
    for b in range(x.shape[0]):
        for t in range(length):
            join(x[b, t], gaps[b, t], tape[t, : p.seen])
            update(theta, 0, tape[t], state[b])
        for t in range(length - 1, -1, -1):
            for i in range(units):
                dstate[b, i] += dy[b, t, i]
            update_back(theta, dtheta, 0, tape[t], dstate[b], dseen, work)
            dgaps[b, t] = join_back(gaps[b, t], dseen, dx[b, t])
