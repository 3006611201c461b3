"""Explicit Runge-Kutta steps of the LTC equation ``dv/dt = (N(v) - D(v) v) / cm``, and their exact discrete adjoint.

By their tableau: Euler's, the classic one of order 4, and the pair 5(4) of Dormand and Prince (1980).

A step of the pair whose error is too large is halved; one whose error is small enough is doubled. So all steps are the
gap times powers of two: a small change of anything leaves them as they are, and the gradient through the steps that
were taken is the gradient of the very numbers that came out, that of the gap included.
"""

from __future__ import annotations

from math import ceil

import numpy as np

from liquid._jit import njit
from liquid.cells._dense import copy
from liquid.cells._ltc_fused import D_D, D_K, D_N, D_V, D, K, N, V, fused_back, fused_steps, receive, receive_back
from liquid.cells._ltc_ready import CM, D_CM

SOLVERS = ("fused", "euler", "rk4", "dopri5")
FUSED, EULER, RK4, DOPRI5 = range(4)
STAGES = np.array([0, 1, 4, 6])
# What the slopes of the stages add to the start of the next stage; behind the last stage, to the end of the step.
TABLEAU = np.zeros((4, 6, 6))
TABLEAU[EULER, 0, 0] = 1
TABLEAU[RK4, 0, 0], TABLEAU[RK4, 1, 1], TABLEAU[RK4, 2, 2] = 1 / 2, 1 / 2, 1
TABLEAU[RK4, 3, :4] = 1 / 6, 1 / 3, 1 / 3, 1 / 6
TABLEAU[DOPRI5] = [
    [1 / 5, 0, 0, 0, 0, 0],
    [3 / 40, 9 / 40, 0, 0, 0, 0],
    [44 / 45, -56 / 15, 32 / 9, 0, 0, 0],
    [19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729, 0, 0],
    [9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656, 0],
    [35 / 384, 0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84],
]
# Of the slopes of the stages and of that at the end, in the difference between the orders 5 and 4.
DIFFERENCE = np.array([71 / 57600, 0, -71 / 16695, 71 / 1920, -17253 / 339200, 22 / 525, -1 / 40])

MAX_STEPS = 1000  # in one gap
FINEST = 40  # halvings of the gap
DOUBLE_BELOW = 1 / 64  # of the tolerated error: steps twice as long have 2^6 times the error


@njit
def explicit_gap(p, ready, gap, base, v, trace, shares, work):
    """Move `v` over the gap.

    Steps leave the states before each of them and after the last one in `trace` and their shares of the gap in
    `shares`, unless those have no length. Returns how many steps there were, and how many of them were explicit: the
    rest, at the end, are fused ones.
    """
    if p.solver == DOPRI5:
        done, at = _adapt(p, ready, gap, base, v, trace, shares, work)
        rest, more = 1.0 - at, p.unfolds if at < 1.0 else 0
    else:
        done = _equal(p, ready, gap, base, v, trace, shares, work)
        rest, more = 1.0, 0 if done else max(MAX_STEPS, p.unfolds)
    if len(shares) > 0:
        copy(v, trace[done])
        shares[done : done + more] = rest / max(more, 1)
    if more > 0:
        fused_steps(p, ready, gap * (rest / more), base, v, more, trace[done:], work)
    return done + more, done


@njit
def explicit_gap_back(p, ready, gap, base, dv, dbase, trace, shares, steps, explicit, gradient, work):
    """Backward pass of `explicit_gap` from what it left and returned; `dv` goes from the last state to the first.

    Adds to `dbase` and the gradient, returns dloss/dgap.
    """
    dgap = 0.0
    for step in range(steps - 1, -1, -1):
        h = gap * shares[step]
        if step < explicit:
            dh = _step_back(p, ready, dv.dtype.type(h), base, trace[step], dv, dbase, gradient, work)
        else:
            dh = fused_back(p, ready, h, base, trace[step], trace[step + 1], dv, dbase, gradient, work)
        dgap += dh * shares[step]
    return dgap


