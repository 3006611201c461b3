"""Twin of liquid.anomaly.predictor."""

import math

import numpy as np

from liquid.anomaly.predictor import FORGETTING, LIMIT, LONGEST, PRIOR, size
from tests.liquid.naive.rls import LeastSquares


def clip(x: float, limit: float) -> float:
    return max(-limit, min(x, limit))


class Predictor:
    def __init__(self, means: int = 8) -> None:
        self.mean = 0.0
        self.variance = 0.0
        self.value = 0.0
        self.usual_gap = 0.0  # until the first gap
        self.previous = 0.0  # standardised
        self.error = 0.0
        self.ewma = np.zeros(means)
        self.squares = LeastSquares(size(means), PRIOR)

    def _deviation(self) -> float:
        return math.sqrt(self.variance) + 1e-9 * (abs(self.mean) + 1e-300)

    def relative_gap(self, gap: float, n: int) -> float:
        if n == 0:
            return 1.0
        if gap == 0:
            return 0.0
        if self.usual_gap == 0:
            self.usual_gap = max(gap, 1e-9)
        relative = gap / self.usual_gap
        rate = 0.05 if n < 100 else 0.005
        self.usual_gap *= math.exp(rate * (max(0.5, min(relative, 2.0)) - 1))
        return relative

    def standardise(self, value: float, n: int) -> float:
        if n < 2 or value == self.mean:
            return 0.0
        if self.variance > 0:
            return clip((value - self.mean) / self._deviation(), 200)
        return math.copysign(10.0, value - self.mean)

    def residual(self, x: float, time: float, n: int) -> float:
        day = 2 * math.pi * (time % 86400) / 86400
        week = 2 * math.pi * (time % 604800) / 604800
        calendar = [f(angle) for angle in (day, 2 * day, week) for f in (math.sin, math.cos)]
        row = np.array([1.0, self.previous, *(self.ewma - self.previous), *calendar])
        predicted = clip(float(self.squares.w @ row), 50)
        bounded = clip(x, LIMIT) - predicted
        if n > 2:
            error = clip(bounded, 4 * self.error + 0.05)
            self.squares.update(row, error, FORGETTING, 10 * len(row) * PRIOR, PRIOR)
        off = min(abs(bounded), 5 * self.error + 0.01)
        self.error += max(1 / (n + 1), 1e-3) * (off - self.error)
        return x - predicted

    def learn(self, x: float, value: float, relative: float, n: int) -> None:
        self.previous = clip(x, LIMIT)
        times = np.geomspace(1.0, LONGEST, len(self.ewma) + 1)[1:]
        keep = np.exp(-min(relative, 20.0) / times)
        self.ewma = keep * self.ewma + (1 - keep) * self.previous
        a = max(1 / (n + 1), 1 / 2000)
        d = value - self.mean
        if n > 50 and self.variance > 0:
            d = clip(d, 6 * self._deviation())
        self.mean += a * d
        self.variance = (1 - a) * (self.variance + a * d * d)
        self.value = value
