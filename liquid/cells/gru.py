"""The gated recurrent unit, GRU (Cho et al., EMNLP 2014, arXiv 1406.1078), in the form of torch and cuDNN::

    r = sigmoid(W_ir u + b_ir + W_hr h + b_hr)
    z = sigmoid(W_iz u + b_iz + W_hz h + b_hz)
    n = tanh(W_in u + b_in + r (W_hn h + b_hn))
    h' = (1 - z) n + z h

There is no time in these equations. With the time feature "append" the unit sees ``[u, log1p(gap)]`` in the place of
the sample u and can learn what a gap means; with "none" the gap is ignored. The state is the output h; its numbers
stay within -1 and 1 (or within those of the first state), whatever the inputs, gaps and parameters.

Names, shapes and gate order (r, z, n) of the parameters are those of `torch.nn.GRUCell`, with one more column in
`weight_ih` for the time feature.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import sqrt

import numpy as np

from liquid.cells._gated import gated_row, gated_size, gated_views
from liquid.cells._gru_kernels import Plan, run, run_back
from liquid.cells._options import at_least, one_of
from liquid.cells._time_feature import TIME_FEATURES
from liquid.cells.base import Cell
from liquid.cells.params import Array, Cutter, Params


@dataclass(frozen=True, kw_only=True)
class GRU(Cell, name="gru"):
    """See the module.

    Parameters
    ----------
    units : width of the state h.
    time_feature : "append" or "none".
    """

    units: int
    time_feature: str = "append"

    def __post_init__(self) -> None:
        super().__post_init__()
        one_of(self, time_feature=TIME_FEATURES)
        at_least(self, units=1)

    @property
    def outputs(self) -> int:
        return self.units

    @property
    def state_size(self) -> int:
        return self.units

    @property
    def param_count(self) -> int:
        return gated_size(self.plan.seen, self.units)

    @cached_property
    def plan(self) -> Plan:
        seen = self.inputs + (self.time_feature == "append")
        return Plan(seen, gated_row(seen, self.units))

    def views(self, flat: Array) -> dict[str, Array]:
        return gated_views(Cutter(flat), self.plan.seen, self.units)

    def init(self, rng: np.random.Generator | int) -> Params:
        """As torch: everything by U(+-1/sqrt(units))."""
        params, bound = self.empty_params(), 1 / sqrt(self.units)
        params.flat[:] = np.random.default_rng(rng).uniform(-bound, bound, params.flat.size)
        return params

    def _forward(self, theta: Array, x: Array, gaps: Array, state: Array, y: Array, states: Array) -> None:
        run(theta, self.plan, x, gaps, state, y, states)

    def _backward(
        self, theta: Array, x: Array, gaps: Array, state: Array, dy: Array, dstate: Array,
        dtheta: Array, dx: Array, dgaps: Array,
    ) -> None:  # fmt: skip
        run_back(theta, self.plan, x, gaps, state, dy, dstate, dtheta, dx, dgaps)
