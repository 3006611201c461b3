"""One sample of a diagonal state space cell, for `liquid.cells.Stepper`."""

from __future__ import annotations

import numpy as np

from liquid._jit import njit
from liquid.cells._dense import copy
from liquid.cells._s4_kernels import SCRATCH, Plan, tables
from liquid.cells._s4_runs import sample
from liquid.cells._single import Single, acceptable, numbers_at, settled, split
from liquid.cells.params import Array

SIZES = 6


def single(theta: Array, plan: Plan, states: int) -> Single:
    """The fixed numbers are sizes, tables and scratch, all float64; the work is the imaginary part of real modes."""
    dt, through, table = tables(theta, plan)
    fixed = np.concatenate([[*plan, states], dt, through, table.ravel(), np.zeros(SCRATCH * plan.modes)])
    return Single(_step, fixed, np.zeros(plan.modes, theta.dtype))


@njit
def _step(fixed, memory, u, gap):
    f = numbers_at(fixed, SIZES, np.float64)
    h, n, states = int(f[0]), int(f[1]), int(f[5])
    p = Plan(h, n, f[2] != 0, int(f[3]), f[4] != 0)
    gap = u.dtype.type(gap)
    if not acceptable(u, h, gap):
        return False
    first = SIZES + 2 * h
    f = numbers_at(fixed, first + (6 * h + SCRATCH) * n, np.float64)
    zeros, state, before, y = split(memory, n, states, h, u.dtype)
    copy(state, before)
    table, scratch = f[first : first + 6 * h * n].reshape(6, h, n), f[first + 6 * h * n :].reshape(SCRATCH, n)
    sample(p, f[SIZES : SIZES + h], f[SIZES + h : first], table, u, gap, state, y, scratch, zeros)
    return settled(state, before, y)
