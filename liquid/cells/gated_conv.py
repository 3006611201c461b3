"""Double-gated short convolution, the local operator of LFM2 (Liquid AI 2025, arXiv 2511.23404)::

    B, C, x = W_in z
    y = W_out (C * conv(B * x))

with elementwise products and a depthwise causal convolution over the last `kernel` samples. Names, shapes and order of
the parameters are those of `Lfm2ShortConv` in the library transformers: `in_proj.weight` (3 width, inputs),
`conv.weight` (width, 1, kernel), oldest tap first, `out_proj.weight` (width, width); no biases.

The published operator counts samples and knows no time. With the time feature "append" z is the sample u with
log1p(gap) behind it and `in_proj.weight` has one more column, so that a gap can open and close both gates; a column of
zeros, or "none" (z = u), is the published operator. State: the products B * x of the last kernel - 1 samples, oldest
first, (kernel - 1, width), flat.

B, C and x are kept within `limit` (1e75 in float64, 1e8 in float32), so that their product stays finite.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from liquid.cells._dense import linear_view
from liquid.cells._gated_conv_kernels import Plan, run, run_back
from liquid.cells._options import at_least, one_of
from liquid.cells._short_conv import taps_view
from liquid.cells._time_feature import TIME_FEATURES
from liquid.cells.base import Cell
from liquid.cells.layers import product_limit, uniform_init
from liquid.cells.params import Array, Cutter, Params


@dataclass(frozen=True, kw_only=True)
class GatedConv(Cell, name="gated_conv"):
    """See the module.

    Parameters
    ----------
    width : channels of the convolution, and outputs; default: as many as inputs.
    kernel : taps, the samples that an output sees.
    time_feature : "append" or "none".
    """

    width: int | None = None
    kernel: int = 3
    time_feature: str = "append"

    def __post_init__(self) -> None:
        super().__post_init__()
        one_of(self, time_feature=TIME_FEATURES)
        at_least(self, kernel=1)
        if self.width is not None:
            at_least(self, width=1)

    @property
    def outputs(self) -> int:
        return self.width or self.inputs

    @property
    def state_size(self) -> int:
        return (self.kernel - 1) * self.outputs

    @property
    def param_count(self) -> int:
        return self.plan.p_out + self.outputs**2

    @cached_property
    def limit(self) -> float:
        return product_limit(self.dtype, 4)

    @cached_property
    def plan(self) -> Plan:
        seen, width = self.inputs + (self.time_feature == "append"), self.outputs
        p_taps = 3 * seen * width
        return Plan(seen, width, self.kernel, self.limit, p_taps, p_taps + self.kernel * width)

    def views(self, flat: Array) -> dict[str, Array]:
        p, cut = self.plan, Cutter(flat)
        return {
            "in_proj.weight": linear_view(cut, p.seen, 3 * p.width),
            "conv.weight": taps_view(cut, p.kernel, p.width),
            "out_proj.weight": linear_view(cut, p.width, p.width),
        }

    def init(self, rng: np.random.Generator | int) -> Params:
        """As torch's `Linear` and `Conv1d`: U(+-1/sqrt(fan_in))."""
        rng = np.random.default_rng(rng)
        params = self.empty_params()
        for name, weight in params.items():
            uniform_init(rng, weight[:, 0] if name == "conv.weight" else weight)
        return params

    def _forward(self, theta: Array, x: Array, gaps: Array, state: Array, y: Array, states: Array) -> None:
        run(theta, self.plan, x, gaps, state, y, states)

    def _backward(
        self, theta: Array, x: Array, gaps: Array, state: Array, dy: Array, dstate: Array,
        dtheta: Array, dx: Array, dgaps: Array,
    ) -> None:  # fmt: skip
        run_back(theta, self.plan, x, gaps, state, dy, dstate, dtheta, dx, dgaps)
