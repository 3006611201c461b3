"""Seasonal naive on irregular time: the value one season before, straight lines between events; the last value where
there is no season or none was seen yet."""

from __future__ import annotations

from bisect import bisect_left
from math import ceil

from benchmarks.quality.forecasters.base import Forecaster, Hints


class SeasonalNaive(Forecaster):
    seasons = 1

    def __init__(self, hints: Hints) -> None:
        super().__init__(hints)
        self.period = None if hints.period is None else hints.period * self.seasons
        self.times: list[float] = []
        self.values: list[float] = []

    def learn(self, time: float, value: float) -> None:
        self.time = time
        self.times.append(time)
        self.values.append(value)

    def at(self, time: float) -> float:
        if self.period is None:
            return self.values[-1]
        # The newest moment of the same phase that lies in the past.
        then = time - self.period * max(1, ceil((time - self.time) / self.period))
        k = bisect_left(self.times, then)
        if then < self.times[0] or k == len(self.times):
            return self.values[-1]
        if self.times[k] == then:
            return self.values[k]
        share = (then - self.times[k - 1]) / (self.times[k] - self.times[k - 1])
        return self.values[k - 1] + share * (self.values[k] - self.values[k - 1])


class WeeklyNaive(SeasonalNaive):
    """Seven seasons before: with a season of a day, the same weekday."""

    seasons = 7
