"""One sample of an LTC cell for `Stepper`, from addresses alone: where everything lies, and the kernel."""

from __future__ import annotations

from typing import Any

import numpy as np

from liquid._jit import njit
from liquid.cells._dense import copy
from liquid.cells._ltc_kernels import room_in, room_size, sample
from liquid.cells._ltc_ready import Plan, Ready, prepare
from liquid.cells._single import acceptable, numbers_at, settled, split
from liquid.cells._synapses import ROWS, Synapses
from liquid.cells.params import Array

# The head of `fixed`: the plan without its lists, and then the sizes of theta, state, lists of synapses and of groups.
IN_PLAN = 18
HEAD = IN_PLAN + 6
REALS = (5, 6, 7)  # of these the bits
NEURON_ROWS = 5


def fixed_of(p: Plan, params: int, states: int) -> Array:
    """Plan and sizes in whole numbers of 64 bits."""
    head: list[Any] = [*p[:IN_PLAN], params, states]
    for i in REALS:
        head[i] = np.float64(head[i]).view(np.int64)
    lists = (p.recurrent, p.sensory)
    head += [s.source.size for s in lists] + [s.groups.shape[1] for s in lists]
    sources = [np.resize(s.source, s.source.size + s.source.size % 2).view(np.int64) for s in lists]
    groups = [s.groups.ravel().view(np.int64) for s in lists]
    return np.concatenate([np.array(head, np.int64), p.order, p.across, *groups, *sources])


@njit
def work_of(theta, p, places):
    """First content of the kernel's memory: parameters, what `prepare` makes of them, scratch."""
    ready = prepare(theta, p, places)
    n, m, k = ready.neurons.size, ready.recurrent.size, ready.sensory.size
    a = theta.size
    work = np.zeros(a + n + m + k + 1 + room_size(p), theta.dtype)
    copy(theta, work)
    copy(ready.neurons.ravel(), work[a:])
    copy(ready.recurrent.ravel(), work[a + n :])
    copy(ready.sensory.ravel(), work[a + n + m :])
    work[a + n + m + k] = ready.rate
    return work


@njit
def single(fixed, memory, u, gap):
    """For fused steps; explicit ones are so many that what a call costs hardly counts."""
    f, real = numbers_at(fixed, HEAD, np.int64), numbers_at(fixed, HEAD, np.float64)
    n, params, states, m, k, groups, sensory_groups = f[1], f[18], f[19], f[20], f[21], f[22], f[23]
    lists = fixed + 8 * HEAD
    stretches = lists + 16 * n
    source = stretches + 16 * (groups + sensory_groups)
    p = Plan(
        f[0], n, f[2], f[3], f[4], real[5], real[6], real[7], f[8] != 0, f[9] != 0, f[10], f[11],
        f[12], f[13], f[14], f[15], f[16], f[17],
        numbers_at(lists, n, np.int64), numbers_at(lists + 8 * n, n, np.int64),
        Synapses(numbers_at(source, m, np.uint32), numbers_at(stretches, 2 * groups, np.uint64).reshape(2, groups)),
        Synapses(
            numbers_at(source + 8 * ((m + 1) // 2), k, np.uint32),
            numbers_at(stretches + 16 * groups, 2 * sensory_groups, np.uint64).reshape(2, sensory_groups),
        ),
    )  # fmt: skip
    gap = u.dtype.type(gap)
    if not acceptable(u, p.inputs, gap):
        return False
    a = params + NEURON_ROWS * n
    b = a + ROWS * m
    c = b + ROWS * k
    work, state, before, y = split(memory, c + 1 + room_size(p), states, p.outputs, u.dtype)
    ready = Ready(
        work[params:a].reshape(NEURON_ROWS, n), work[a:b].reshape(ROWS, m), work[b:c].reshape(ROWS, k), float(work[c])
    )
    copy(state, before)
    no_shares = real[:0]
    sample(work[:params], p, ready, u, gap, state, y, no_shares, room_in(p, work[c + 1 :]))
    return settled(state, before, y)
