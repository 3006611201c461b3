"""The gap as one more input, for cells whose equations have no time in them.

``log1p(gap)`` keeps gaps around 1 on the scale of the other inputs, is 0 at gap 0, and 690 at the gap 1e300.
"""

from __future__ import annotations

from math import log1p

from liquid._jit import njit
from liquid.cells._dense import copy

TIME_FEATURES = ("append", "none")


@njit
def join(u, gap, z):
    """``z = [u, log1p(gap)]``, or ``z = u`` where `z` has no room for the feature."""
    copy(u, z)
    if z.size > u.size:
        z[u.size] = log1p(gap)


@njit
def join_back(gap, dz, du):
    """Backward pass of `join`: fill `du`; returns dloss/dgap."""
    copy(dz[: du.size], du)
    return dz[du.size] / (1 + gap) if dz.size > du.size else dz.dtype.type(0)
