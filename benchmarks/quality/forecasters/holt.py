"""Damped Holt for irregular times (Wright 1986, "Forecasting data published at irregular time intervals using an
extension of Holt's method", Management Science 32:499): level and trend, each with a time constant; the trend decays.

With gap g, level l, trend b and damping time p: the level expected is l + b p (1 - exp(-g / p)); level and trend are
corrected with the rates 1 - exp(-g / a) and 1 - exp(-g / c)."""

from __future__ import annotations

from math import exp

from benchmarks.quality.forecasters.base import Forecaster, Hints

LEVEL, TREND, DAMPING = 0.7, 8.0, 3.0  # units


class Holt(Forecaster):
    def __init__(self, hints: Hints) -> None:
        super().__init__(hints)
        self.level: float | None = None
        self.trend = 0.0

    def learn(self, time: float, value: float) -> None:
        if self.level is None:
            self.level = value
        else:
            gap, unit = time - self.time, self.hints.unit
            before = self.level
            expected = self.at(time)
            self.level = expected + (1.0 - exp(-gap / (LEVEL * unit))) * (value - expected)
            rate = 1.0 - exp(-gap / (TREND * unit))
            self.trend = rate * (self.level - before) / gap + (1.0 - rate) * self.trend * exp(-gap / (DAMPING * unit))
        self.time = time

    def at(self, time: float) -> float:
        if self.level is None:
            return 0.0
        damping = DAMPING * self.hints.unit
        return self.level + self.trend * damping * (1.0 - exp(-(time - self.time) / damping))
