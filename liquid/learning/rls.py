"""Recursive least squares with a packed symmetric inverse covariance, in float32.

P is stored as its lower triangle, row by row: P[a, b], b <= a, lies at a (a + 1) / 2 + b. (Haykin, Adaptive Filter
Theory, ch. 10: the exponentially weighted RLS, with Huber's weight applied to the row so that outliers do not shrink
P.)
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from liquid._jit import njit

f4 = np.float32

CERTAIN: Final = 1e-6
UNCERTAIN: Final = 1e6


def packed(size: int) -> int:
    """Length of the packed lower triangle."""
    return size * (size + 1) // 2


@njit
def index(a, b):
    """Where P[a, b] lies."""
    return a * (a + 1) // 2 + b if a >= b else b * (b + 1) // 2 + a


@njit
def reset(p, size, diagonal):
    """P = diagonal * I."""
    k = 0
    for a in range(size):
        for b in range(a + 1):
            p[k] = f4(diagonal) if a == b else f4(0.0)
            k += 1


@njit
def trace(p, size):
    """Sum of the diagonal."""
    t = 0.0
    for a in range(size):
        t += p[index(a, a)]
    return t


@njit
def transform(p, size, a, factor, b, share):
    """P for weights of which w[a] became factor w[a] + share w[b] (P becomes T P T').

    P[a, a] grows by CERTAIN and stays below UNCERTAIN: a weight must be able to go on learning at the new scale, and
    repeated changes must not make P singular.
    """
    paa = p[index(a, a)]
    pab = p[index(a, b)]
    pbb = p[index(b, b)]
    for k in range(size):
        if k != a:
            i = index(a, k)
            p[i] = p[i] * factor + p[index(b, k)] * share if a != b else p[i] * factor
    if a != b:
        p[index(a, a)] = paa * factor * factor + 2.0 * factor * share * pab + share * share * pbb
    else:
        p[index(a, a)] = paa * factor * factor
    paa = p[index(a, a)]
    if paa > UNCERTAIN:  # the whole row, or P would become indefinite
        for k in range(size):
            p[index(a, k)] *= math.sqrt(UNCERTAIN / paa)
    p[index(a, a)] = min(max(paa, 0.0), UNCERTAIN) + CERTAIN


@njit
def predict(w, x, size):
    """w . x"""
    v = f4(0.0)
    for a in range(size):
        v += w[a] * x[a]
    return v


@njit
def update(w, p, x, gain, size, error, forgetting, limit, diagonal):
    """One step: w += P x e / (forgetting + x' P x), P = (P - P x x' P / (...)) / forgetting.

    Parameters
    ----------
    w : (size,) f4. p : packed f4. x : (size,) f4, the row. gain : (size,) f4 scratch.
    error : target - w . x, in the scale of x. forgetting : lambda, in (0, 1].
    limit : P is not divided by lambda while its trace is above this (no wind-up without excitation).
    diagonal : P restarts from diagonal * I should rounding ever make it indefinite.
    """
    for a in range(size):
        gain[a] = f4(0.0)
    k = 0
    for a in range(size):
        row = p[k : k + a + 1]
        xa = x[a]
        v = f4(0.0)
        for b in range(a):
            v += row[b] * x[b]
            gain[b] += row[b] * xa
        gain[a] += v + row[a] * xa
        k += a + 1
    power = 0.0
    for a in range(size):
        power += gain[a] * x[a]
    if not 0.0 <= power < 1e30:
        reset(p, size, diagonal)
        return
    denominator = forgetting + power
    e = f4(error / denominator)
    for a in range(size):
        w[a] += gain[a] * e
    inverse = f4(1.0)
    if trace(p, size) < limit:
        inverse = f4(1.0 / forgetting)
    k = 0
    definite = True
    d = f4(1.0 / denominator)
    for a in range(size):
        row = p[k : k + a + 1]
        ga = gain[a] * d
        for b in range(a + 1):
            row[b] = (row[b] - ga * gain[b]) * inverse
        definite &= row[a] > 0.0
        k += a + 1
    if not definite:
        reset(p, size, diagonal)
