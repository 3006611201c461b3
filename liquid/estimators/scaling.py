"""Columns brought to mean 0 and deviation 1, and back."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from liquid.cells.params import Array


class Scaling(NamedTuple):
    """z = (x - mean) / scale, by column.

    mean, scale : (columns,); the scale of a column that never changes is 1.
    """

    mean: Array
    scale: Array

    @classmethod
    def of(cls, x: Array, weight: Array) -> Scaling:
        """That of rows ``x (n, columns)`` with weights ``(n,)``, not all 0."""
        peak = np.abs(x).max(axis=0)  # squares of 1e200 must stay finite
        peak[peak == 0] = 1
        share = (weight / weight.sum())[:, None]
        z = x / peak
        mean = (share * z).sum(axis=0)
        deviation = np.sqrt((share * (z - mean) ** 2).sum(axis=0))
        flat = deviation <= 1e-12  # what rounding leaves of a constant
        return cls(mean * peak, np.where(flat, 1.0, deviation * peak))

    @classmethod
    def none(cls, columns: int) -> Scaling:
        return cls(np.zeros(columns), np.ones(columns))

    def apply(self, x: Array) -> Array:
        return (x - self.mean) / self.scale

    def undo(self, z: Array) -> Array:
        return z * self.scale + self.mean
