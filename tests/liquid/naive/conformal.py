"""Twin of liquid.learning.conformal."""

import math

import numpy as np

from liquid.learning.conformal import GAMMA, INPUTS, LEVEL_INPUT, MISS, ON_TIME

THETA_RATE = 0.0025


class Sizes:
    """Running mean of |error| in scales, of forecasts that were compared on time, or of those that were not."""

    def __init__(self) -> None:
        self.mean, self.count = 1.0, 0

    def add(self, u: float) -> None:
        self.count += 1
        self.mean += max(1 / self.count, 0.01) * (u - self.mean)


class Conformal:
    """Half width of a level = -log(alpha) x scale x widening; alpha, scale and the widening's theta are learned."""

    def __init__(self, inputs: int = INPUTS) -> None:
        self.scale = 1e-3
        self.feedbacks = 0
        self.seen = 0
        self.alpha = np.array(MISS)
        self.theta = np.zeros(inputs + 1)
        self.mean = np.zeros(inputs)
        self.deviation = np.ones(inputs)
        self.on_time, self.late = Sizes(), Sizes()

    def inputs(self, raw: np.ndarray, learning: bool) -> tuple[np.ndarray, float]:
        """Standardised inputs and the widening exp(theta . x), where x has the level's square too."""
        raw = raw[: len(self.mean)]
        if learning:
            self.seen += 1
            rate = max(1 / self.seen, 0.002)
            self.mean = self.mean + rate * (raw - self.mean)
            self.deviation = self.deviation + rate * (np.abs(raw - self.mean) - self.deviation)
        x = np.clip((raw - self.mean) / (self.deviation + 0.05), -3, 3)
        return x, math.exp(max(-2.0, min(float(self.theta @ squared(x)), 2.0)))

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

    def learn(
        self, error: float, beyond: float, scale: float, widening: float, x: np.ndarray, pending: int, pace: float
    ) -> None:
        self.feedbacks += 1
        if self.feedbacks > 1:
            self._move((beyond > -np.log(self.alpha) * scale).astype(float), pace * min(1.0, 2 / pending))
        self._learn_scale(error, scale, widening, x, pending)

    def learn_within(
        self,
        low: float,
        high: float,
        whole: float,
        scale: float,
        widening: float,
        x: np.ndarray,
        pending: int,
        pace: float,
    ) -> None:
        """An error (signed) between low and high: a miss is what the promised law says of that range, the size the mean
        of Laplace's law there."""
        if self.feedbacks <= 10:
            return
        self.feedbacks += 1
        a, b = np.clip(np.array([low, high]) / max(scale, 1e-9), -30, 30)
        nearest = max(a, -b, 0.0)
        p = self.below(b) - self.below(a)
        reach = np.minimum(-np.log(self.alpha) + whole / max(scale, 1e-9), 30)
        if p > 1e-6:
            inside = [self.below(np.clip(b, -h, h)) - self.below(np.clip(a, -h, h)) for h in reach]
            miss = np.clip(1 - np.array(inside) / p, 0, 1)
        else:
            miss = (nearest > reach).astype(float)
        self._move(miss, pace * min(1.0, 2 / pending))
        t = np.linspace(a, b, 20001)
        density = np.exp(-np.abs(t)) / 2
        mass = np.trapezoid(density, t)
        size = np.trapezoid(np.abs(t) * density, t) / mass if mass > 1e-6 else nearest
        self._learn_scale(min(size, 5.0) * max(scale, 1e-9), scale, widening, x, pending)

    def below(self, x: float) -> float:
        """The promised distribution function of the signed error in scales."""
        q = [0.0]
        for one in self.quantiles():
            q.append(max(one, q[-1] + 0.05))
        log = np.append(0.0, np.log(MISS))
        slope = (log[-1] - log[-2]) / (q[-1] - q[-2])
        far = log[-1] + slope * (abs(x) - q[-1])
        beyond = math.exp(np.interp(abs(x), q, log) if abs(x) < q[-1] else far)
        return 1 - beyond / 2 if x >= 0 else beyond / 2

    def _move(self, miss: np.ndarray, part: float) -> None:
        self.alpha = np.clip(self.alpha + np.array(GAMMA) * part * (np.array(MISS) - miss), 0.002, 0.9)

    def _learn_scale(self, error: float, scale: float, widening: float, x: np.ndarray, pending: int) -> None:
        if self.feedbacks > 30:
            u = min(error / max(scale, 1e-9), 5.0)
            self.theta = np.clip(self.theta + THETA_RATE * min(1.0, 2 / pending) * (u - 1) * squared(x), -2, 2)
        r = error / widening
        if self.feedbacks > 10:
            r = min(r, 8 * self.scale)
        scale = self.scale + max(1 / self.feedbacks, 0.02) * (r - self.scale)
        self.scale = max(1e-6, min(scale, 1e6))

    def recode(self, factor: float, shift: float) -> None:
        self.scale = max(1e-6, min(self.scale * factor, 1e6))
        self.mean[LEVEL_INPUT] = max(-1e6, min(self.mean[LEVEL_INPUT] * factor - shift, 1e6))
        self.deviation[LEVEL_INPUT] = min(self.deviation[LEVEL_INPUT] * factor, 1e6)


def squared(x: np.ndarray) -> np.ndarray:
    """The inputs and the level's square."""
    return np.append(x, min(x[LEVEL_INPUT] ** 2 - 1.5, 3.0))
