"""Whether the fields of one event go together: how far each's forecast error is from what the others' make likely.

Errors are taken in their own running sizes and held within CLIP of them: a single field that is far off is its own
series' affair, here counts what is unusual *together*. With S the running covariance of the m fields that were measured
and P = S^-1, an error given the others has the deviation 1 / sqrt(P_kk), and z_k = (P u)_k / sqrt(P_kk) is how many of
these it is off (Whittaker, Graphical Models in Applied Multivariate Statistics, 1990, ch. 5); the largest |z_k| counts.
S is factorised by Cholesky's method. An event teaches S with the weight min(1, LIMIT / d)^2 where d is Mahalanobis'
distance over sqrt(m), about 1 as ever: no single event can bend it and yet a lasting change is learned.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from liquid._jit import njit
from liquid.learning.rls import index, packed

MOST: Final = 16  # fields
CLIP: Final = 4.0  # running sizes
LIMIT: Final = 3.0
MEMORY: Final = 2000.0  # events
_FIRST = 10.0  # events that the start, independent fields, is worth
_ALONE = math.pi / 2.0  # E u^2 of a normal error in units of its mean size
_RIDGE = 1e-3
_YOUNG = 30.0


def joint_dtype(fields: int) -> np.dtype:
    """State of the joint of so many fields: events and mean |error| of each, the packed covariance of errors."""
    return np.dtype(
        [("seen", "f8", (fields,)), ("size", "f8", (fields,)), ("covariance", "f8", (packed(fields),))], align=True
    )


def work_dtype(fields: int) -> np.dtype:
    """Work space of `observe`."""
    n = (fields,)
    factor = ("factor", "f8", (packed(fields),))
    return np.dtype([("u", "f8", n), ("y", "f8", n), ("v", "f8", n), ("at", "i8", n), factor], align=True)


@njit
def start(joint):
    """Independent fields."""
    k = 0
    for a in range(len(joint.size)):
        for b in range(a + 1):
            joint.covariance[k] = _ALONE if a == b else 0.0
            k += 1


@njit
def observe(joint, error, work, share):
    """Judge the errors of one event, then learn them.

    Parameters
    ----------
    joint : record of joint_dtype. error : (fields,) value - expected, nan where a field was not measured.
    work : record of work_dtype. share : (fields,) out, each field's part of the sum of z^2.

    Returns
    -------
    The largest |z|; nan where fewer than two fields were measured, or nothing is known of them yet.
    """
    u, y, at = work.u, work.y, work.at
    m = 0
    known = True
    for k in range(len(error)):
        share[k] = 0.0
        if math.isfinite(error[k]):
            known &= joint.seen[k] > 0.0
            at[m] = k
            u[m] = _standardised(joint, k, error[k])
            m += 1
    largest = math.nan
    if m >= 2:
        _factorise(joint, m, work)
        distance = math.sqrt(_solve(m, work) / m)
        largest = 0.0
        total = 0.0
        for a in range(m):
            z = y[a] / math.sqrt(_precision(m, a, work))
            share[at[a]] = z * z
            total += z * z
            largest = max(largest, abs(z))
        for a in range(m):
            share[at[a]] = share[at[a]] / total if total > 0.0 else 0.0
        weight = min(1.0, LIMIT / max(distance, 1e-9))
        _learn(joint, m, weight * weight, work)
    for k in range(len(error)):
        if math.isfinite(error[k]):
            _learn_size(joint, k, abs(error[k]))
    return largest if known else math.nan


@njit
def _standardised(joint, k, error):
    size = joint.size[k]
    if size > 0.0:
        return min(max(error / size, -CLIP), CLIP)
    return 0.0 if error == 0.0 else (CLIP if error > 0.0 else -CLIP)


@njit
def _factorise(joint, m, work):
    """The lower factor of the covariance of the m measured fields."""
    f = work.factor
    for a in range(m):
        for b in range(a + 1):
            v = joint.covariance[index(work.at[a], work.at[b])]
            floor = _RIDGE * max(v, 1.0)
            if a == b:
                v += floor
            for c in range(b):
                v -= f[index(a, c)] * f[index(b, c)]
            f[index(a, b)] = math.sqrt(max(v, floor)) if a == b else v / f[index(b, b)]


@njit
def _solve(m, work):
    """y = S^-1 u; give u' S^-1 u."""
    f, u, y = work.factor, work.u, work.y
    total = 0.0
    for a in range(m):
        v = u[a]
        for b in range(a):
            v -= f[index(a, b)] * y[b]
        y[a] = v / f[index(a, a)]
        total += y[a] * y[a]
    for a in range(m - 1, -1, -1):
        v = y[a]
        for b in range(a + 1, m):
            v -= f[index(b, a)] * y[b]
        y[a] = v / f[index(a, a)]
    return total


@njit
def _precision(m, k, work):
    """P_kk: the squared length of column k of the inverse factor."""
    f, v = work.factor, work.v
    total = 0.0
    for a in range(k, m):
        x = 1.0 if a == k else 0.0
        for b in range(k, a):
            x -= f[index(a, b)] * v[b]
        v[a] = x / f[index(a, a)]
        total += v[a] * v[a]
    return total


@njit
def _learn(joint, m, weight, work):
    for a in range(m):
        for b in range(a + 1):
            j, k = work.at[a], work.at[b]
            rate = max(1.0 / (min(joint.seen[j], joint.seen[k]) + 1.0 + _FIRST), 1.0 / MEMORY)
            i = index(j, k)
            joint.covariance[i] += rate * (weight * work.u[a] * work.u[b] - joint.covariance[i])


@njit
def _learn_size(joint, k, size):
    n = joint.seen[k] + 1.0
    joint.seen[k] = min(n, 1e6)
    if n > _YOUNG:
        size = min(size, 5.0 * joint.size[k] + 1e-300)
    joint.size[k] += max(1.0 / n, 1.0 / MEMORY) * (min(size, 1e150) - joint.size[k])


@njit
def run(joints, slots, errors, work, largest, shares):
    """Judge and learn events in order.

    Parameters
    ----------
    joints : (capacity,) of joint_dtype. slots : (n,) i8. errors : (n, fields). work : record of work_dtype.
    largest : (n,) out. shares : (n, fields) out.
    """
    for i in range(len(slots)):
        largest[i] = observe(joints[slots[i]], errors[i], work, shares[i])
