"""Traces of a CfC with no or one layer of a backbone, by the formulas. Names as in `liquid.cells.cfc`.

The heads' weights touch one state each; a backbone's touch all. With G[i, j] = d h'_i / d q_j before the activation,
z = [u, h, 1], J_i = d h'_i / d h_i, and delta the slopes of h'_i by its heads::

    backbone  E[i, k, j] <- J_i E[i, k, j] + G[i, j] z_k
    heads     E[j, o]    <- J_i E[j, o] + delta_o q_j,   o = head, i
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from liquid._jit import njit
from liquid.cells._activations import activate_back
from liquid.cells._cfc_kernels import PURE, Plan, emit, emit_back, sense
from liquid.cells._dense import copy
from liquid.cells.params import Array


class Slopes(NamedTuple):
    """All that `advance` needs of a step."""

    row: Array  # the step's tape
    heads: Array  # delta, four parts
    direct: Array  # by parameters; only w_tau and A are used
    own: Array  # J
    decay: Array  # J once for each head
    inner: Array  # G (units, features)


def trace_size(p: Plan) -> int:
    backbone = p.units * (p.inputs + p.units + 1) * p.backbone if p.layers > 0 else 0
    return backbone + (p.features + 1) * p.heads * p.units + (2 * p.units if p.mode == PURE else 0)


def empty_slopes(p: Plan, kind: np.dtype) -> Slopes:
    shapes = [p.row, 4 * p.units, p.p_out, p.units, p.heads * p.units, (p.units, p.features)]
    return Slopes(*(np.zeros(shape, kind) for shape in shapes))


@njit
def prepare(theta, p, u, gap, state, s):
    """Fill the slopes `s` of the step from `state`."""
    n, m = p.units, p.heads * p.units
    h = state.copy()
    sense(theta, p, u, state, s.row)
    emit(theta, p, gap, s.row, h)
    h[:] = 1
    s.direct[p.p_tau :] = 0
    emit_back(theta, p, gap, s.row, h, s.direct, s.heads)
    across, steep = np.zeros((p.features, n), theta.dtype), np.ones(p.features, theta.dtype)
    for j in range(p.features):
        weights, sums = theta[p.p_heads + j * m : p.p_heads + (j + 1) * m], across[j]
        for r in range(p.heads):
            w, d = weights[r * n : (r + 1) * n], s.heads[r * n : (r + 1) * n]
            for i in range(n):
                sums[i] += w[i] * d[i]
    if p.layers > 0:
        before, after = s.row[p.r_layers : p.r_layers + p.backbone], s.row[p.r_heads - p.backbone : p.r_heads]
        activate_back(p.activation, before, after, steep)
    for i in range(n):
        inner = s.inner[i]
        for j in range(p.features):
            inner[j] = across[j, i] * steep[j]
        if p.layers > 0:
            at = p.p_layers + (p.inputs + i) * p.backbone
            weights, total = theta[at : at + p.backbone], theta.dtype.type(0)
            for j in range(p.backbone):
                total += inner[j] * weights[j]
            s.own[i] = total
        else:
            s.own[i] = inner[p.inputs + i]
    for r in range(p.heads):
        copy(s.own, s.decay[r * n :])


@njit
def advance(p, s, traces):
    """The traces after a step with the slopes `s`."""
    n, m, joined, one = p.units, p.heads * p.units, p.inputs + p.units, traces.dtype.type(1)
    at = 0
    if p.layers > 0:
        for i in range(n):
            own, inner = s.own[i], s.inner[i]
            for k in range(joined + 1):
                z, kept = s.row[k] if k < joined else one, traces[at : at + p.backbone]
                for j in range(p.backbone):
                    kept[j] = own * kept[j] + z * inner[j]
                at += p.backbone
    q = s.row[p.r_heads - p.backbone : p.r_heads] if p.layers > 0 else s.row[:joined]
    heads, decay = s.heads[:m], s.decay[:m]
    for j in range(p.features + 1):
        qj, kept = q[j] if j < p.features else one, traces[at : at + m]
        for o in range(m):
            kept[o] = decay[o] * kept[o] + qj * heads[o]
        at += m
    for o in range(traces.size - at):
        traces[at + o] = s.own[o % n] * traces[at + o] + s.direct[p.p_tau + o]


@njit
def collect(p, dstate, traces, dtheta):
    """``dtheta += dstate E``."""
    n, m = p.units, p.heads * p.units
    at = 0
    if p.layers > 0:
        size = (p.inputs + n + 1) * p.backbone
        block = dtheta[p.p_layers : p.p_layers + size]
        for i in range(n):
            d, kept = dstate[i], traces[at : at + size]
            for c in range(size):
                block[c] += d * kept[c]
            at += size
    repeated = np.empty(m, dtheta.dtype)
    for r in range(p.heads):
        copy(dstate, repeated[r * n :])
    for j in range(p.features + 1):
        block, kept = dtheta[p.p_heads + j * m : p.p_heads + (j + 1) * m], traces[at : at + m]
        for o in range(m):
            block[o] += repeated[o] * kept[o]
        at += m
    for o in range(traces.size - at):
        dtheta[p.p_tau + o] += dstate[o % n] * traces[at + o]
