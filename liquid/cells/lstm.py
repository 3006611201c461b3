"""Long short-term memory, LSTM, with a forget gate (Gers et al., Neural Computation 2000), as in torch::

    i, f, o = sigmoid(W_i u + b_ii + W_hi h + b_hi), ... f, o the same
    g = tanh(W_ig u + b_ig + W_hg h + b_hg)
    c' = f c + i g
    h' = o tanh(c')

There is no time in these equations. With the time feature "append" the gates see ``[u, log1p(gap)]`` in the place of
the sample u and can learn what a gap means; with "none" the gap is ignored. The output is h, the state [h, c].

Names, shapes and gate order (i, f, g, o) of the parameters are those of `torch.nn.LSTMCell`, with one more column in
`weight_ih` for the time feature.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import sqrt

import numpy as np

from liquid.cells._dense import dense_size, dense_views
from liquid.cells._lstm_kernels import Plan, run, run_back
from liquid.cells._options import at_least, one_of
from liquid.cells._time_feature import TIME_FEATURES
from liquid.cells.base import Cell
from liquid.cells.params import Array, Cutter, Params


@dataclass(frozen=True, kw_only=True)
class LSTM(Cell, name="lstm"):
    """See the module.

    Parameters
    ----------
    units : width of h and of c.
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
        return 2 * self.units

    @property
    def param_count(self) -> int:
        return dense_size(self.plan.seen + self.units, 4 * self.units) + 4 * self.units

    @cached_property
    def plan(self) -> Plan:
        seen = self.inputs + (self.time_feature == "append")
        return Plan(seen, self.units, seen + 7 * self.units)

    def views(self, flat: Array) -> dict[str, Array]:
        cut, seen = Cutter(flat), self.plan.seen
        weight, bias = dense_views(cut, seen + self.units, 4 * self.units)
        return {
            "weight_ih": weight[:, :seen],
            "weight_hh": weight[:, seen:],
            "bias_ih": bias,
            "bias_hh": cut.take(4 * self.units),
        }

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
