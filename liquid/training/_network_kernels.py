"""The linear readout of a network, row by row: a product of whole matrices would round by the size of the batch."""

from __future__ import annotations

from liquid._jit import njit
from liquid.cells._dense import affine, affine_back


@njit
def read(theta, at, h, y):
    """``y = W h + b`` for every sample, with the block of `theta` at `at`."""
    for b in range(h.shape[0]):
        for t in range(h.shape[1]):
            affine(theta, at, h[b, t], y[b, t])


@njit
def read_back(theta, dtheta, at, h, dy, dh):
    """Backward pass of `read`: add to the block's gradient, fill `dh`."""
    for b in range(h.shape[0]):
        for t in range(h.shape[1]):
            affine_back(theta, dtheta, at, h[b, t], dy[b, t], dh[b, t])
