"""Parameters of the LSTM that mixed memory puts in front of a cell, by the names of ncps and drawn as there."""

from __future__ import annotations

from math import sqrt

import numpy as np

from liquid.cells._dense import dense_views
from liquid.cells.params import Array, Cutter

PREFIX = "lstm."


def memory_views(cut: Cutter, inputs: int, units: int) -> dict[str, Array]:
    """Its named parameters, the next that `cut` gives: one dense block from inputs and units to four gates."""
    weight, bias = dense_views(cut, inputs + units, 4 * units)
    return {
        f"{PREFIX}input_map.weight": weight[:, :inputs],
        f"{PREFIX}input_map.bias": bias,
        f"{PREFIX}recurrent_map.weight": weight[:, inputs:],
    }


def draw_memory(name: str, view: Array, rng: np.random.Generator) -> bool:
    """Fill a parameter with its first numbers: recurrent weights with orthogonal columns, the others by Xavier, biases
    by U(+-0.1). False, with nothing drawn, for one that is not the LSTM's."""
    if not name.startswith(PREFIX):
        return False
    if name == f"{PREFIX}recurrent_map.weight":
        q, r = np.linalg.qr(rng.standard_normal(view.shape))
        view[...] = q * np.sign(np.diag(r))
    else:
        bound = 0.1 if name.endswith("bias") else sqrt(6.0 / sum(view.shape))
        view[...] = rng.uniform(-bound, bound, view.shape)
    return True
