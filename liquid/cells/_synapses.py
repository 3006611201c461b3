"""Chemical synapses as lists: sums over what every neuron receives, and their backward pass.

A synapse from j to i lets through the conductance ``w s`` and the current ``w s E``, with its gate
``s = sigmoid(sigma (x_j - mu))`` open by the activity x_j of its source. Only synapses that exist are listed; their
numbers stand side by side in the rows of a table, so that all gates are computed as vectors.

The sums want an order of their own. Neurons are sorted by how many synapses they receive, most first. Then come the
first synapse of every neuron, the second one of every neuron that has two, and so on: one stretch of the list adds to
the first so many neurons, without any index. Four stretches at a time have the same width, filled up by synapses
without conductance (jagged diagonal storage, in groups). More of those fill up the list, for all gates to be whole
vectors.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import types
from numba.extending import overload

from liquid._jit import njit
from liquid.cells._math import exact
from liquid.cells.params import Array

GROUP = 4
LANES = 16  # numbers of float32 in the widest vector
# Rows of a table: what a pass needs, and then what only the gradient needs.
SLOPE, OFFSET, WEIGHT, CURRENT, SIGMA, MU, EREV, DWEIGHT = range(8)
ROWS = 8
# Rows of a table of gradients, still without factors that stay the same: of w, E / w, sigma and mu / sigma.
D_WEIGHT, D_EREV, D_SIGMA, D_MU = range(4)
D_ROWS = 4


class Synapses(NamedTuple):
    """Places of the synapses of one matrix, (sources, neurons)."""

    source: Array  # (synapses,), unsigned, so that Numba need not look for negative indices
    groups: Array  # (2, groups): where in the list a group starts, and how wide its stretches are


class Places(NamedTuple):
    """Where the parameters of the listed synapses come from."""

    target: Array  # (synapses,): place of the neuron
    entry: Array  # (synapses,): index in the flat matrix, or -1 for a filler


def order_of(adjacency: Array) -> Array:
    """The neurons (columns), those with most synapses first."""
    return np.argsort(-np.count_nonzero(adjacency, axis=0), kind="stable")


def listed(signs: Array, rows: Array, columns: Array) -> tuple[Synapses, Places]:
    """Synapses of a matrix in the order that `conduct` wants.

    Parameters
    ----------
    signs : (sources, neurons), not 0 where there is a synapse.
    rows, columns : orders of the sources and of the neurons; places are places in them.
    """
    place = np.argsort(rows)
    received = [np.flatnonzero(signs[:, column]) for column in columns]
    source: list[int] = []
    target: list[int] = []
    entry: list[int] = []
    groups: list[tuple[int, int]] = []
    for q in range(0, max(map(len, received)), GROUP):
        width = sum(len(synapses) > q for synapses in received)
        groups.append((len(source), width))
        for k in range(q, q + GROUP):
            for i in range(width):
                there = k < len(received[i])
                source.append(place[received[i][k]] if there else 0)
                target.append(i)
                entry.append(received[i][k] * len(columns) + columns[i] if there else -1)
    fillers = -len(source) % LANES
    source += [0] * fillers
    target += [0] * fillers
    entry += [-1] * fillers
    return (
        Synapses(np.array(source, np.uint32), np.array(groups, np.uint64).reshape(-1, 2).T.copy()),
        Places(np.array(target, np.int64), np.array(entry, np.int64)),
    )


def gate(t: Any) -> Any:
    """``1 / (1 + 2**t)``, in the type of `t`.

    For a sum of gates the error must be small against 1, not against a gate that is nearly shut. So the exponent needs
    no second word of precision, which makes this twice as fast as `liquid.cells._math.sigmoid`. It is 0 or 1 at the
    ends, where the derivative ``s (1 - s)`` must vanish, and NaN for NaN.
    """
    return (_gate_single if isinstance(t, np.float32) else _gate_double)(t)


@overload(gate, jit_options={"fastmath": {"contract"}, "forceinline": True})
def _gate(t):
    return (lambda t: _gate_single(t)) if t == types.float32 else (lambda t: _gate_double(t))


ROUNDED = 6755399441055744.0 + 1023.0  # 1.5 2^52 + the exponent bias: its last bits hold an integer added to it


@exact
def _gate_double(t):
    t = np.float64(t)
    t = -1022.0 if t < -1022.0 else t
    t = 1024.0 if t > 1024.0 else t
    shifted = t + ROUNDED
    f = t - (shifted - ROUNDED)
    # 2^f for |f| <= 1/2 by the polynomial of least relative error, 2.1e-16
    p = 7.03727953058280352e-9
    p = p * f + 1.02085379045521639e-7
    p = p * f + 1.32156628318461028e-6
    p = p * f + 1.52526581165613843e-5
    p = p * f + 1.54035299611359555e-4
    p = p * f + 1.33335582285614755e-3
    p = p * f + 9.61812910803458869e-3
    p = p * f + 5.55041086644588332e-2
    p = p * f + 2.40226506959087678e-1
    p = p * f + 6.93147180559949775e-1
    p = p * f + 1.0
    scale = np.int64(np.float64(shifted).view(np.int64) << np.int64(52)).view(np.float64)
    return 1.0 / (1.0 + p * scale)


F = np.float32
ROUNDED_SINGLE = F(12582912.0 + 127.0)  # 1.5 2^23 + the exponent bias


@exact
def _gate_single(t):
    t = F(-126.0) if t < F(-126.0) else t
    t = F(128.0) if t > F(128.0) else t
    shifted = F(t + ROUNDED_SINGLE)
    f = F(t - F(shifted - ROUNDED_SINGLE))
    # as above, to 1.9e-9
    p = F(1.53458121e-4)
    p = F(p * f + F(1.33999312e-3))
    p = F(p * f + F(9.61848896e-3))
    p = F(p * f + F(5.55032878e-2))
    p = F(p * f + F(2.40226469e-1))
    p = F(p * f + F(6.93147206e-1))
    p = F(p * f + F(1.0))
    scale = np.int32(F(shifted).view(np.int32) << np.int32(23)).view(F)
    return F(1.0) / (F(1.0) + p * scale)


@njit(forceinline=True)
def open_gates(synapses, table, x, s):
    """Fill `s` with the gates of all synapses for the activities `x` of the sources."""
    source, slope, offset = synapses.source, table[SLOPE], table[OFFSET]
    for k in range(s.size):  # apart from the next loop, which could not become vector code with it
        s[k] = x[source[k]]
    for k in range(s.size):
        s[k] = gate(slope[k] * s[k] + offset[k])


@njit(forceinline=True)
def conduct(synapses, table, s, current, conductance):
    """Add what every neuron receives through the gates `s`, ``sum w s E`` and ``sum w s``."""
    w, e = table[WEIGHT], table[CURRENT]
    for q in range(synapses.groups.shape[1]):
        a, n = synapses.groups[0, q], synapses.groups[1, q]
        b, c, d = a + n, a + n + n, a + n + n + n
        for i in range(n):
            s0, s1, s2, s3 = s[a + i], s[b + i], s[c + i], s[d + i]
            current[i] += s0 * e[a + i] + s1 * e[b + i] + s2 * e[c + i] + s3 * e[d + i]
            conductance[i] += s0 * w[a + i] + s1 * w[b + i] + s2 * w[c + i] + s3 * w[d + i]


@njit
def back(synapses, table, x, s, dcurrent, dconductance, dtable, dx, work):
    """Backward pass of `open_gates` and `conduct`: adds to `dtable` and `dx`. `work` is scratch, (2, synapses)."""
    r, seen, source = work[0], work[1], synapses.source
    for k in range(max(s.size - LANES, 0), s.size):  # behind the groups
        r[k] = 0
    w, e, dw, de = table[WEIGHT], table[EREV], dtable[D_WEIGHT], dtable[D_EREV]
    for q in range(synapses.groups.shape[1]):
        a, n = synapses.groups[0, q], synapses.groups[1, q]
        for _ in range(GROUP):
            for i in range(n):
                d = (dconductance[i] + e[a + i] * dcurrent[i]) * s[a + i]
                dw[a + i] += d
                de[a + i] += s[a + i] * dcurrent[i]
                r[a + i] = w[a + i] * d * (1 - s[a + i])
            a += n
    for k in range(s.size):
        seen[k] = x[source[k]]
    sigma, mu, dsigma, dmu = table[SIGMA], table[MU], dtable[D_SIGMA], dtable[D_MU]
    for k in range(s.size):
        dsigma[k] += r[k] * (seen[k] - mu[k])
        dmu[k] -= r[k]
        seen[k] = r[k] * sigma[k]
    for k in range(s.size):
        dx[source[k]] += seen[k]
