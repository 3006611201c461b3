"""Gradients of bounded length (Pascanu, Mikolov & Bengio, ICML 2013, algorithm 1)."""

from __future__ import annotations

from liquid.cells.params import Array
from liquid.training._clip_kernels import norm, shrink


def clip_norm(gradient: Array, limit: float | None) -> float:
    """Scale the vector `gradient` in place to a norm of at most `limit`; returns the norm that it had.

    None for no limit. Numbers whose squares overflow do no harm.
    """
    if limit is not None and not limit > 0:
        raise ValueError(f"limit is {limit}, but must be more than 0")
    unit, length = norm(gradient)
    if limit is not None and length > limit / unit:
        shrink(gradient, gradient.dtype.type(unit), gradient.dtype.type(limit / length))
    return unit * length
