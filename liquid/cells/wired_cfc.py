"""CfC on a wiring, such as a neural circuit policy (Lechner et al., Nature Machine Intelligence 2020).

Every layer of the wiring (inter, command and motor neurons of an NCP; one layer of all neurons otherwise) is a CfC
without a backbone, `liquid.cells.cfc`, whose input is the new state of the layer before it, the first one's the
sample. Of its four heads, ff1 and ff2 see an input only through the wiring's synapses, whose signs do not count;
time_a and time_b see all of it. Within a layer every neuron sees every other. The output is the last layer's state.

That is the wired cell of the reference library ncps 1.0.1, down to its oddities: the synapses that a wiring draws
within a layer are not used, and a fully connected wiring is read at all its neurons, whatever outputs it names. The
state has the neurons in the order of the layers. Names and shapes of the parameters are those of ncps's
`CfC.state_dict()`, less the masks, which the wiring has; where there is no synapse a weight counts for nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import sqrt

import numpy as np

from liquid.cells._cfc_kernels import MODES
from liquid.cells._dense import dense_size, dense_views
from liquid.cells._mixed_memory import draw_memory, memory_views
from liquid.cells._wired_cfc_kernels import WiredPlan, run, run_back
from liquid.cells.base import Cell
from liquid.cells.cfc import HEADS
from liquid.cells.params import Array, Cutter, Params
from liquid.wirings import Spec, Wiring


@dataclass(frozen=True, kw_only=True)
class WiredCfC(Cell, name="wired_cfc"):
    """See the module.

    Parameters
    ----------
    wiring : which neurons there are and which see which, from `liquid.wirings`.
    mode : "default", "no_gate" or "pure".
    mixed_memory : put an LSTM in front, as in `CfC`.
    projection : outputs of a last linear layer (ncps: `proj_size`); None gives the state of the last layer itself.
    """

    wiring: Spec
    mode: str = "default"
    mixed_memory: bool = False
    projection: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.mode not in MODES:
            raise ValueError(f"mode is {self.mode!r}, but must be one of {', '.join(MODES)}")
        if self.projection is not None and self.projection < 1:
            raise ValueError(f"projection is {self.projection}, but must be at least 1")

    @cached_property
    def built(self) -> Wiring:
        return self.wiring.build(self.inputs)

    @property
    def units(self) -> int:
        return self.built.units

    @property
    def outputs(self) -> int:
        return self.projection or len(self.built.layers[-1])

    @property
    def state_size(self) -> int:
        return 2 * self.units if self.mixed_memory else self.units

    @property
    def param_count(self) -> int:
        return self.plan.p_out + (dense_size(self.plan.motors, self.projection) if self.projection else 0)

    @cached_property
    def masks(self) -> tuple[Array, ...]:
        """Of each layer, (neurons, inputs): 1 where a neuron has a synapse from an input, 0 where not."""
        wiring = self.built
        sources = [wiring.sensory, *(wiring.adjacency[list(below)] for below in wiring.layers)]
        pairs = zip(sources, wiring.layers, strict=False)
        return tuple(np.abs(source[:, list(layer)]).T.astype(self._type) for source, layer in pairs)

    @cached_property
    def plan(self) -> WiredPlan:
        units, heads = self.units, 1 if self.mode == "pure" else len(HEADS)
        at = dense_size(self.inputs + units, 4 * units) if self.mixed_memory else 0
        row, state, seen, table, masks = self.inputs + units, 0, 0, [], []
        for mask in self.masks:
            n, n_in = mask.shape
            table.append((n_in, n, at, row, state, seen))
            heads_mask = np.ones((n_in, heads, n), self._type)
            heads_mask[:, :2] = mask.T[:, None]  # ff1 and ff2
            masks.append(heads_mask.ravel())
            at += dense_size(n_in + n, heads * n) + (2 * n if self.mode == "pure" else 0)
            row += n_in + n + heads * n + 3 * n
            state += n
            seen += heads_mask.size
        return WiredPlan(
            self.inputs, units, heads, MODES.index(self.mode), self.mixed_memory, len(self.built.layers[-1]),
            self.projection or 0, at, row, row + (self.inputs + 7 * units if self.mixed_memory else 0),
            np.array(table), np.concatenate(masks),
        )  # fmt: skip

    def views(self, flat: Array) -> dict[str, Array]:
        p, cut = self.plan, Cutter(flat)
        named: dict[str, Array] = {}
        if self.mixed_memory:
            named |= memory_views(cut, p.inputs, p.units)
        for i, mask in enumerate(self.masks):
            n, n_in = mask.shape
            weight, bias = dense_views(cut, n_in + n, p.heads * n)
            for j, head in enumerate(HEADS[: p.heads]):
                part, name = slice(j * n, (j + 1) * n), f"rnn_cell.layer_{i}.{head}"
                named[f"{name}.weight"], named[f"{name}.bias"] = weight[part], bias[part]
            if self.mode == "pure":
                named[f"rnn_cell.layer_{i}.w_tau"] = cut.take(1, n)
                named[f"rnn_cell.layer_{i}.A"] = cut.take(1, n)
        if self.projection:
            named["fc.weight"], named["fc.bias"] = dense_views(cut, p.motors, self.projection)
        return named

    def init(self, rng: np.random.Generator | int) -> Params:
        """As `CfC.init`; weights without a synapse are 0."""
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
        for i, mask in enumerate(self.masks):
            for head in HEADS[: min(2, self.plan.heads)]:
                params[f"rnn_cell.layer_{i}.{head}.weight"][:, : mask.shape[1]] *= mask
        return params

    def _forward(self, theta: Array, x: Array, gaps: Array, state: Array, y: Array, states: Array) -> None:
        run(theta, self.plan, x, gaps, state, y, states)

    def _backward(
        self, theta: Array, x: Array, gaps: Array, state: Array, dy: Array, dstate: Array,
        dtheta: Array, dx: Array, dgaps: Array,
    ) -> None:  # fmt: skip
        run_back(theta, self.plan, x, gaps, state, dy, dstate, dtheta, dx, dgaps)
