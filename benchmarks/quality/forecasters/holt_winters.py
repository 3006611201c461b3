"""river's HoltWinters (alpha .3, beta .1, gamma .3), additive, with the season where there is one."""

from __future__ import annotations

from typing import Any

from river import time_series

from benchmarks.quality.forecasters.base import Hints
from benchmarks.quality.forecasters.grid import Grid


class HoltWinters(Grid):
    def make(self, hints: Hints) -> Any:
        season = 0 if hints.period is None else round(hints.period / hints.unit)
        if not 2 <= season <= 1000:
            return time_series.HoltWinters(alpha=0.3, beta=0.1)
        return time_series.HoltWinters(alpha=0.3, beta=0.1, gamma=0.3, seasonality=season)

    def learn(self, time: float, value: float) -> None:
        try:
            super().learn(time, value)
        except ZeroDivisionError:  # river starts the season with y / level, and the level may be 0: without season then
            self.river = time_series.HoltWinters(alpha=0.3, beta=0.1)
            self.time, self.value = time, value
