"""Kernels of cells whose state follows an ODE between samples: runs over batches, forward and backward.

A sample is an evolution over the gap, and then, for some cells, the update of a gated unit. Formulas in
`liquid.cells.neural_ode`, `ode_rnn` and `gru_ode`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from liquid._jit import njit
from liquid.cells._dense import copy
from liquid.cells._gated import update, update_back
from liquid.cells._mlp_field import hold, hold_back
from liquid.cells._runge_kutta import evolve, evolve_back, work_size


class Plan(NamedTuple):
    """Sizes, and where things are in the parameter vector, which begins with the field."""

    inputs: int
    units: int
    gated: bool  # the field: the flow of a gated unit, or a perceptron of the following sizes
    held: int  # inputs of the field, held over the gap
    hidden: int
    layers: int
    activation: int
    stages: int  # of the solver
    unfolds: int
    max_gap: float
    updated: bool  # whether the sample then updates the state by a gated unit
    p_update: int
    f_row: int  # of the field
    u_row: int  # of the update


@njit
def step_length(theta, p, gap):
    return theta.dtype.type(min(gap, p.max_gap) / p.unfolds)


@njit
def sample(theta, p, u, gap, h, drive, stages, row):
    """One sample: fills `drive`, `stages` and `row`; `h` becomes the next state."""
    hold(theta, p, u, drive)
    evolve(theta, p, step_length(theta, p, gap), drive, h, stages)
    if p.updated:
        copy(u, row)
        update(theta, p.p_update, row, h)


@njit
def run(theta, p, x, gaps, state, y, states):
    """Run each sequence from its row of `state`, which is updated; fills `y`, and `states` if it has a length."""
    drive, row = np.empty(p.hidden, theta.dtype), np.empty(p.u_row, theta.dtype)
    stages = np.empty((p.stages, p.f_row + p.units), theta.dtype)
    for b in range(x.shape[0]):
        for t in range(x.shape[1]):
            sample(theta, p, x[b, t], gaps[b, t], state[b], drive, stages, row)
            copy(state[b], y[b, t])
            if states.shape[1] > 0:
                copy(state[b], states[b, t])


@njit
def run_back(theta, p, x, gaps, state, dy, dstate, dtheta, dx, dgaps):
    """Forward with a tape and backward, sequence by sequence; see `Cell._backward`."""
    length, dtype = x.shape[1], theta.dtype
    rows = np.empty((length, p.u_row), dtype)
    tape = np.empty((length, p.unfolds * p.stages, p.f_row + p.units), dtype)
    drive, ddrive, work = np.empty(p.hidden, dtype), np.empty(p.hidden, dtype), np.empty(work_size(p), dtype)
    for b in range(x.shape[0]):
        for t in range(length):
            sample(theta, p, x[b, t], gaps[b, t], state[b], drive, tape[t], rows[t])
        for t in range(length - 1, -1, -1):
            dh, du, dt = dstate[b], dx[b, t], step_length(theta, p, gaps[b, t])
            for i in range(p.units):
                dh[i] += dy[b, t, i]
            if p.updated:
                update_back(theta, dtheta, p.p_update, rows[t], dh, du, work)
            for i in range(p.hidden):
                ddrive[i] = 0
            ddt = evolve_back(theta, dtheta, p, dt, tape[t], dh, ddrive, work)
            hold_back(theta, dtheta, p, x[b, t], ddrive, du[: p.held])
            dgaps[b, t] = ddt / p.unfolds if gaps[b, t] < p.max_gap else 0.0
