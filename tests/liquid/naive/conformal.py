"""Twin of liquid.learning.conformal."""

import math

import numpy as np

from liquid.learning.conformal import GAMMA, INPUTS, LEVEL_INPUT, MISS, ON_TIME

THETA_RATE = 0.003


class Sizes:
    """Running mean of |error| in scales, of forecasts that were compared on time, or of those that were not."""

    def __init__(self) -> None:
        self.mean, self.count = 1.0, 0

    def add(self, u: float) -> None:
        self.count += 1
        self.mean += max(1 / self.count, 0.01) * (u - self.mean)


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
        self.on_time, self.late = Sizes(), Sizes()

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
        """In scales; a wider level is never the narrower interval."""
        return np.maximum.accumulate(-np.log(self.alpha))

    def corrected(self, error: float, scale: float, off: float) -> float:
        """An error as if the event had come when it was due; off in horizons."""
        if self.feedbacks <= 10:
            return error
        timely = off <= ON_TIME
        (self.on_time if timely else self.late).add(min(error / max(scale, 1e-9), 5.0))
        if timely:
            return error
        n = min(self.on_time.count, 100)
        ratio = (n * self.late.mean / max(self.on_time.mean, 0.05) + 30) / (n + 30)
        return error / max(1.0, min(ratio, 4.0))

    def learn(self, error: float, beyond: float, scale: float, widening: float, x: np.ndarray, pending: int) -> None:
        self.feedbacks += 1
        step = min(1.0, 2 / pending)
        if self.feedbacks > 1:
            missed = beyond > -np.log(self.alpha) * scale
            self.alpha = np.clip(self.alpha + np.array(GAMMA) * step * (np.array(MISS) - missed), 0.002, 0.9)
        if self.feedbacks > 30:
            u = min(error / max(scale, 1e-9), 5.0)
            self.theta = np.clip(self.theta + THETA_RATE * step * (u - 1) * x, -2, 2)
        r = error / widening
        if self.feedbacks > 10:
            r = min(r, 8 * self.scale)
        scale = self.scale + max(1 / self.feedbacks, 0.02) * (r - self.scale)
        self.scale = max(1e-6, min(scale, 1e6))

    def recode(self, factor: float, shift: float) -> None:
        self.scale = max(1e-6, min(self.scale * factor, 1e6))
        self.mean[LEVEL_INPUT] = max(-1e6, min(self.mean[LEVEL_INPUT] * factor - shift, 1e6))
        self.deviation[LEVEL_INPUT] = min(self.deviation[LEVEL_INPUT] * factor, 1e6)
