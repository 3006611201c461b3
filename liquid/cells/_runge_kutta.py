"""Fixed-step solvers of an autonomous vector field, and their exact discrete adjoint.

Classic RK4 or explicit Euler, `unfolds` equal steps. With a tape of all stages the backward pass is the derivative of
the very numbers that the solver produced, not a second ODE solved backwards. A stage leaves behind the row of its
field and then its slope k. Sizes are fields of `liquid.cells._ode_kernels.Plan`.
"""

from __future__ import annotations

from liquid._jit import njit
from liquid.cells._dense import copy
from liquid.cells._gated import flow, flow_back
from liquid.cells._mlp_field import mlp, mlp_back

SOLVERS = {"rk4": 4, "euler": 1}  # stages
# How far each stage of RK4 looks ahead along the slope of the one before, in steps; none comes after the last.
AHEAD = (0.0, 0.5, 0.5, 1.0, 0.0)
SHARE = (1 / 6, 1 / 3, 1 / 3, 1 / 6)


@njit
def evolve(theta, p, dt, drive, h, tape):
    """Move `h` by `unfolds` steps of `dt`. `tape` has a row for every stage, or only for those of one step."""
    n, number = p.units, theta.dtype.type
    for step in range(p.unfolds):
        first = step * p.stages % len(tape)
        for s in range(p.stages):
            row, k = _stage(p, tape[first + s])
            copy(h, row)
            if s > 0:
                _, slope = _stage(p, tape[first + s - 1])
                ahead = number(AHEAD[s] * dt)
                for i in range(n):
                    row[i] += ahead * slope[i]
            if p.gated:
                flow(theta, 0, row, k)
            else:
                mlp(theta, p, drive, row, k)
        for s in range(p.stages):
            _, k = _stage(p, tape[first + s])
            part = number(_share(p, s) * dt)
            for i in range(n):
                h[i] += part * k[i]


@njit
def evolve_back(theta, dtheta, p, dt, tape, dh, ddrive, work):
    """Backward pass of `evolve`: `dh` goes from the last state to the first, `ddrive` is added to; returns dloss/d(dt).

    `work` is scratch of `work_size(p)`.
    """
    n, number = p.units, theta.dtype.type
    dk, dlast, dstage, rest = work[:n], work[n : 2 * n], work[2 * n : 3 * n], work[3 * n :]
    ddt = number(0)
    for step in range(p.unfolds - 1, -1, -1):
        copy(dh, dlast)
        for i in range(n):
            dstage[i] = 0
        for s in range(p.stages - 1, -1, -1):
            row, k = _stage(p, tape[step * p.stages + s])
            share, ahead = number(_share(p, s)), number(AHEAD[s + 1])
            for i in range(n):
                slope = share * dlast[i] + ahead * dstage[i]
                ddt += slope * k[i]
                dk[i] = dt * slope
            if p.gated:
                flow_back(theta, dtheta, 0, row, dk, dstage, rest)
            else:
                mlp_back(theta, dtheta, p, row, k, dk, dstage, ddrive, rest)
            for i in range(n):
                dh[i] += dstage[i]
    return ddt


@njit
def work_size(p):
    return 3 * p.units + max(6 * p.units, 2 * p.hidden)


@njit
def _share(p, s):
    return SHARE[s] if p.stages > 1 else 1.0


@njit
def _stage(p, row):
    """The row of the field and the slope."""
    return row[: p.f_row], row[p.f_row :]
