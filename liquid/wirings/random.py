"""A random share of all possible synapses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from liquid.wirings.base import Signs, Spec
from liquid.wirings.fully_connected import SIGNS


@dataclass(frozen=True)
class Random(Spec):
    """Synapses drawn from all pairs, between neurons and from inputs; the same wiring as ncps's of this name.

    Parameters
    ----------
    units, outputs : neurons, and how many of them are outputs.
    sparsity : share of the possible synapses left out, in [0, 1).
    seed : of the choice and the signs.
    """

    units: int
    outputs: int
    sparsity: float = 0.5
    seed: int = 1111

    def __post_init__(self) -> None:
        self._check_sizes()
        if not 0 <= self.sparsity < 1:
            raise ValueError(f"sparsity is {self.sparsity}, but must be at least 0 and less than 1")

    def _connect(self, adjacency: Signs, sensory: Signs) -> None:
        rng = np.random.default_rng(self.seed)
        places = self._places(rng, adjacency)
        adjacency.flat[places] = rng.choice(SIGNS, len(places))
        places = self._places(rng, sensory)
        # ncps draws the sign of a sensory synapse twice and keeps the second
        sensory.flat[places] = rng.choice(SIGNS, (len(places), 2))[:, 1]

    def _places(self, rng: np.random.Generator, signs: Signs) -> np.ndarray:
        return rng.choice(signs.size, round(signs.size * (1 - self.sparsity)), replace=False)
