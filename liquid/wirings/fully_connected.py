"""Every neuron to every neuron, and every input to every neuron."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from liquid.wirings.base import Signs, Spec

SIGNS = np.array([-1, 1, 1], np.int8)  # two of three synapses excite


@dataclass(frozen=True)
class FullyConnected(Spec):
    """All pairs, with random signs; the same wiring as ncps's of this name.

    Parameters
    ----------
    units, outputs : neurons, and how many of them are outputs.
    self_connections : whether a neuron acts on itself.
    seed : of the signs.
    """

    units: int
    outputs: int
    self_connections: bool = True
    seed: int = 1111

    def __post_init__(self) -> None:
        self._check_sizes()

    def _connect(self, adjacency: Signs, sensory: Signs) -> None:
        rng = np.random.default_rng(self.seed)
        present = np.ones(adjacency.shape, bool) if self.self_connections else ~np.eye(self.units, dtype=bool)
        adjacency[present] = rng.choice(SIGNS, np.count_nonzero(present))
        sensory[...] = rng.choice(SIGNS, sensory.shape)
