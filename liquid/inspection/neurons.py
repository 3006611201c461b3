"""What the numbers of a cell's state are called, and how outputs follow from them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from liquid.cells import LTC, CfC, WiredCfC
from liquid.cells.base import Recurrent
from liquid.cells.params import Array
from liquid.training.network import Network
from liquid.wirings import Wiring


def neuron_names(model: Recurrent) -> tuple[str, ...]:
    """A name for each number of the state.

    Neurons of a wiring are called by their layer and number ("command 5"), other cells' "unit 3"; what an LSTM in
    front remembers is "memory 3"; states that are more than the units (modes, caches) are just "state 3".
    """
    cell = model.cell if isinstance(model, Network) else model
    if isinstance(cell, WiredCfC):
        order = [n for layer in cell.built.layers for n in layer]
        own = _in_wiring(cell.built, order)
    elif isinstance(cell, LTC):
        own = _in_wiring(cell.built, list(range(cell.units)))
    else:
        units = getattr(cell, "units", 0)
        if cell.state_size not in (units, 2 * units) or not units:
            return tuple(f"state {i}" for i in range(cell.state_size))
        own = [f"unit {i}" for i in range(units)]
    rest = cell.state_size - len(own)
    return (*own, *(f"memory {i}" for i in range(rest)))


def _in_wiring(wiring: Wiring, order: list[int]) -> list[str]:
    if len(wiring.layers) == 1:
        return [f"neuron {n}" for n in order]
    return [f"{wiring.kind(n)} {n}" for n in order]


class Parts(NamedTuple):
    """A model as its cell, and the linear readout behind it if there is one."""

    cell: Recurrent
    params: Mapping[str, ArrayLike]
    weight: Array | None
    bias: Array | None

    def readout(self, y: Array) -> Array:
        """From outputs of the cell to those of the model."""
        return y if self.weight is None else y @ self.weight.T + self.bias


def parts_of(model: Recurrent, params: Mapping[str, ArrayLike]) -> Parts:
    if not isinstance(model, Network):
        return Parts(model, params, None, None)
    own = {name.removeprefix("cell."): value for name, value in params.items() if name.startswith("cell.")}
    weight, bias = (np.asarray(params[f"readout.{name}"]) for name in ("weight", "bias"))
    return Parts(model.cell, model.cell.pack(own), weight, bias)


class Outlet(NamedTuple):
    """How a cell's outputs follow from its state after the sample: ``y = state[sources] * factor + addend``, or
    through a linear layer."""

    sources: Array
    factor: Array
    addend: Array
    weight: Array | None = None

    def read(self, state: Array) -> Array:
        y = state[..., self.sources] * self.factor
        return (y if self.weight is None else y @ self.weight.T) + self.addend


def outlet_of(cell: Recurrent, params: Mapping[str, ArrayLike], y: Array, states: Array) -> Outlet | None:
    """The outlet of a cell, told by its kind or from a run whose outputs are numbers of the state; None if neither.

    Parameters
    ----------
    y, states : (batch, length, outputs) and (batch, length, state_size) of a run.
    """
    if isinstance(cell, CfC | WiredCfC) and cell.projection:
        width = np.asarray(params["fc.weight"]).shape[1]
        sources = np.arange(cell.units - width, cell.units)
        return Outlet(sources, np.ones(width), np.asarray(params["fc.bias"]), np.asarray(params["fc.weight"]))
    if isinstance(cell, LTC):
        factor, addend = (
            np.asarray(params.get(f"rnn_cell.{name}", default))
            for name, default in (("output_w", np.ones(cell.outputs)), ("output_b", np.zeros(cell.outputs)))
        )
        return Outlet(np.arange(cell.outputs), factor, addend)
    same = [np.flatnonzero((states == y[..., i : i + 1]).all(axis=(0, 1))) for i in range(y.shape[2])]
    if not all(len(found) for found in same):
        return None
    # the last of several: an input that is passed on unchanged has come in before
    return Outlet(np.array([found[-1] for found in same]), np.ones(len(same)), np.zeros(len(same)))
