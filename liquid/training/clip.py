"""Gradients of bounded length (Pascanu, Mikolov & Bengio, ICML 2013, algorithm 1)."""

from __future__ import annotations

import numpy as np

from liquid.cells.params import Array


def clip_norm(gradient: Array, limit: float | None) -> float:
    """Scale the vector `gradient` in place to a norm of at most `limit`; returns the norm that it had.

    None for no limit. Numbers whose squares overflow do no harm.
    """
    if limit is not None and not limit > 0:
        raise ValueError(f"limit is {limit}, but must be more than 0")
    largest = float(np.max(np.abs(gradient), initial=0.0))
    if largest == 0.0:
        return 0.0
    scaled = gradient / largest
    length = float(np.sqrt(np.dot(scaled, scaled)))
    if limit is not None and length > limit / largest:
        gradient[:] = scaled * (limit / length)
    return largest * length
