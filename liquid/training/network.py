"""A cell with a linear readout, y = W h + b: what is trained on targets that are not the cell's own outputs."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np

from liquid.cells._dense import dense_size, dense_views
from liquid.cells.base import Cell, Recurrent
from liquid.cells.params import Array, Cutter, Params
from liquid.training._network_kernels import read, read_back


@dataclass(frozen=True, kw_only=True)
class Network(Recurrent):
    """Everything that a cell can do, with other outputs; the state is that of the cell.

    Parameters by name: ``cell.<name>`` as in the cell, ``readout.weight (outputs, cell.outputs)``, ``readout.bias``.

    Parameters
    ----------
    cell : the recurrent part.
    outputs : numbers per sample: one for each target, or one for each class.
    """

    cell: Cell
    outputs: int

    def __post_init__(self) -> None:
        if self.outputs < 1:
            raise ValueError(f"outputs is {self.outputs}, but a network needs at least 1")

    @property
    def inputs(self) -> int:
        return self.cell.inputs

    @property
    def dtype(self) -> str:
        return self.cell.dtype

    @property
    def state_size(self) -> int:
        return self.cell.state_size

    @property
    def param_count(self) -> int:
        return self.cell.param_count + dense_size(self.cell.outputs, self.outputs)

    def views(self, flat: Array) -> dict[str, Array]:
        named = {f"cell.{name}": view for name, view in self.cell.views(flat[: self.cell.param_count]).items()}
        cut = Cutter(flat[self.cell.param_count :])
        named["readout.weight"], named["readout.bias"] = dense_views(cut, self.cell.outputs, self.outputs)
        return named

    def init(self, rng: np.random.Generator | int) -> Params:
        """The cell as its own `init`, then the readout by U(+-1/sqrt(cell.outputs)), as a linear layer in torch."""
        rng = np.random.default_rng(rng)
        params = self.empty_params()
        own = self.cell.param_count
        params.flat[:own] = self.cell.init(rng).flat
        bound = 1 / sqrt(self.cell.outputs)
        for name in ("readout.weight", "readout.bias"):
            params[name][...] = rng.uniform(-bound, bound, params[name].shape)
        return params

    def cell_params(self, params: Params) -> Params:
        """The cell's parameters, as a view."""
        return Params(self.cell, params.flat[: self.cell.param_count], self.cell.views)

    def constrain(self, params: Params) -> None:
        self.cell.constrain(self.cell_params(params))

    def _hidden(self, theta: Array, x: Array, gaps: Array, state: Array, states: Array) -> Array:
        h = np.empty((*gaps.shape, self.cell.outputs), self._type)
        self.cell._forward(theta[: self.cell.param_count], x, gaps, state, h, states)
        return h

    def _read_back(self, theta: Array, h: Array, dy: Array, dtheta: Array) -> Array:
        dh = np.empty_like(h)
        read_back(theta, dtheta, self.cell.param_count, h, dy, dh)
        return dh

    def _forward(self, theta: Array, x: Array, gaps: Array, state: Array, y: Array, states: Array) -> None:
        read(theta, self.cell.param_count, self._hidden(theta, x, gaps, state, states), y)

    def _backward(
        self, theta: Array, x: Array, gaps: Array, state: Array, dy: Array, dstate: Array,
        dtheta: Array, dx: Array, dgaps: Array,
    ) -> None:  # fmt: skip
        own, h = self.cell.param_count, self._hidden(theta, x, gaps, state.copy(), self._no_states(len(x)))
        dh = self._read_back(theta, h, dy, dtheta)
        self.cell._backward(theta[:own], x, gaps, state, dh, dstate, dtheta[:own], dx, dgaps)

    def _forward_kept(self, theta: Array, x: Array, gaps: Array, state: Array, y: Array) -> Any:
        own, h = self.cell.param_count, np.empty((*gaps.shape, self.cell.outputs), self._type)
        kept = self.cell._forward_kept(theta[:own], x, gaps, state, h)
        read(theta, own, h, y)
        return h, kept

    def _backward_kept(
        self, kept: Any, theta: Array, x: Array, gaps: Array, dy: Array, dstate: Array,
        dtheta: Array, dx: Array, dgaps: Array,
    ) -> None:  # fmt: skip
        (h, of_cell), own = kept, self.cell.param_count
        dh = self._read_back(theta, h, dy, dtheta)
        self.cell._backward_kept(of_cell, theta[:own], x, gaps, dh, dstate, dtheta[:own], dx, dgaps)
