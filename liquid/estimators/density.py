"""The density that a detector's network gives to each event: Student's t around its forecast."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from liquid.cells.params import Array

WIDEST = 7.0
"""Bounds of the log scale, so that no scale is 0 and none hides everything."""


@dataclass(frozen=True)
class StudentT:
    """Independent columns, each with a location and a log scale s from the network; a loss of `liquid.training`.

    -log p(x) = s + (f + 1) / 2 log(1 + z^2 / f) + constant, z = (x - location) / exp(s): for great z it grows by the
    logarithm, so that a few outliers among the training data do not spoil it (Lange, Little & Taylor, "Robust
    statistical modeling using the t distribution", JASA 84, 1989).

    Parameters
    ----------
    freedom : f, degrees of freedom.
    """

    freedom: float = 4.0

    def __call__(self, prediction: Array, target: Array, weight: Array | None = None) -> tuple[float, Array]:
        """Mean of -log p, summed over columns, and its gradient; predictions (..., 2 columns) as `parts` reads them."""
        error, log_scale, inside = self.parts(prediction, target)
        z = error * np.exp(-log_scale)
        each = (log_scale + self.cost(z)).sum(axis=-1)
        share = np.ones(each.shape) if weight is None else np.asarray(weight, np.float64)
        share = share / share.sum()
        pull = (self.freedom + 1) * z / (self.freedom + z * z)  # d cost / dz
        slope = np.concatenate([-pull * np.exp(-log_scale), (1 - pull * z) * inside], axis=-1)
        mean = float((share * each).sum())
        if not np.isfinite(mean):
            raise FloatingPointError("the density overflowed: the predictions are too far from the targets")
        return mean, (slope * share[..., None]).astype(prediction.dtype)

    def cost(self, z: Array) -> Array:
        """log p at the location less log p at z; 0 at best."""
        grown: Array = (self.freedom + 1) / 2 * np.log1p(z * z / self.freedom)
        return grown

    @staticmethod
    def parts(prediction: Array, target: Array) -> tuple[Array, Array, Array]:
        """Error, log scale within its bounds, and whether it was within; each (..., columns)."""
        columns = target.shape[-1]
        location, given = prediction[..., :columns].astype(np.float64), prediction[..., columns:].astype(np.float64)
        return target - location, np.clip(given, -WIDEST, WIDEST), np.abs(given) <= WIDEST
