"""Kernels of layers without a state, over rows ``(samples, inputs)``. Formulas in `liquid.cells.layers`."""

from __future__ import annotations

from math import sqrt

import numpy as np

from liquid._jit import njit
from liquid.cells._dense import affine, affine_back, linear, linear_back
from liquid.cells._math import sigmoid


@njit
def dense(theta, biased, x, y):
    for i in range(x.shape[0]):
        if biased:
            affine(theta, 0, x[i], y[i])
        else:
            linear(theta, 0, x[i], y[i])


@njit
def dense_back(theta, biased, x, dy, dtheta, dx):
    for i in range(x.shape[0]):
        if biased:
            affine_back(theta, dtheta, 0, x[i], dy[i], dx[i])
        else:
            linear_back(theta, dtheta, 0, x[i], dy[i], dx[i])


@njit
def root_mean_square(x, epsilon):
    """``(m, r)`` with ``r m = sqrt(mean(x^2) + epsilon)``; dividing by m first keeps large squares finite."""
    m = 1.0
    for v in x:
        m = max(m, abs(v))
    total = 0.0
    for v in x:
        w = v / m
        total += w * w
    return m, sqrt(total / x.size + epsilon / m / m)


@njit
def normalise(weight, epsilon, x, y):
    """``y = weight x / sqrt(mean(x^2) + epsilon)``"""
    m, r = root_mean_square(x, epsilon)
    for i in range(x.size):
        y[i] = weight[i] * (x[i] / m / r)


@njit
def normalise_back(weight, epsilon, x, dy, dweight, dx):
    """Backward pass of `normalise`: add to `dweight`, fill `dx`."""
    m, r = root_mean_square(x, epsilon)
    along = 0.0
    for i in range(x.size):
        unit = x[i] / m / r
        dweight[i] += dy[i] * unit
        along += weight[i] * dy[i] * unit
    along /= x.size
    for i in range(x.size):
        unit = x[i] / m / r
        dx[i] = (weight[i] * dy[i] - unit * along) / r / m


@njit
def rms_norm(weight, epsilon, x, y):
    for i in range(x.shape[0]):
        normalise(weight, epsilon, x[i], y[i])


@njit
def rms_norm_back(weight, epsilon, x, dy, dweight, dx):
    for i in range(x.shape[0]):
        normalise_back(weight, epsilon, x[i], dy[i], dweight, dx[i])


@njit
def clamp(v, limit):
    """Within ``+-limit``. (NaN stays NaN.)"""
    v = limit if v > limit else v
    return -limit if v < -limit else v


@njit
def swiglu(theta, limit, hidden, x, y):
    both, product = np.empty(2 * hidden, theta.dtype), np.empty(hidden, theta.dtype)
    for i in range(x.shape[0]):
        behind = linear(theta, 0, x[i], both)
        _gate(limit, both, product)
        linear(theta, behind, product, y[i])


@njit
def _gate(limit, both, product):
    n = product.size
    gate, value = both[:n], both[n:]
    for i in range(n):
        g, v = clamp(gate[i], limit), clamp(value[i], limit)
        product[i] = g * sigmoid(g) * v


@njit
def swiglu_back(theta, limit, hidden, x, dy, dtheta, dx):
    both, product = np.empty(2 * hidden, theta.dtype), np.empty(hidden, theta.dtype)
    dboth, dproduct = np.empty(2 * hidden, theta.dtype), np.empty(hidden, theta.dtype)
    gate, value, dgate, dvalue = both[:hidden], both[hidden:], dboth[:hidden], dboth[hidden:]
    for i in range(x.shape[0]):
        behind = linear(theta, 0, x[i], both)
        _gate(limit, both, product)
        linear_back(theta, dtheta, behind, product, dy[i], dproduct)
        for k in range(hidden):
            g, v = clamp(gate[k], limit), clamp(value[k], limit)
            s = sigmoid(g)
            dgate[k] = dproduct[k] * v * s * (1.0 + g * (1.0 - s)) if abs(gate[k]) < limit else 0.0
            dvalue[k] = dproduct[k] * g * s if abs(value[k]) < limit else 0.0
        linear_back(theta, dtheta, 0, x[i], dboth, dx[i])


@njit
def between(share, around, z, y, weight, epsilon, u):
    """From one layer of a stack to the next; arrays are (batch, length, channels). Returns whether `y` is finite.

    ``y = around + share (z - around)``, share per channel; without shares ``around + z``; without `around` y is z
    itself. Then `u` is the normalised y, if there is a weight.
    """
    bad = 0
    for b in range(z.shape[0]):
        for t in range(z.shape[1]):
            out, new = y[b, t], z[b, t]
            if around.size > 0:
                old = around[b, t]
                if share.size > 0:
                    for k in range(out.size):
                        out[k] = old[k] + share[k] * (new[k] - old[k])
                else:
                    for k in range(out.size):
                        out[k] = old[k] + new[k]
            for v in out:
                bad += not abs(v) < np.inf
            if weight.size > 0:
                normalise(weight, epsilon, out, u[b, t])
    return bad == 0


@njit
def share_back(share, around, z, dy, dshare, daround, dz):
    """Backward pass of the shares in `between`: add to `dshare`, fill the others."""
    for b in range(z.shape[0]):
        for t in range(z.shape[1]):
            old, new, d, dold, dnew = around[b, t], z[b, t], dy[b, t], daround[b, t], dz[b, t]
            for k in range(d.size):
                dshare[k] += d[k] * (new[k] - old[k])
                dnew[k] = d[k] * share[k]
                dold[k] = d[k] * (1.0 - share[k])
