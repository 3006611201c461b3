"""Which neuron acts on which, and with what sign."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray

Signs = NDArray[np.int8]
Layers = tuple[tuple[int, ...], ...]


@dataclass(frozen=True, eq=False)
class Wiring:
    """A network of neurons for a known number of inputs; read-only.

    Parameters
    ----------
    adjacency : (units, units) int8, ``[source, destination]``: 1 for an excitatory synapse, -1 for an inhibitory one,
        0 for none.
    sensory : (inputs, units) int8, the same from inputs to neurons.
    outputs : neurons 0, ..., outputs - 1 are the motor neurons, whose states are the outputs.
    layers : neuron ids by layer, in the order of the signal: (inter, command, motor), or all neurons in one.
    """

    adjacency: Signs
    sensory: Signs
    outputs: int
    layers: Layers

    def __post_init__(self) -> None:
        for name in ("adjacency", "sensory"):
            signs = np.array(getattr(self, name), np.int8)
            signs.flags.writeable = False
            object.__setattr__(self, name, signs)

    @property
    def units(self) -> int:
        return self.adjacency.shape[0]

    @property
    def inputs(self) -> int:
        return self.sensory.shape[0]

    @property
    def synapses(self) -> int:
        """Synapses between neurons, a neuron's onto itself included."""
        return int(np.count_nonzero(self.adjacency))

    @property
    def sensory_synapses(self) -> int:
        """Synapses from inputs."""
        return int(np.count_nonzero(self.sensory))

    def kind(self, neuron: int) -> str:
        """One of "motor", "command" and "inter"; without layers, "inter" are all that are not outputs."""
        if not 0 <= neuron < self.units:
            raise ValueError(f"there is no neuron {neuron}: they are numbered 0 to {self.units - 1}")
        if neuron < self.outputs:
            return "motor"
        return "command" if len(self.layers) == 3 and neuron in self.layers[1] else "inter"


class Spec(ABC):
    """A recipe for a wiring: hashable, and complete but for the number of inputs."""

    units: Any
    outputs: Any

    @property
    def layers(self) -> Layers:
        return (tuple(range(self.units)),)

    def build(self, inputs: int) -> Wiring:
        """The wiring for so many inputs; the same one every time.

        Raises
        ------
        TypeError, ValueError : `inputs` is not a whole number of at least 1, or not what the recipe says.
        """
        if not isinstance(inputs, Integral) or isinstance(inputs, bool):
            raise TypeError(f"inputs is {inputs!r}, but must be a whole number")
        if inputs < 1:
            raise ValueError(f"inputs is {inputs}, but a wiring needs at least 1")
        adjacency = np.zeros((self.units, self.units), np.int8)
        sensory = np.zeros((inputs, self.units), np.int8)
        self._connect(adjacency, sensory)
        return Wiring(adjacency, sensory, self.outputs, self.layers)

    @abstractmethod
    def _connect(self, adjacency: Signs, sensory: Signs) -> None:
        """Write the signs of the synapses into arrays of 0."""

    def _check_whole(self, least: dict[str, int]) -> None:
        for name, smallest in {**least, "seed": 0}.items():
            value = getattr(self, name, 0)
            if not isinstance(value, Integral) or isinstance(value, bool):
                raise TypeError(f"{name} is {value!r}, but must be a whole number")
            if not smallest <= int(value) < 2**32:
                raise ValueError(f"{name} is {value}, but must be at least {smallest} and less than 2^32")

    def _check_sizes(self) -> None:
        self._check_whole({"units": 1, "outputs": 1})
        if self.outputs > self.units:
            raise ValueError(f"outputs is {self.outputs}, but there are only {self.units} units")
