"""Twin of liquid.learning.mixture."""

import math

import numpy as np


class Mixture:
    """Bernstein online aggregation: weights proportional to prior eta exp(eta R)."""

    def __init__(self, prior: np.ndarray) -> None:
        self.prior = prior  # logarithms
        self.regret = np.zeros(len(prior))
        self.squares = np.zeros(len(prior))
        self.largest = np.zeros(len(prior))
        self.weight = np.exp(prior) / np.exp(prior).sum()
        self.error = 1e-3
        self.feedbacks = 0
        self.recent = 0.0  # |error| of the mixture
        self.recent_last = 0.0  # of the first expert, the last value

    def blend(self, experts: np.ndarray) -> float:
        return float(self.weight @ experts)

    def cautious(self, last: float, mixed: float) -> float:
        """Drawn back to the last value as the recent error goes from .95 to 1.2 of that one's."""
        if self.feedbacks < 5:
            return mixed
        trust = (1.2 * self.recent_last - self.recent) / (0.25 * self.recent_last + 1e-9)
        return last + max(0.0, min(trust, 1.0)) * (mixed - last)

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
        log_weight = self.prior + np.log(eta + 1e-12) + eta * self.regret
        weight = np.exp(log_weight - log_weight.max())
        self.weight = weight / weight.sum()
        rate = max(1 / self.feedbacks, 0.03)
        self.recent += rate * (min(abs(e), 1e6) - self.recent)
        self.recent_last += rate * (min(abs(float(experts[0]) - target), 1e6) - self.recent_last)

    def recode(self, factor: float) -> None:
        self.error = max(1e-9, min(self.error * factor**2, 1e12))
        self.recent = min(self.recent * factor, 1e6)
        self.recent_last = min(self.recent_last * factor, 1e6)
