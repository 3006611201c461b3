"""The closed-form continuous-time cell, CfC (Hasani et al., Nature Machine Intelligence 2022, arXiv 2106.13898).

With z = [u, h], q = backbone(z) (or z), and four linear heads a1, a2, ta, tb of q, the state after a gap D is::

    default   h' = tanh(a1) (1 - s) + s tanh(a2),   s = sigmoid(ta D + tb)
    no_gate   h' = tanh(a1) + s tanh(a2)
    pure      h' = A - A exp(-D (|w_tau| + |a1|)) a1

as in the reference library ncps 1.0.1 (whose sign of `ta` is the opposite of the paper's equation). A gap of 0 is a
new sample at the same time, not an identity. With mixed memory an LSTM comes first and the cell sees its output in
the place of h; the state is then [h, c]. Names and shapes of the parameters are those of ncps's `CfC.state_dict()`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import sqrt
from typing import Any

import numpy as np

from liquid.cells._activations import ACTIVATIONS
from liquid.cells._cfc_back import back, record, run_back
from liquid.cells._cfc_kernels import MODES, Plan, run, single
from liquid.cells._dense import dense_size, dense_views
from liquid.cells._mixed_memory import draw_memory, memory_views
from liquid.cells._parts import each_part, sum_of_parts
from liquid.cells._single import Single
from liquid.cells.base import Cell
from liquid.cells.params import Array, Cutter, Params

LONGEST_TAPE = 2**24  # numbers
HEADS = ("ff1", "ff2", "time_a", "time_b")


@dataclass(frozen=True, kw_only=True)
class CfC(Cell, name="cfc"):
    """See the module.

    Parameters
    ----------
    units : width of the state h.
    mode : "default", "no_gate" or "pure".
    backbone_units, backbone_layers, activation : the hidden layers; 0 layers for none. Activations are those of
        `ACTIVATIONS`.
    mixed_memory : put an LSTM in front.
    projection : outputs of a last linear layer (ncps: `proj_size`); None gives the state itself.
    """

    units: int
    mode: str = "default"
    backbone_units: int = 128
    backbone_layers: int = 1
    activation: str = "lecun_tanh"
    mixed_memory: bool = False
    projection: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.mode not in MODES:
            raise ValueError(f"mode is {self.mode!r}, but must be one of {', '.join(MODES)}")
        if self.activation not in ACTIVATIONS:
            raise ValueError(f"activation is {self.activation!r}, but must be one of {', '.join(ACTIVATIONS)}")
        least = {"units": 1, "backbone_units": 1, "backbone_layers": 0, "projection": 1}
        for name, smallest in least.items():
            value = getattr(self, name)
            if value is not None and value < smallest:
                raise ValueError(f"{name} is {value}, but must be at least {smallest}")

    @property
    def outputs(self) -> int:
        return self.projection or self.units

    @property
    def state_size(self) -> int:
        return 2 * self.units if self.mixed_memory else self.units

    @property
    def param_count(self) -> int:
        return self.plan.p_out + (dense_size(self.units, self.projection) if self.projection else 0)

    @cached_property
    def plan(self) -> Plan:
        joined, units, width, layers = self.inputs + self.units, self.units, self.backbone_units, self.backbone_layers
        heads = 1 if self.mode == "pure" else len(HEADS)
        features = width if layers else joined
        p_layers = dense_size(joined, 4 * units) if self.mixed_memory else 0
        p_heads = p_layers + (dense_size(joined, width) + (layers - 1) * dense_size(width, width) if layers else 0)
        p_tau = p_heads + dense_size(features, heads * units)
        p_out = p_tau + (2 * units if self.mode == "pure" else 0)
        r_heads = joined + 2 * layers * width
        r_gates = r_heads + heads * units
        r_lstm = r_gates + 3 * units
        row = r_lstm + (joined + 6 * units if self.mixed_memory else 0)
        return Plan(
            self.inputs, units, width, layers, features, heads, MODES.index(self.mode),
            ACTIVATIONS.index(self.activation), self.mixed_memory, self.projection or 0,
            p_layers, p_heads, p_tau, p_out, joined, r_heads, r_gates, r_lstm, row,
        )  # fmt: skip

    def views(self, flat: Array) -> dict[str, Array]:
        p, cut = self.plan, Cutter(flat)
        named: dict[str, Array] = {}
        if self.mixed_memory:
            named |= memory_views(cut, p.inputs, p.units)
        width = p.inputs + p.units
        for layer in range(p.layers):
            name = f"rnn_cell.backbone.{2 * layer}"
            named[f"{name}.weight"], named[f"{name}.bias"] = dense_views(cut, width, p.backbone)
            width = p.backbone
        weight, bias = dense_views(cut, p.features, p.heads * p.units)
        for i, head in enumerate(HEADS[: p.heads]):
            part = slice(i * p.units, (i + 1) * p.units)
            named[f"rnn_cell.{head}.weight"], named[f"rnn_cell.{head}.bias"] = weight[part], bias[part]
        if self.mode == "pure":
            named["rnn_cell.w_tau"], named["rnn_cell.A"] = cut.take(1, p.units), cut.take(1, p.units)
        if self.projection:
            named["fc.weight"], named["fc.bias"] = dense_views(cut, p.units, self.projection)
        return named

    def init(self, rng: np.random.Generator | int) -> Params:
        """As ncps in torch: matrices of the cell by Xavier (also `w_tau` and `A`), biases by U(+-1/sqrt(fan_in))."""
        rng = np.random.default_rng(rng)
        params = self.empty_params()
        for name, view in params.items():
            if draw_memory(name, view, rng):
                continue
            if name.endswith(".bias") or name == "fc.weight":
                bound = 1.0 / sqrt(params[name.replace("bias", "weight")].shape[1])
            else:
                bound = sqrt(6.0 / sum(view.shape))
            view[...] = rng.uniform(-bound, bound, view.shape)
        return params

    def _single(self, theta: Array) -> Single:
        fixed = np.array([*self.plan, theta.size, self.state_size], np.int64)
        return Single(single, fixed, np.concatenate([theta, np.zeros(self.plan.row, theta.dtype)]))

    def _forward(self, theta: Array, x: Array, gaps: Array, state: Array, y: Array, states: Array) -> None:
        def work(part: slice) -> None:
            run(theta, self.plan, x[part], gaps[part], state[part], y[part], states[part])

        each_part(len(x), gaps.shape[1] * theta.size, work)

    def _backward(
        self, theta: Array, x: Array, gaps: Array, state: Array, dy: Array, dstate: Array,
        dtheta: Array, dx: Array, dgaps: Array,
    ) -> None:  # fmt: skip
        def work(part: slice, gradient: Array) -> None:
            run_back(
                theta, self.plan, x[part], gaps[part], state[part], dy[part], dstate[part],
                gradient, dx[part], dgaps[part],
            )  # fmt: skip

        sum_of_parts(len(x), 3 * gaps.shape[1] * theta.size, dtheta, work)

    def _forward_kept(self, theta: Array, x: Array, gaps: Array, state: Array, y: Array) -> Any:
        """Tapes by the first sequence of their part, unless they would be too long to keep all of them."""
        if self.plan.row * gaps.size > LONGEST_TAPE:
            return super()._forward_kept(theta, x, gaps, state, y)
        kept = {}

        def work(part: slice) -> None:
            kept[part.start] = record(theta, self.plan, x[part], gaps[part], state[part], y[part])

        each_part(len(x), gaps.shape[1] * theta.size, work)
        return kept

    def _backward_kept(
        self, kept: Any, theta: Array, x: Array, gaps: Array, dy: Array, dstate: Array,
        dtheta: Array, dx: Array, dgaps: Array,
    ) -> None:  # fmt: skip
        if not isinstance(kept, dict):
            super()._backward_kept(kept, theta, x, gaps, dy, dstate, dtheta, dx, dgaps)
            return

        def work(part: slice, gradient: Array) -> None:
            tape, after = kept[part.start]
            back(theta, self.plan, tape, after, gaps[part], dy[part], dstate[part], gradient, dx[part], dgaps[part])

        sum_of_parts(len(x), 2 * gaps.shape[1] * theta.size, dtheta, work)
