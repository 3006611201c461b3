"""Dense layers on blocks of a parameter vector.

A block of ``(n + 1) * m`` numbers holds the weight as ``(n inputs, m outputs)`` and then the bias: the inner loop
runs over outputs, which are many, and not over inputs, which may be few, so that it fills vector registers. Without a
bias a block is ``n * m`` numbers.
"""

from __future__ import annotations

from liquid._jit import njit
from liquid.cells._tile import ROWS, four_rows, one_row
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
    one_row(x, 0, 0, 1, theta, at, m, n, theta, at + n * m, 0, out, 0, 0, m)
    return at + (n + 1) * m


@njit
def linear(theta, at, x, out):
    """``out = W x`` for the block at offset `at`; returns the offset behind the block."""
    n, m = x.size, out.size
    for o in range(m):
        out[o] = 0
    one_row(x, 0, 0, 1, theta, at, m, n, out, 0, 0, out, 0, 0, m)
    return at + n * m


@njit
def affine_rows(theta, at, x, x_at, n, out, out_at, m):
    """`affine` for each row of the matrices ``x[:, x_at : x_at + n]`` and ``out[:, out_at : out_at + m]``.

    A row gets the bits that it would get alone.
    """
    product(x, x_at, x.shape[1], 1, x.shape[0], theta, at, m, n, theta, at + n * m, 0, out, out_at, out.shape[1], m)
    return at + (n + 1) * m


@njit
def product(x, x_at, x_row, x_step, rows, w, w_at, w_step, n, start, start_at, start_row, c, c_at, c_row, m):
    """``c[r, o] = start[r, o] + sum of x[r, j] w[j, o] over j < n`` for all rows; see `_tile.strips`."""
    tiled = rows - rows % ROWS
    for r in range(0, tiled, ROWS):
        four_rows(
            x, x_at + r * x_row, x_row, x_step, w, w_at, w_step, n,
            start, start_at + r * start_row, start_row, c, c_at + r * c_row, c_row, m,
        )  # fmt: skip
    for r in range(tiled, rows):
        one_row(
            x, x_at + r * x_row, x_row, x_step, w, w_at, w_step, n,
            start, start_at + r * start_row, start_row, c, c_at + r * c_row, c_row, m,
        )  # fmt: skip


@njit
def turn(theta, at, n, m, turned):
    """Copy the transposed weight of the block at offset `at` to the same place in `turned`."""
    for j in range(n):
        w = theta[at + j * m : at + (j + 1) * m]
        for o in range(m):
            turned[at + o * n + j] = w[o]


@njit
def affine_rows_back(dtheta, at, x, x_at, x_row, n, d, d_at, d_row, m, rows):
    """Add to the gradient of the block at offset `at` what `rows` rows give at once.

    Row r had the n inputs from ``x.flat[x_at + r * x_row]`` on, and ``d.flat[d_at + r * d_row]`` on is dloss/d(its m
    outputs).
    """
    product(x, x_at, 1, x_row, n, d, d_at, d_row, rows, dtheta, at, m, dtheta, at, m, m)
    db, slopes = dtheta[at + n * m : at + (n + 1) * m], d.reshape(d.size)
    for r in range(rows):
        row = slopes[d_at + r * d_row : d_at + r * d_row + m]
        for o in range(m):
            db[o] += row[o]


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
