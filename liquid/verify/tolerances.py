"""How far two right implementations may be apart: rounding, and what the model makes of it.

The same formulas summed in another order differ by a few units in the last place, and the model carries that on: gaps
of 1000 multiply the rounding of a time head, a state that hardly decays adds it up, gradients feel both twice. How much
is not guessed but measured: the model is run again with every parameter and every input changed at random within its
own rounding. What that does to the results nobody can avoid with arithmetic of that precision; `ROOM` times the largest
change is allowed, since an implementation rounds at every operation and not once. Where the model is harmless the floor
`EXACT` decides; the gradient of a parameter is a sum over all samples, with a rounding each, so its floor grows with
the root of their number. More than `MOST` is never allowed, so that no case can excuse itself by being chaotic.
"""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt

import numpy as np

from liquid.cells.params import Array
from liquid.verify.checks import distance

EXACT = {
    "outputs": {"float64": 4e-15, "float32": 5e-7},
    "gradients": {"float64": 4e-15, "float32": 1e-6},
}
MOST = {"float64": 1e-9, "float32": 1e-3}
ROOM = 16.0
DRAWS = 3
SAMPLES = 60  # in a case to which `EXACT` applies as it is
# Gradients of cases marked "numerical" come from differences in extended precision.
NUMERICAL = 3e-14

Arrays = dict[str, Array]


def rounded(arrays: Arrays, rng: np.random.Generator) -> Arrays:
    """Every number changed by at most half a unit in its last place, before it is rounded again."""
    moved = {}
    for name, array in arrays.items():
        noise = np.finfo(array.dtype).eps * rng.uniform(-1, 1, array.shape)
        moved[name] = (array * (1 + noise)).astype(array.dtype)
    return moved


def largest_change(run: Callable[[Arrays], Arrays], given: Arrays) -> dict[str, float]:
    """By result, what rounding of what goes in makes of it; `run` takes arrays by name and gives some."""
    exact = run(given)
    rng = np.random.default_rng(0)
    moved = [run(rounded(given, rng)) for _ in range(DRAWS)]
    return {name: max(distance(results[name], exact[name]) for results in moved) for name in exact}


def within_limit(change: float, dtype: str = "float64") -> float:
    return min(change, MOST[dtype])


def allowed(kind: str, dtype: str, samples: int, run: Callable[[Arrays], Arrays], given: Arrays) -> float:
    """The tolerance for all results of `run` together.

    Parameters
    ----------
    kind : "outputs" or "gradients".
    samples : in all sequences together.
    """
    floor = EXACT[kind][dtype] * (sqrt(max(1.0, samples / SAMPLES)) if kind == "gradients" else 1.0)
    return max(floor, within_limit(ROOM * max(largest_change(run, given).values()), dtype))
