"""Traces d(state)/d(parameter) by blocks. Layout in `liquid.training.structure.Structure`."""

from __future__ import annotations

import numpy as np

from liquid._jit import njit
from liquid.cells._dense import copy

PIECE = 128  # parameters whose traces are worked on at a time, so that the old ones stay near


@njit
def advance(states, state_at, params, param_at, trace_at, passes, rows, jacobian_passes, jacobian, traces):
    """``E = J E + M`` within each block.

    rows : (passes, parameters), sums of rows of M; jacobian : (jacobian_passes, states), of J.
    """
    largest = 1
    for i in range(state_at.size - 1):
        largest = max(largest, state_at[i + 1] - state_at[i])
    old = np.empty((largest, PIECE), traces.dtype)
    for i in range(state_at.size - 1):
        own, n = states[state_at[i] : state_at[i + 1]], param_at[i + 1] - param_at[i]
        for start in range(0, n, PIECE):
            some = params[param_at[i] + start : min(param_at[i + 1], param_at[i] + start + PIECE)]
            at = trace_at[i] + start
            for a in range(own.size):
                copy(traces[at + a * n : at + a * n + some.size], old[a])
            for a in range(own.size):
                row, new = rows[passes[own[a]]], traces[at + a * n : at + a * n + some.size]
                for c in range(some.size):
                    new[c] = row[some[c]]
                for b in range(own.size):
                    slope, earlier = jacobian[jacobian_passes[own[a]], own[b]], old[b]
                    for c in range(some.size):
                        new[c] += slope * earlier[c]


@njit
def collect(states, state_at, params, param_at, trace_at, dstate, traces, dtheta):
    """``dtheta += dstate E``."""
    for i in range(state_at.size - 1):
        own, chosen = states[state_at[i] : state_at[i + 1]], params[param_at[i] : param_at[i + 1]]
        n, at = chosen.size, trace_at[i]
        for a in range(own.size):
            slope, kept = dstate[own[a]], traces[at + a * n : at + (a + 1) * n]
            for c in range(n):
                dtheta[chosen[c]] += slope * kept[c]