@njit
def _equal(p, ready, gap, base, v, trace, shares, work):
    """Equal steps, none longer than the shortest time constant that there can be; returns how many, 0 for too many."""
    needed = gap * ready.rate
    if not needed <= max(MAX_STEPS, p.unfolds):
        return 0
    steps = max(p.unfolds, ceil(needed))
    for step in range(steps):
        if len(shares) > 0:
            copy(v, trace[step])
            shares[step] = 1.0 / steps
        copy(v, work.stages[V, 0])
        _slope(p, ready, base, 0, work)
        _step(p, ready, v.dtype.type(gap / steps), base, work)
        copy(work.stages[V, STAGES[p.solver]], v)
    return steps


@njit
def _adapt(p, ready, gap, base, v, trace, shares, work):
    """Steps of the pair; returns how many there were and the share of the gap behind them."""
    done, at, whole = 0, 0, 1 << FINEST
    size = whole
    while gap * ready.rate * (size / whole) > 1.0 and size > 0:
        size >>= 1
    if size == 0:
        return 0, 0.0
    vs, ks = work.stages[V], work.stages[K]
    copy(v, vs[0])
    _slope(p, ready, base, 0, work)
    for _ in range(MAX_STEPS):
        h = v.dtype.type(gap * (size / whole))
        _step(p, ready, h, base, work)
        _slope(p, ready, base, 6, work)
        error = _error(p, h, work)
        if error > 1.0 and size > 1:
            size >>= 1
            continue
        if len(shares) > 0:
            copy(v, trace[done])
            shares[done] = size / whole
        copy(vs[6], v)
        at, done = at + size, done + 1
        if at == whole:
            break
        if error < DOUBLE_BELOW and at % (2 * size) == 0:
            size <<= 1
        copy(v, vs[0])
        copy(ks[6], ks[0])
    return done, at / whole


@njit
def _error(p, h, work):
    """The largest error of a step in tolerated ones."""
    worst, ks, before, after = 0.0, work.stages[K], work.stages[V, 0], work.stages[V, 6]
    for i in range(after.size):
        error = 0.0
        for j in range(DIFFERENCE.size):
            error += DIFFERENCE[j] * ks[j, i]
        worst = max(worst, abs(h * error) / (p.atol + p.rtol * max(abs(before[i]), abs(after[i]))))
    return worst


@njit
def _slope(p, ready, base, stage, work):
    v, k, n, d, cm = (
        work.stages[V, stage],
        work.stages[K, stage],
        work.rows[N],
        work.stages[D, stage],
        ready.neurons[CM],
    )
    receive(p, ready, base, v, stage, work)
    for i in range(v.size):
        k[i] = (n[i] - d[i] * v[i]) / cm[i]


@njit
def _step(p, ready, h, base, work):
    """From the first stage and its slope to all others and to the state at the end of the step."""
    for stage in range(STAGES[p.solver]):
        if stage > 0:
            _slope(p, ready, base, stage, work)
        v, share = work.stages[V, stage + 1], TABLEAU[p.solver, stage]
        copy(work.stages[V, 0], v)
        for j in range(stage + 1):
            _add(h * v.dtype.type(share[j]), work.stages[K, j], v)


@njit
def _step_back(p, ready, h, base, v, dv, dbase, gradient, work):
    cm, dcm, dn, dd, dlater = ready.neurons[CM], gradient.neurons[D_CM], work.rows[D_N], work.rows[D_D], work.rows[D_V]
    copy(v, work.stages[V, 0])
    _slope(p, ready, base, 0, work)
    _step(p, ready, h, base, work)
    work.stages[D_K] = 0.0
    copy(dv, dlater)
    dh = 0.0
    for stage in range(STAGES[p.solver] - 1, -1, -1):
        share = TABLEAU[p.solver, stage]
        for j in range(stage + 1):
            dh += share[j] * _dot(work.stages[K, j], dlater)
            _add(h * v.dtype.type(share[j]), dlater, work.stages[D_K, j])
        at, d, k, dk = work.stages[V, stage], work.stages[D, stage], work.stages[K, stage], work.stages[D_K, stage]
        for i in range(v.size):
            dn[i] = dk[i] / cm[i]
            dd[i] = -dn[i] * at[i]
            dcm[i] -= dn[i] * k[i]
            dlater[i] = -dn[i] * d[i]
        receive_back(p, ready, at, stage, dlater, dbase, gradient, work)
        _add(1.0, dlater, dv)
    return dh


@njit
def _add(factor, x, total):
    for i in range(x.size):
        total[i] += factor * x[i]


@njit
def _dot(x, y):
    total = 0.0
    for i in range(x.size):
        total += x[i] * y[i]
    return total
