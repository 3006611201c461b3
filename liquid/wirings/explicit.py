"""A wiring written out synapse by synapse."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from liquid.wirings.base import Layers, Signs, Spec, Wiring

Rows = tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Explicit(Spec):
    """Any wiring from its matrices, such as one that was read from a file; `explicit` makes it from arrays.

    Parameters
    ----------
    adjacency, sensory : rows of -1, 0 and 1, ``[source][destination]`` and ``[input][destination]``.
    outputs : the first so many neurons are outputs.
    order : the layers if there are several, as in `Wiring`; () for one of all neurons.
    """

    adjacency: Rows
    sensory: Rows
    outputs: int
    order: Layers = ()

    def __post_init__(self) -> None:
        self._check_sizes()
        shapes = {"adjacency": (self.units, self.units), "sensory": (max(len(self.sensory), 1), self.units)}
        for name, shape in shapes.items():
            rows = getattr(self, name)
            if len(rows) != shape[0] or {len(row) for row in rows} != {shape[1]}:
                raise ValueError(f"{name} must have {shape[0]} rows of {shape[1]}")
            if not {v for row in rows for v in row} <= {-1, 0, 1}:
                raise ValueError(f"{name} may hold -1, 0 and 1 only")
        if self.order and sorted(n for layer in self.order for n in layer) != list(range(self.units)):
            raise ValueError("order must name every neuron once")

    @property
    def units(self) -> int:
        return len(self.adjacency)

    @property
    def layers(self) -> Layers:
        return self.order or super().layers

    def _connect(self, adjacency: Signs, sensory: Signs) -> None:
        if len(sensory) != len(self.sensory):
            raise ValueError(f"inputs is {len(sensory)}, but this wiring is for {len(self.sensory)}")
        adjacency[...] = self.adjacency
        sensory[...] = self.sensory


def explicit(adjacency: ArrayLike, sensory: ArrayLike, outputs: int, layers: Layers = ()) -> Explicit:
    """An `Explicit` wiring from arrays."""
    return Explicit(_rows("adjacency", adjacency), _rows("sensory", sensory), outputs, layers)


def spelled_out(wiring: Wiring) -> Explicit:
    """The recipe that gives just this wiring."""
    return explicit(wiring.adjacency, wiring.sensory, wiring.outputs, wiring.layers)


def _rows(name: str, matrix: ArrayLike) -> Rows:
    array = np.asarray(matrix)
    if array.ndim != 2:
        raise ValueError(f"{name} has shape {array.shape}, but must have two axes")
    return tuple(tuple(int(v) if v == int(v) else v for v in row) for row in array.tolist())
