"""Exponentially weighted mean in time: an event's weight falls by e every three units."""

from __future__ import annotations

from math import exp

from benchmarks.quality.forecasters.base import Forecaster, Hints

UNITS = 3.0


class Ewma(Forecaster):
    def __init__(self, hints: Hints) -> None:
        super().__init__(hints)
        self.mean: float | None = None

    def learn(self, time: float, value: float) -> None:
        if self.mean is None:
            self.mean = value
        else:
            self.mean += (1.0 - exp(-(time - self.time) / (UNITS * self.hints.unit))) * (value - self.mean)
        self.time = time

    def at(self, time: float) -> float:
        return self.mean if self.mean is not None else 0.0
