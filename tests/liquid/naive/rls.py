"""Twin of liquid.learning.rls, with the whole matrix."""

import math

import numpy as np

from liquid.learning.rls import CERTAIN, UNCERTAIN


class LeastSquares:
    """Exponentially weighted least squares: `w` the weights, `P` the inverse of the weighted covariance of rows."""

    def __init__(self, size: int, prior: float | np.ndarray) -> None:
        self.w = np.zeros(size)
        self.P = np.eye(size) * prior

    def update(self, x: np.ndarray, error: float, forgetting: float, limit: float, restart: float) -> None:
        """One row with its error; P is not divided by `forgetting` while its trace is above `limit`."""
        gain = self.P @ x
        power = x @ gain
        if not 0 <= power < 1e30:
            self.P = np.eye(len(x)) * restart
            return
        self.w = self.w + gain * error / (forgetting + power)
        winding = np.trace(self.P) < limit
        self.P = self.P - np.outer(gain, gain) / (forgetting + power)
        if winding:
            self.P = self.P / forgetting
        if (np.diag(self.P) <= 0).any():
            self.P = np.eye(len(x)) * restart

    def transform(self, T: np.ndarray) -> None:
        """The weights became T w. Where that is not the same weight, its P stays within bounds."""
        self.w = T @ self.w
        self.P = T @ self.P @ T.T
        for a in np.flatnonzero((np.eye(len(T)) != T).any(1)):
            shrink = min(1.0, math.sqrt(UNCERTAIN / max(self.P[a, a], CERTAIN)))
            self.P[a, :] *= shrink
            self.P[:, a] *= shrink
            self.P[a, a] += CERTAIN
