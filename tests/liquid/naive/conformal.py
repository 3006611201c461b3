"""Twin of liquid.learning.conformal."""

import math

import numpy as np

from liquid.learning.conformal import GAMMA, INPUTS, MISS

THETA_RATE = 0.003


class Conformal:
    """Half width of a level = -log(alpha) x scale x widening; alpha, scale and the widening's theta are learned."""

    def __init__(self) -> None:
        self.scale = 1e-3
        self.feedbacks = 0
        self.seen = 0
        self.alpha = np.array(MISS)
        self.theta = np.zeros(INPUTS)
        self.mean = np.zeros(INPUTS)
        self.deviation = np.ones(INPUTS)

    def inputs(self, raw: np.ndarray, learning: bool) -> tuple[np.ndarray, float]:
        """Standardised inputs and the widening exp(theta . x)."""
        if learning:
            self.seen += 1
            rate = max(1 / self.seen, 0.002)
            self.mean = self.mean + rate * (raw - self.mean)
            self.deviation = self.deviation + rate * (np.abs(raw - self.mean) - self.deviation)
        x = np.clip((raw - self.mean) / (self.deviation + 0.05), -3, 3)
        return x, math.exp(max(-2.0, min(float(self.theta @ x), 2.0)))

    def quantiles(self) -> np.ndarray:
        return -np.log(self.alpha)

    def learn(self, error: float, scale: float, widening: float, x: np.ndarray, half: np.ndarray, pending: int) -> None:
        self.feedbacks += 1
        step = min(1.0, 2 / pending)
        if self.feedbacks > 1:
            missed = error > half
            self.alpha = np.clip(self.alpha + GAMMA * step * (np.array(MISS) - missed), 0.002, 0.9)
        if self.feedbacks > 30:
            u = min(error / max(scale, 1e-9), 5.0)
            self.theta = np.clip(self.theta + THETA_RATE * step * (u - 1) * x, -2, 2)
        r = error / widening
        if self.feedbacks > 10:
            r = min(r, 8 * self.scale)
        scale = self.scale + max(1 / self.feedbacks, 0.02) * (r - self.scale)
        self.scale = max(1e-6, min(scale, 1e6))

    def recode(self, factor: float) -> None:
        self.scale = max(1e-6, min(self.scale * factor, 1e6))
