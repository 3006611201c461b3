"""The last value, which is the best forecast of a random walk."""

from __future__ import annotations

from benchmarks.quality.forecasters.base import Forecaster


class LastValue(Forecaster):
    def learn(self, time: float, value: float) -> None:
        self.time, self.value = time, value

    def at(self, time: float) -> float:
        return self.value
