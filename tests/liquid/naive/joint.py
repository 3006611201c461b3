"""Twin of liquid.anomaly.joint, by numpy's linear algebra."""

import math

import numpy as np

from liquid.anomaly.joint import CLIP, LIMIT, MEMORY


class Joint:
    def __init__(self, fields: int) -> None:
        self.seen = np.zeros(fields)
        self.size = np.zeros(fields)
        self.S = np.eye(fields) * math.pi / 2

    def observe(self, error: np.ndarray) -> tuple[float, np.ndarray]:
        at = np.flatnonzero(np.isfinite(error))
        known = (self.seen[at] > 0).all()
        share = np.zeros(len(error))
        largest = math.nan
        if len(at) >= 2:
            u = np.array([self._standardised(k, error[k]) for k in at])
            S = self.S[np.ix_(at, at)]
            S = S + 1e-3 * np.diag(np.maximum(np.diag(S), 1.0))
            P = np.linalg.inv(S)
            d = math.sqrt(max(u @ P @ u, 0.0) / len(at))
            z = P @ u / np.sqrt(np.diag(P))
            largest = float(np.abs(z).max())
            if largest > 0:
                share[at] = z**2 / (z @ z)
            for a, j in enumerate(at):
                for b, k in enumerate(at):
                    rate = max(1 / (min(self.seen[j], self.seen[k]) + 11), 1 / MEMORY)
                    weight = min(1.0, (LIMIT / max(d, 1e-9)) ** 2)
                    self.S[j, k] += rate * (weight * u[a] * u[b] - self.S[j, k])
        for k in at:
            n = self.seen[k] + 1
            size = abs(error[k])
            if n > 30:
                size = min(size, 5 * self.size[k] + 1e-300)
            self.size[k] += max(1 / n, 1 / MEMORY) * (min(size, 1e150) - self.size[k])
            self.seen[k] = min(n, 1e6)
        return (largest if known else math.nan), share

    def _standardised(self, k: int, error: float) -> float:
        if error == 0:
            return 0.0
        if self.size[k] == 0:
            return math.copysign(CLIP, error)
        return max(-CLIP, min(error / self.size[k], CLIP))
