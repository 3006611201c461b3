"""What an output looks at: which inputs, how long ago."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from liquid.cells.base import Recurrent
from liquid.cells.checks import real_array
from liquid.cells.params import Array

METHODS = ("gradient", "integrated")


class Saliency(NamedTuple):
    """x : (batch, length, inputs), and gaps : (batch, length), of the output asked for: slopes, or with "integrated"
    shares of its change from the baseline. missing : (batch,), what those shares fall short of that change; 0 for
    slopes."""

    x: Array
    gaps: Array
    missing: Array


def saliency(
    model: Recurrent,
    params: Mapping[str, ArrayLike],
    x: ArrayLike,
    gaps: ArrayLike,
    state: ArrayLike | None = None,
    *,
    output: int = 0,
    at: int = -1,
    method: str = "gradient",
    baseline: ArrayLike = 0.0,
    steps: int = 64,
) -> Saliency:
    """What number `output` of the outputs after sample `at` depends on.

    Parameters
    ----------
    method : "gradient" for slopes by backpropagation through time; "integrated" for integrated gradients
        (Sundararajan, Taly & Yan, ICML 2017, eq. 1): the slopes' mean on the straight way from the baseline to the
        input, times the input less the baseline. They add up to the difference of the output between both.
    baseline : input that stands for "nothing there", broadcast to x (gaps are those given, so they have no share).
    steps : points of the integral (midpoint rule); `missing` tells whether they were enough.
    """
    dtype = np.dtype(model.dtype)
    x = real_array("x", x, dtype, "batch, length, inputs", (None, None, model.inputs))
    length = x.shape[1]
    if not -length <= at < length:
        raise ValueError(f"at is {at}, but there are {length} samples")
    if not 0 <= output < model.outputs:
        raise ValueError(f"output is {output}, but must be 0 to {model.outputs - 1}")
    if method not in METHODS:
        raise ValueError(f"method is {method!r}, but must be one of {', '.join(METHODS)}")
    dy = np.zeros((*x.shape[:2], model.outputs), dtype)
    dy[:, at, output] = 1
    if method == "gradient":
        back = model.grad(params, x, gaps, dy, state)
        return Saliency(back.x, back.gaps, np.zeros(len(x)))
    if steps < 1:
        raise ValueError(f"steps is {steps}, but must be at least 1")
    start = np.broadcast_to(np.asarray(baseline, dtype), x.shape)
    mean = np.zeros(x.shape)
    for k in range(steps):
        back = model.grad(params, start + (k + 0.5) / steps * (x - start), gaps, dy, state)
        mean += back.x / steps
    shares = mean * (x - start)
    ends = [model.run(params, point, gaps, state)[0][:, at, output] for point in (start, x)]
    missing = ends[1].astype(np.float64) - ends[0] - shares.sum(axis=(1, 2))
    return Saliency(shares, np.zeros(x.shape[:2]), missing)
