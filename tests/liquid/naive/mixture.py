"""Twin of liquid.learning.mixture."""

import math

import numpy as np


class Mixture:
    """Bernstein online aggregation: weights proportional to eta exp(eta R)."""

    def __init__(self, experts: int) -> None:
        self.regret = np.zeros(experts)
        self.squares = np.zeros(experts)
        self.largest = np.zeros(experts)
        self.weight = np.full(experts, 1 / experts)
        self.error = 1e-3
        self.feedbacks = 0

    def blend(self, experts: np.ndarray) -> float:
        return float(self.weight @ experts)

    def learn(self, experts: np.ndarray, mixed: float, target: float) -> None:
        self.feedbacks += 1
        e = mixed - target
        old = self.feedbacks > 20
        square = min(e * e, 25 * self.error + 1e-12) if old else min(e * e, 1e12)
        self.error = max(self.error + max(1 / self.feedbacks, 0.005) * (square - self.error), 1e-9)
        corner = 0.3 * math.sqrt(self.error)
        slope = max(-corner, min(e, corner)) / 0.3
        # loss of the mixture less loss of the expert, linearised: l(m) - l(x) = 2 (m - y)(m - x)
        r = np.clip(2 * slope * (mixed - experts) / self.error, -20, 20)
        self.squares += r**2
        self.largest = np.maximum(self.largest, np.abs(r))
        eta = np.minimum(1 / (2 * self.largest + 1e-12), np.sqrt(math.log(len(r)) / (self.squares + 1e-12)))
        self.regret += r - eta * r**2
        log_weight = np.log(eta + 1e-12) + eta * self.regret
        weight = np.exp(log_weight - log_weight.max())
        self.weight = weight / weight.sum()

    def recode(self, factor: float) -> None:
        self.error = max(1e-9, min(self.error * factor**2, 1e12))
