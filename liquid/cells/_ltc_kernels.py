"""Kernels of the LTC cell: one sample, its backward pass, and runs over batches. Formulas in `liquid.cells.ltc`."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba.extending import overload

from liquid._jit import njit
from liquid.cells._cfc_kernels import _lstm, _lstm_back
from liquid.cells._dense import copy
from liquid.cells._ltc_explicit import MAX_STEPS, STAGES, explicit_gap, explicit_gap_back
from liquid.cells._ltc_fused import D, Work, fused_gap, fused_gap_back, receive, work_in, work_of, work_size
from liquid.cells._ltc_ready import CM, D_LEAK, D_VLEAK, LEAK, VLEAK, ExplicitPlan, no_gradient
from liquid.cells._synapses import back, conduct, open_gates
from liquid.cells.params import Array


@njit(forceinline=True)
def sense(theta, p, ready, u, x, gates, sums, base):
    """`base`: what N and D of every neuron are by its leak and the inputs, which stay the same over the gap.

    On the way, `x` are the mapped inputs, `gates` those of their synapses and `sums` what goes through them.
    """
    copy(u, x)
    if p.input_map > 0:
        factor, addend = theta[p.p_maps :], theta[p.p_maps + p.inputs :]
        for j in range(p.inputs):
            x[j] *= factor[j]
        if p.input_map > 1:
            for j in range(p.inputs):
                x[j] += addend[j]
    sums[:] = 0.0
    open_gates(p.sensory, ready.sensory, x, gates)
    conduct(p.sensory, ready.sensory, gates, sums[0], sums[1])
    leak, vleak = ready.neurons[LEAK], ready.neurons[VLEAK]
    for i in range(p.units):
        k = p.across[i]
        base[0, i] = leak[i] * vleak[i] + sums[0, k]
        base[1, i] = leak[i] + sums[1, k]


@njit
def sense_back(theta, p, ready, u, x, gates, dbase, dtheta, du, gradient, dsums, work):
    """Backward pass of `sense`; fills `du`."""
    leak, vleak = ready.neurons[LEAK], ready.neurons[VLEAK]
    dleak, dvleak = gradient.neurons[D_LEAK], gradient.neurons[D_VLEAK]
    for i in range(p.units):
        k = p.across[i]
        dsums[0, k], dsums[1, k] = dbase[0, i], dbase[1, i]
        dleak[i] += dbase[0, i] * vleak[i] + dbase[1, i]
        dvleak[i] += dbase[0, i] * leak[i]
    du[:] = 0.0
    back(p.sensory, ready.sensory, x, gates, dsums[0], dsums[1], gradient.sensory, du, work)
    if p.input_map > 0:
        factor, dfactor, daddend = (
            theta[p.p_maps :],
            dtheta[p.p_maps : p.p_maps + p.inputs],
            dtheta[p.p_maps + p.inputs :],
        )
        for j in range(p.inputs):
            if p.input_map > 1:
                daddend[j] += du[j]
            dfactor[j] += du[j] * u[j]
            du[j] *= factor[j]


@njit(forceinline=True)
def read(theta, p, state, y):
    """Output of the motor neurons, the first ones of the state."""
    copy(state[: p.outputs], y)
    if p.output_map > 0:
        at = p.p_maps + p.input_map * p.inputs
        factor, addend = theta[at:], theta[at + p.outputs :]
        for i in range(p.outputs):
            y[i] *= factor[i]
        if p.output_map > 1:
            for i in range(p.outputs):
                y[i] += addend[i]


@njit
def read_back(theta, p, v, dy, dtheta, dstate):
    """Backward pass of `read`, from the state in the order of the kernels; adds to `dstate`."""
    at = p.p_maps + p.input_map * p.inputs
    for k in range(p.units):
        i = p.order[k]
        if i < p.outputs:
            d = dy[i]
            if p.output_map > 1:
                dtheta[at + p.outputs + i] += d
            if p.output_map > 0:
                dtheta[at + i] += d * v[k]
                d *= theta[at + i]
            dstate[i] += d


@njit(forceinline=True)
def enter(theta, p, u, state, row, v):
    """The state that the equation starts from, in the order of the kernels; an LSTM goes first."""
    if p.mixed:
        _lstm(theta, p, u, state, row)
        arrange(p, row[p.inputs :], v)
    else:
        arrange(p, state, v)


@njit(forceinline=True)
def arrange(p, state, v):
    """From the order of the wiring to that of the kernels."""
    for i in range(p.units):
        v[i] = state[p.order[i]]


@njit(forceinline=True)
def leave(p, v, state):
    """And back."""
    for i in range(p.units):
        state[p.order[i]] = v[i]


def move(*_: Any) -> Any:
    """`fused_gap` or `explicit_gap`, by the type of the plan."""
    raise NotImplementedError("for kernels only")


def move_back(*_: Any) -> Any:
    """`fused_gap_back` or `explicit_gap_back`."""
    raise NotImplementedError("for kernels only")


@overload(move, jit_options={"forceinline": True})
def _move(p, ready, gap, base, v, trace, shares, work):
    gap_of = explicit_gap if p.instance_class is ExplicitPlan else fused_gap
    return lambda p, ready, gap, base, v, trace, shares, work: gap_of(p, ready, gap, base, v, trace, shares, work)


@overload(move_back, jit_options={"forceinline": True})
def _move_back(p, ready, gap, base, dv, dbase, trace, shares, steps, explicit, gradient, work):
    back_of = explicit_gap_back if p.instance_class is ExplicitPlan else fused_gap_back
    return lambda p, ready, gap, base, dv, dbase, trace, shares, steps, explicit, gradient, work: back_of(
        p, ready, gap, base, dv, dbase, trace, shares, steps, explicit, gradient, work
    )


class Room(NamedTuple):
    """Scratch of a sample."""

    row: Array  # (p.row,), the tape row of mixed memory
    u: Array  # (inputs,)
    gates: Array  # (sensory synapses,)
    sums: Array  # (2, units)
    base: Array  # (2, units)
    v: Array  # (units,)
    no_trace: Array  # (0, units)
    work: Work


@njit(forceinline=True)
def room_size(p):
    return p.row + p.inputs + p.sensory.source.size + 5 * p.units + work_size(p, STAGES[p.solver] + 1)


@njit(forceinline=True)
def room_in(p, numbers):
    """The scratch in `room_size(p)` numbers."""
    n = p.units
    a = p.row
    b = a + p.inputs
    c = b + p.sensory.source.size
    d = c + 2 * n
    e = d + 2 * n
    f = e + n
    return Room(
        numbers[:a], numbers[a:b], numbers[b:c], numbers[c:d].reshape(2, n), numbers[d:e].reshape(2, n), numbers[e:f],
        numbers[:0].reshape(0, n), work_in(p, STAGES[p.solver] + 1, numbers[f:]),
    )  # fmt: skip


@njit
def sample(theta, p, ready, u, gap, state, y, no_shares, room):
    """Advance `state` by a sample and fill `y`. Left out of line, so that its bits are the same for all who call it."""
    sense(theta, p, ready, u, room.u, room.gates, room.sums, room.base)
    enter(theta, p, u, state, room.row, room.v)
    move(p, ready, gap, room.base, room.v, room.no_trace, no_shares, room.work)
    leave(p, room.v, state)
    read(theta, p, state, y)


@njit
def run(theta, p, ready, x, gaps, state, y, states):
    """Run each sequence from its row of `state`, which is updated; fills `y`, and `states` if it has a length."""
    room, no_shares = room_in(p, np.empty(room_size(p), theta.dtype)), np.empty(0)
    for b in range(x.shape[0]):
        for t in range(x.shape[1]):
            sample(theta, p, ready, x[b, t], gaps[b, t], state[b], y[b, t], no_shares, room)
            if states.shape[1] > 0:
                copy(state[b], states[b, t])


@njit
def run_back(theta, p, ready, x, gaps, state, dy, dstate, dtheta, dx, dgaps):
    """Forward with a tape and backward, sequence by sequence; see `Cell._backward`. Returns the gradient of `ready`.

    Fused steps leave all their states on the tape. Of an explicit solver only the state before each sample is kept,
    and its steps, which may be many, are taken once more.
    """
    n, length, kind, full = p.units, x.shape[1], theta.dtype, STAGES[p.solver] == 0
    gradient, work = no_gradient(p), work_of(p, STAGES[p.solver] + 1, theta)
    rows = p.unfolds + 1 + (0 if full else max(MAX_STEPS, p.unfolds))
    traces, shares = np.empty((length if full else 1, rows, n), kind), np.empty(rows)
    tape, first = np.empty((length, p.row), kind), np.empty((length, n), kind)
    u, gates = np.empty((length, p.inputs), kind), np.empty((length, p.sensory.source.size), kind)
    sums, base = np.empty((2, n), kind), np.empty((length, 2, n), kind)
    dbase, dv, v = np.empty((2, n), kind), np.empty(n, kind), np.empty(n, kind)
    sensory_work, lstm_work = np.empty((2, gates.shape[1]), kind), np.empty(p.inputs + 5 * n, kind)
    steps, explicit = 0, 0
    for b in range(x.shape[0]):
        for t in range(length):
            sense(theta, p, ready, x[b, t], u[t], gates[t], sums, base[t])
            enter(theta, p, x[b, t], state[b], tape[t], v)
            copy(v, first[t])
            steps, explicit = move(p, ready, gaps[b, t], base[t], v, traces[t if full else 0], shares, work)
            leave(p, v, state[b])
        for t in range(length - 1, -1, -1):
            trace = traces[t if full else 0]
            if not full and t < length - 1:
                copy(first[t], v)
                steps, explicit = move(p, ready, gaps[b, t], base[t], v, trace, shares, work)
            read_back(theta, p, trace[steps], dy[b, t], dtheta, dstate[b])
            arrange(p, dstate[b], dv)
            dbase[:] = 0.0
            dgaps[b, t] = move_back(
                p, ready, gaps[b, t], base[t], dv, dbase, trace, shares, steps, explicit, gradient, work
            )
            leave(p, dv, dstate[b])
            sense_back(theta, p, ready, x[b, t], u[t], gates[t], dbase, dtheta, dx[b, t], gradient, sums, sensory_work)
            if p.mixed:
                dgates, dz = lstm_work[: 4 * n], lstm_work[4 * n :]
                _lstm_back(theta, p, tape[t], dstate[b, :n], dstate[b], dtheta, dx[b, t], dgates, dz)
    return gradient


@njit
def time_constants(theta, p, ready, state, x, tau):
    """Fill `tau` (batch, units) with cm / D."""
    n, kind, work = p.units, theta.dtype, work_of(p, 1, theta)
    u, gates = np.empty(p.inputs, kind), np.empty(p.sensory.source.size, kind)
    sums, base, v = np.empty((2, n), kind), np.empty((2, n), kind), np.empty(n, kind)
    for b in range(len(x)):
        sense(theta, p, ready, x[b], u, gates, sums, base)
        arrange(p, state[b], v)
        receive(p, ready, base, v, 0, work)
        for i in range(n):
            tau[b, p.order[i]] = ready.neurons[CM, i] / work.stages[D, 0, i]
