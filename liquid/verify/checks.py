"""The comparison of two arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from liquid.cells.params import Array
from liquid.verify.case import Failure

KINDS = ("wirings", "matrices", "kernels", "outputs", "states", "gradients", "jacobians")


@dataclass(frozen=True)
class Check:
    """How far an array of a file is from ours, as a share of the larger of 1 and its largest number."""

    kind: str
    name: str
    error: float
    tolerance: float

    @property
    def passed(self) -> bool:
        return self.error <= self.tolerance


def check(kind: str, name: str, got: Array, want: Array, tolerance: float, weight: Array | float = 1.0) -> Check:
    """
    Parameters
    ----------
    weight : of each number.

    Raises
    ------
    Failure : the shapes differ, or there are no numbers.
    """
    if want.dtype.kind not in "biufc":
        raise Failure(f"{name} holds {want.dtype}, not numbers")
    if got.shape != want.shape:
        raise Failure(f"{name} has shape {want.shape}, but that of the model is {got.shape}")
    return Check(kind, name, distance(weight * got, weight * want), tolerance)


def distance(got: Array, want: Array) -> float:
    """Infinite if either has a number that is not finite."""
    if not got.size:
        return 0.0
    if got.dtype.kind in "iub" or want.dtype.kind in "iub":
        got, want = np.asarray(got, float), np.asarray(want, float)
    largest = float(np.max(np.abs(want)))
    error = float(np.max(np.abs(got - want)))
    return error / max(1.0, largest) if np.isfinite(largest + error) else np.inf
