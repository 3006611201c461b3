"""What every forecaster of the comparison is: it takes events one by one and says what comes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from benchmarks.quality.sets import DAY, Series
from stream.evaluate import DEFAULT_PERIOD, period

#: Times from here on count from 1970 (2001 is the earliest that is taken for one): they have a day and a week.
EPOCH = 1e9


@dataclass(frozen=True)
class Hints:
    """What a forecaster is told in advance; all of it is taken from the rows that are not scored.

    unit : median gap, seconds. horizons : seconds. period : seconds of the season (a day by the clock, else the
    strongest repetition of the unscored rows), None where there is none. clock : the times are those of a calendar."""

    unit: float
    horizons: tuple[float, ...]
    period: float | None = None
    clock: bool = False

    @staticmethod
    def of(s: Series) -> Hints:
        head = slice(0, max(s.warm_up, 3))
        unit = float(np.median(np.diff(s.time[head])))
        clock = bool(s.time[0] >= EPOCH)
        if clock and unit <= DAY / 4:
            return Hints(unit, s.horizons, DAY, clock)
        even = np.arange(s.time[0], s.time[head][-1] + unit / 2, unit)[:20_000]
        rows = period(np.interp(even, s.time[head], s.value[head]))
        return Hints(unit, s.horizons, None if rows == DEFAULT_PERIOD or 3 * rows > len(even) else rows * unit, clock)


class Forecaster:
    """Takes events one by one. Nothing later than the events that were learned can enter a forecast.

    origins : where a forecaster is slow, the number of rows at which it is asked (spread evenly over the scored ones);
    it learns from all rows."""

    origins: ClassVar[int | None] = None

    def __init__(self, hints: Hints) -> None:
        self.hints = hints
        self.time = np.nan

    def learn(self, time: float, value: float) -> None:
        """Take an event; times ascend."""
        raise NotImplementedError

    def at(self, time: float) -> float:
        """The value at a time after the last event."""
        raise NotImplementedError

    def next(self, time: float) -> float:
        """The value of the event that has just come at this time, before it is learned."""
        return self.at(time)

    def ahead(self) -> list[float]:
        """The values at the horizons after the last event."""
        return [self.at(self.time + h) for h in self.hints.horizons]
