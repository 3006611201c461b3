"""How many multiply-adds one sample of a cell takes, and how many a core can do: the bound of its speed.

Only sums of products are counted: no activations, exponentials, divisions. A bound that counts too little is still one.
"""

from __future__ import annotations

import time

import numpy as np

from liquid._jit import njit
from liquid.cells import LTC, S4, Attention, Cell, Hybrid, LiquidS4, Mamba
from liquid.cells._dense import product

STAGES = {"euler": 1, "rk4": 4}  # evaluations of the field in a step of a solver
A_SYNAPSE = 3  # argument of its gate, current, conductance
A_MODE = 12  # real ones: a x (4), phi v (4), B u (2), Re C x (2)
LOW_RANK = 16  # more, per mode: twice the inverse by Woodbury


def count(cell: Cell) -> int:
    """Of one sample of one sequence."""
    if isinstance(cell, LTC):
        return A_SYNAPSE * (cell.ode_unfolds * cell.built.synapses + cell.built.sensory_synapses)
    if isinstance(cell, LiquidS4 | S4):
        return cell.inputs * cell.modes * (A_MODE + (LOW_RANK if isinstance(cell, S4) else 0))
    again = STAGES[getattr(cell, "solver", "euler")] * getattr(cell, "unfolds", 1)
    total = 0
    for name, value in cell.init(0).items():
        if name.rpartition(".")[2].startswith("weight") and value.ndim > 1:
            total += value.size * (again if name.startswith("field.") else 1)
    if isinstance(cell, Attention):
        total += 2 * cell.width * cell.window
    if isinstance(cell, Hybrid):
        total += cell.pattern.count("a") * 2 * cell.width * cell.window
    if isinstance(cell, Mamba):
        total += 3 * cell.expand * cell.outputs * cell.modes
    return total


@njit
def _products(x, w, c, times):
    for _ in range(times):
        product(
            x,
            0,
            x.shape[1],
            1,
            x.shape[0],
            w,
            0,
            w.shape[1],
            w.shape[0],
            c,
            0,
            w.shape[1],
            c,
            0,
            w.shape[1],
            w.shape[1],
        )


def peak(dtype: str, rounds: int = 30) -> float:
    """Multiply-adds per microsecond of one core: in products of small matrices, with sums in registers."""
    rows, n, m = 8, 32, 64
    x, w, c = (np.full(shape, 1e-3, dtype) for shape in ((rows, n), (n, m), (rows, m)))
    times, found = 200, []
    for _ in range(rounds + 1):
        start = time.process_time()
        _products(x, w, c, times)
        found.append(time.process_time() - start)
    return rows * n * m * times / min(found[1:]) / 1e6
