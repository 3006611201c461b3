"""Forecasters of evenly spaced series (river's), fed with a grid: one step a unit, straight lines between events.

A grid step is learned once the event at or after it has come. Gaps beyond LONGEST steps are cut short."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.quality.forecasters.base import Forecaster, Hints

LONGEST = 500
FURTHEST = 2000  # steps ahead


class Grid(Forecaster):
    """A river forecaster on the grid.

    Forecasts are cut off one range of the series beyond its extremes: without this, one that diverges would decide
    every mean."""

    origins = 200

    def __init__(self, hints: Hints) -> None:
        super().__init__(hints)
        self.river = self.make(hints)
        self.value = self.low = self.high = np.nan
        self.ready = False

    def make(self, hints: Hints) -> Any:
        raise NotImplementedError

    def learn(self, time: float, value: float) -> None:
        if np.isnan(self.time):
            self.low = self.high = value
            self.river.learn_one(value)
        else:
            steps = min(max(round((time - self.time) / self.hints.unit), 1), LONGEST)
            for k in range(1, steps + 1):
                self.river.learn_one(self.value + (value - self.value) * k / steps)
            self.low, self.high = min(self.low, value), max(self.high, value)
        self.time, self.value = time, value

    def at(self, time: float) -> float:
        return self._ahead([time - self.time])[0]

    def ahead(self) -> list[float]:
        return self._ahead(list(self.hints.horizons))

    def _ahead(self, seconds: list[float]) -> list[float]:
        steps = [min(max(round(s / self.hints.unit), 1), FURTHEST) for s in seconds]
        try:
            path = self.river.forecast(horizon=max(steps))
        except (IndexError, KeyError, OverflowError):  # has not seen enough
            return [self.value] * len(seconds)
        width = self.high - self.low
        path = np.clip([path[k - 1] for k in steps], self.low - width, self.high + width)
        return [float(y) if np.isfinite(y) else self.value for y in path]
