"""Kernels of the double-gated short convolution. Formulas in `liquid.cells.gated_conv`."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from liquid._jit import njit
from liquid.cells._dense import copy, linear, linear_back
from liquid.cells._layer_kernels import clamp
from liquid.cells._short_conv import convolve, convolve_back, shift
from liquid.cells._time_feature import join, join_back


class Plan(NamedTuple):
    seen: int  # inputs and the time feature
    width: int
    kernel: int
    limit: float
    p_taps: int
    p_out: int


@njit
def row_size(p):
    """What a sample leaves behind: z = [u, time feature] | B, C, x | B x | its convolution | that times C."""
    return p.seen + 6 * p.width


@njit
def parts(p, row):
    n, at = p.width, p.seen
    return (
        row[:at],
        row[at : at + 3 * n],
        row[at + 3 * n : at + 4 * n],
        row[at + 4 * n : at + 5 * n],
        row[at + 5 * n :],
    )


@njit
def gates(p, projected):
    n = p.width
    return projected[:n], projected[n : 2 * n], projected[2 * n :]


@njit
def respond(theta, p, u, gap, past, row, y):
    """One sample: fills `row` and `y`."""
    z, projected, now, mixed, gated = parts(p, row)
    join(u, gap, z)
    linear(theta, 0, z, projected)
    for i in range(projected.size):
        projected[i] = clamp(projected[i], p.limit)
    b, c, x = gates(p, projected)
    for i in range(p.width):
        now[i] = b[i] * x[i]
        mixed[i] = 0.0
    convolve(theta[p.p_taps : p.p_out], past, now, mixed)
    for i in range(p.width):
        gated[i] = c[i] * mixed[i]
    linear(theta, p.p_out, gated, y)


@njit
def respond_back(theta, p, gap, past, row, dy, dpast, dtheta, du, drow):
    """Backward pass of `respond` and the shift after it; returns dloss/dgap. `drow` is scratch."""
    z, projected, now, mixed, gated = parts(p, row)
    dz, dprojected, dnow, dmixed, dgated = parts(p, drow)
    b, c, x = gates(p, projected)
    db, dc, dx = gates(p, dprojected)
    linear_back(theta, dtheta, p.p_out, gated, dy, dgated)
    for i in range(p.width):
        dc[i] = dgated[i] * mixed[i]
        dmixed[i] = dgated[i] * c[i]
    convolve_back(theta[p.p_taps : p.p_out], dtheta[p.p_taps : p.p_out], past, now, dmixed, dpast, dnow)
    for i in range(p.width):
        db[i] = dnow[i] * x[i]
        dx[i] = dnow[i] * b[i]
    for i in range(projected.size):
        dprojected[i] = dprojected[i] if abs(projected[i]) < p.limit else 0.0
    linear_back(theta, dtheta, 0, z, dprojected, dz)
    return join_back(gap, dz, du)


@njit
def run(theta, p, x, gaps, state, y, states):
    """Run each sequence from its row of `state`, which is updated; fills `y`, and `states` if it has a length."""
    row = np.empty(row_size(p), theta.dtype)
    now = parts(p, row)[2]
    for b in range(x.shape[0]):
        for t in range(x.shape[1]):
            respond(theta, p, x[b, t], gaps[b, t], state[b], row, y[b, t])
            shift(state[b], now)
            if states.shape[1] > 0:
                copy(state[b], states[b, t])


@njit
def run_back(theta, p, x, gaps, state, dy, dstate, dtheta, dx, dgaps):
    """Forward with a tape and backward, sequence by sequence; see `Cell._backward`."""
    length, kept = x.shape[1], state.shape[1]
    tape, drow = np.empty((length, row_size(p)), theta.dtype), np.empty(row_size(p), theta.dtype)
    y, products = np.empty(p.width, theta.dtype), np.empty(kept + length * p.width, theta.dtype)
    for b in range(x.shape[0]):
        copy(state[b], products)
        for t in range(length):
            at = t * p.width
            respond(theta, p, x[b, t], gaps[b, t], products[at : at + kept], tape[t], y)
            copy(parts(p, tape[t])[2], products[at + kept :])
        for t in range(length - 1, -1, -1):
            past = products[t * p.width : t * p.width + kept]
            dgaps[b, t] = respond_back(
                theta, p, gaps[b, t], past, tape[t], dy[b, t], dstate[b], dtheta, dx[b, t], drow
            )  # fmt: skip
