"""The length of a vector, added up in one order whatever the machine does at the same time (a BLAS would not)."""

from __future__ import annotations

import math

from liquid._jit import njit


@njit
def norm(vector):
    """A unit, and the Euclidean norm in that unit: 1 unless squares would overflow or vanish."""
    total = 0.0
    for i in range(vector.size):
        total += float(vector[i]) * float(vector[i])
    if 1e-200 < total < math.inf:
        return 1.0, math.sqrt(total)
    largest = 0.0
    for v in vector:
        largest = max(largest, float(abs(v)))
    if largest == 0.0:
        return 1.0, 0.0
    total = 0.0
    for v in vector:
        share = float(v) / largest
        total += share * share
    return largest, math.sqrt(total)


@njit(fastmath=False)
def shrink(vector, unit, factor):
    """``vector / unit * factor`` in this order: another one could overflow."""
    for i in range(vector.size):
        vector[i] = vector[i] / unit * factor
