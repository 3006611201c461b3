"""Traces d(state)/d(parameter) by blocks. Layout in `liquid.training.structure.Structure`."""

from __future__ import annotations

from liquid._jit import njit


@njit
def advance(states, state_at, params, param_at, trace_at, passes, rows, jacobian_passes, jacobian, before, after):
    """``after = J before + M`` within each block.

    rows : (passes, parameters), sums of rows of M; jacobian : (jacobian_passes, states), of J.
    """
    for i in range(state_at.size - 1):
        own, chosen = states[state_at[i] : state_at[i + 1]], params[param_at[i] : param_at[i + 1]]
        n, at = chosen.size, trace_at[i]
        for a in range(own.size):
            row, new = rows[passes[own[a]]], after[at + a * n : at + (a + 1) * n]
            for c in range(n):
                new[c] = row[chosen[c]]
            for b in range(own.size):
                slope, old = jacobian[jacobian_passes[own[a]], own[b]], before[at + b * n : at + (b + 1) * n]
                for c in range(n):
                    new[c] += slope * old[c]


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
