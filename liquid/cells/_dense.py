"""Dense layers on blocks of a parameter vector.

A block of ``(n + 1) * m`` numbers holds the weight as ``(n inputs, m outputs)`` and then the bias: the inner loop
runs over outputs, which are many, and not over inputs, which may be few, so that it fills vector registers. Without a
bias a block is ``n * m`` numbers.
"""

from __future__ import annotations

from liquid._jit import njit
from liquid.cells.params import Array, Cutter


def dense_size(n: int, m: int) -> int:
    return (n + 1) * m


def dense_views(cut: Cutter, n: int, m: int) -> tuple[Array, Array]:
    """The next block's weight, in the usual shape (outputs, inputs), and its bias."""
    return linear_view(cut, n, m), cut.take(m)


def linear_view(cut: Cutter, n: int, m: int) -> Array:
    """The next block's weight, in the usual shape (outputs, inputs), where there is no bias."""
    return cut.take(n, m).T


@njit
def copy(source, target):
    """Into the start of `target`. A slice assignment would compile Numba's error texts along with it."""
    for i in range(source.size):
        target[i] = source[i]


@njit
def affine(theta, at, x, out):
    """``out = W x + b`` for the block at offset `at`; returns the offset behind the block."""
    n, m = x.size, out.size
    copy(theta[at + n * m : at + (n + 1) * m], out)
    _add_product(theta, at, x, out)
    return at + (n + 1) * m


@njit
def linear(theta, at, x, out):
    """``out = W x`` for the block at offset `at`; returns the offset behind the block."""
    for o in range(out.size):
        out[o] = 0.0
    _add_product(theta, at, x, out)
    return at + x.size * out.size


@njit
def _add_product(theta, at, x, out):
    n, m = x.size, out.size
    fours = n - n % 4
    for j in range(0, fours, 4):  # four inputs a pass, to load and store the sums less often
        row = at + j * m
        w0, w1 = theta[row : row + m], theta[row + m : row + 2 * m]
        w2, w3 = theta[row + 2 * m : row + 3 * m], theta[row + 3 * m : row + 4 * m]
        x0, x1, x2, x3 = x[j], x[j + 1], x[j + 2], x[j + 3]
        for o in range(m):
            out[o] += w0[o] * x0 + w1[o] * x1 + w2[o] * x2 + w3[o] * x3
    for j in range(fours, n):
        w0, x0 = theta[at + j * m : at + (j + 1) * m], x[j]
        for o in range(m):
            out[o] += w0[o] * x0


@njit
def affine_back(theta, dtheta, at, x, dout, dx):
    """Backward pass of `affine`: add to the block's gradient, fill ``dx = W^T dout``."""
    n, m = x.size, dout.size
    linear_back(theta, dtheta, at, x, dout, dx)
    db = dtheta[at + n * m : at + (n + 1) * m]
    for o in range(m):
        db[o] += dout[o]


@njit
def linear_back(theta, dtheta, at, x, dout, dx):
    """Backward pass of `linear`: add to the block's gradient, fill ``dx = W^T dout``."""
    n, m = x.size, dout.size
    for j in range(n):
        w, dw = theta[at + j * m : at + (j + 1) * m], dtheta[at + j * m : at + (j + 1) * m]
        xj = x[j]
        total = theta.dtype.type(0)
        for o in range(m):
            dw[o] += xj * dout[o]
            total += w[o] * dout[o]
        dx[j] = total
