"""Fused steps of the LTC equation: semi-implicit, stable for any gap (Hasani et al. 2021, algorithm 1).

With N and D what a neuron receives at the old v, leak and inputs included, v itself is taken at the new one::

    v' = (a v + b N) / (a + b (D + epsilon)),   a = cm / max(h, 1),  b = h / max(h, 1)

which is theirs, where ``a / b = cm / h``, and finite for every h from 0 on.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from liquid._jit import njit
from liquid.cells._dense import copy
from liquid.cells._ltc_ready import CM, D_CM
from liquid.cells._synapses import back, conduct, open_gates
from liquid.cells.params import Array


class Work(NamedTuple):
    """Scratch of a step and of its backward pass. Fused steps have one stage, explicit ones as many as they have."""

    rows: Array  # (4, units)
    stages: Array  # (4, stages, units)
    gates: Array  # (stages, synapses)
    synapses: Array  # (2, synapses)


# Rows of `rows`, and the parts of `stages`: D at a stage, the state v there, its slope k, and dloss/dk.
N, D_N, D_D, D_V = range(4)
D, V, K, D_K = range(4)


@njit(forceinline=True)
def work_size(p, stages):
    return (4 + 4 * stages) * p.units + (stages + 2) * p.recurrent.source.size


@njit(forceinline=True)
def work_in(p, stages, numbers):
    """The scratch in the first `work_size(p, stages)` numbers."""
    n, m = p.units, p.recurrent.source.size
    a = 4 * n
    b = a + 4 * stages * n
    c = b + stages * m
    return Work(
        numbers[:a].reshape(4, n), numbers[a:b].reshape(4, stages, n),
        numbers[b:c].reshape(stages, m), numbers[c : c + 2 * m].reshape(2, m),
    )  # fmt: skip


@njit
def work_of(p, stages, theta):
    return work_in(p, stages, np.empty(work_size(p, stages), theta.dtype))


@njit(forceinline=True)
def receive(p, ready, base, v, stage, work):
    """N and D at `v`, the gates too; `base` (2, units) is what they are without the synapses between neurons."""
    n, d, s = work.rows[N], work.stages[D, stage], work.gates[stage]
    copy(base[0], n)
    copy(base[1], d)
    open_gates(p.recurrent, ready.recurrent, v, s)
    conduct(p.recurrent, ready.recurrent, s, n, d)


@njit
def receive_back(p, ready, v, stage, dv, dbase, gradient, work):
    """From the rows D_N and D_D of `work`; adds to `dv`, `dbase` and the gradient."""
    dn, dd = work.rows[D_N], work.rows[D_D]
    for i in range(v.size):
        dbase[0, i] += dn[i]
        dbase[1, i] += dd[i]
    back(p.recurrent, ready.recurrent, v, work.gates[stage], dn, dd, gradient.recurrent, dv, work.synapses)


@njit(forceinline=True)
def fused_steps(p, ready, h, base, v, steps, trace, work):
    """Move `v` by `steps` steps of length h, which leave the state before each and after all, if `trace` has rows."""
    n, d, cm = work.rows[N], work.stages[D, 0], ready.neurons[CM]
    keep, move, epsilon = _weights(p, h, v.dtype.type)
    for step in range(steps):
        if trace.shape[0] > 0:
            copy(v, trace[step])
        receive(p, ready, base, v, 0, work)
        for i in range(v.size):
            a = cm[i] * keep
            v[i] = (a * v[i] + move * n[i]) / (a + move * (d[i] + epsilon))
    if trace.shape[0] > 0:
        copy(v, trace[steps])


@njit(forceinline=True)
def fused_gap(p, ready, gap, base, v, trace, shares, work):
    """Move `v` over the gap; as `liquid.cells._ltc_explicit.explicit_gap`."""
    fused_steps(p, ready, gap / p.unfolds, base, v, p.unfolds, trace, work)
    return p.unfolds, 0


@njit
def fused_gap_back(p, ready, gap, base, dv, dbase, trace, shares, steps, explicit, gradient, work):
    dgap = 0.0
    for step in range(steps - 1, -1, -1):
        dgap += fused_back(p, ready, gap / steps, base, trace[step], trace[step + 1], dv, dbase, gradient, work)
    return dgap / steps


@njit
def fused_back(p, ready, h, base, v, after, dv, dbase, gradient, work):
    """Backward pass of a step from `v` to `after`: `dv` goes from there to here; returns dloss/dh."""
    receive(p, ready, base, v, 0, work)
    n, d, cm = work.rows[N], work.stages[D, 0], ready.neurons[CM]
    dn, dd, dcm = work.rows[D_N], work.rows[D_D], gradient.neurons[D_CM]
    keep, move, epsilon = _weights(p, h, v.dtype.type)
    dmove = dkeep = 0.0
    for i in range(v.size):
        a = cm[i] * keep
        share = dv[i] / (a + move * (d[i] + epsilon))
        kept = share * (v[i] - after[i])
        dcm[i] += kept * keep
        dkeep += kept * a
        dmove += share * (n[i] - (d[i] + epsilon) * after[i])
        dn[i], dd[i] = move * share, -move * share * after[i]
        dv[i] = a * share
    receive_back(p, ready, v, 0, dv, dbase, gradient, work)
    return dmove if h <= 1 else -dkeep / h


@njit(forceinline=True)
def _weights(p, h, number):
    """``1 / max(h, 1)``, ``h / max(h, 1)`` and epsilon, in the type of numbers."""
    one = number(1)
    return number(one / max(number(h), one)), number(min(number(h), one)), number(p.epsilon)
