"""What a person declares about a series: configuration, not learned state.

Kept beside the rows, not in them: a saved row fits whatever is declared later.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from liquid.clocks import CLOCKS, steps_of
from liquid.features.phase import DAY, WEEK
from liquid.special_days import WEEKDAYS, Special, holidays_of, week_steps

DIRECTIONS: Final = ("both", "up", "down")
PERIODS: Final = (DAY, WEEK)

#: One series' options as the kernel reads them; bounds that are not declared are infinite, the rest is zero.
#: periods : of the phase tables, seconds. timezone : (first, count) of the steps of each phase table's wall clock
#: (`liquid.features.wall`). direction : +1 up, -1 down. cool_down : seconds.
OPTIONS = np.dtype(
    [
        ("minimum", "f8"),
        ("maximum", "f8"),
        ("periods", "f8", (2,)),
        ("timezone", "i8", (2, 2)),
        ("min_effect", "f8"),
        ("range", "f8", (2,)),
        ("cool_down", "f8"),
        ("direction", "i1"),
        ("integer", "u1"),
    ],
    align=True,
)


@dataclass(frozen=True)
class SeriesOptions:
    """Options of a series.

    Parameters
    ----------
    minimum, maximum : bounds that the values cannot pass (0 for a count, 0 and 100 for a percentage). No forecast
        and no interval goes beyond; a value that does is taken as it is. None: no bound.
    integer : the values are whole numbers: ends of intervals are rounded outward.
    timezone : IANA name of the zone whose clock days and weeks follow, daylight saving included. None: UTC.
    periods : seconds of the one or two periods that are expected from the start, in place of day and week. With one,
        the other stays the week. The first is kept in 48 parts, the second in 168; the detector knows the first.
    holidays : country whose public holidays are like the last day of the weekend: US, DE-BY. None: no holidays.
    events : planned times that are like those of another weekday, each (begin, end, weekday); epoch seconds, 0 Monday.
    min_effect : no alert for a value that is nearer than this to what was expected, in the value's own unit.
    direction : "up" or "down": no alert for a value below, or above, what was expected; "both".
    range : (low, high), the normal range: a value outside always alerts, one inside as ever. None: no range.
    cool_down : seconds after the end of an alert in which no other one opens.

    Options of alerts change what alerts, never the score. `min_effect` and `direction` concern evidence about the
    value, not flatlines and gaps.

    Raises
    ------
    ValueError : a number that is not finite, a minimum or low that is not below the maximum or high, a zone that does
        not exist, periods that are not positive seconds, holidays of an unknown country, holidays or events without a
        week, an event that does not end after it begins, a negative min_effect or cool_down, an unknown direction.
    """

    minimum: float | None = None
    maximum: float | None = None
    integer: bool = False
    timezone: str | None = None
    periods: tuple[float, ...] | None = None
    holidays: str | None = None
    events: tuple[tuple[float, float, int], ...] = ()
    min_effect: float = 0.0
    direction: str = "both"
    range: tuple[float, float] | None = None
    cool_down: float = 0.0

    def __post_init__(self) -> None:
        for name in ("minimum", "maximum"):
            bound = getattr(self, name)
            if bound is not None and not math.isfinite(bound):
                raise ValueError(f"{name} must be a finite number, not {bound}")
        if self.minimum is not None and self.maximum is not None and self.minimum >= self.maximum:
            raise ValueError(f"minimum must be below maximum, not {self.minimum:g} and {self.maximum:g}")
        for name in ("min_effect", "cool_down"):
            size = getattr(self, name)
            if not (math.isfinite(size) and size >= 0.0):
                raise ValueError(f"{name} must be a finite number from 0 on, not {size}")
        if self.direction not in DIRECTIONS:
            raise ValueError(f"direction must be one of {', '.join(DIRECTIONS)}, not {self.direction!r}")
        if self.range is not None:
            low, high = self.range
            if not (math.isfinite(low) and math.isfinite(high) and low < high):
                raise ValueError(f"range must be two finite numbers, the lower one first, not {low:g} and {high:g}")
        if self.periods is not None:
            if not 1 <= len(self.periods) <= 2:
                raise ValueError(f"one or two periods can be declared, not {len(self.periods)}")
            if not all(0 < period < math.inf for period in self.periods):
                raise ValueError(f"periods must be positive seconds, not {self.periods}")
        if self.timezone is not None:
            steps_of(self.timezone)
        self._check_days()

    def _check_days(self) -> None:
        if self.holidays is not None:
            holidays_of(self.holidays)
        for begin, end, like in self.events:
            if not (math.isfinite(begin) and math.isfinite(end) and begin < end):
                raise ValueError(f"an event ends after it begins, not from {begin:g} to {end:g}")
            if not 0 <= like < len(WEEKDAYS):
                raise ValueError(f"an event is like a weekday from 0 to 6, not {like}")
        if (self.holidays or self.events) and self._periods()[1] != WEEK:
            raise ValueError("holidays and events change the day of the week; the second period must be 7 days")

    def _periods(self) -> tuple[float, ...]:
        declared = self.periods or ()
        return declared + PERIODS[len(declared) :]

    def fill(self, record: np.void) -> None:
        """Write them into a record of OPTIONS."""
        record["minimum"] = -math.inf if self.minimum is None else self.minimum
        record["maximum"] = math.inf if self.maximum is None else self.maximum
        record["min_effect"] = self.min_effect
        record["direction"] = {"both": 0, "up": 1, "down": -1}[self.direction]
        record["range"] = (-math.inf, math.inf) if self.range is None else self.range
        record["cool_down"] = self.cool_down
        record["integer"] = self.integer
        record["periods"] = self._periods()
        record["timezone"] = self._clocks()

    def _clocks(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """First step and number of steps of the clocks of day and week."""
        zone = self.timezone
        day = (0, 0) if zone is None else CLOCKS.part(zone, lambda: steps_of(zone))
        if not (self.holidays or self.events):
            return day, day
        key = (zone, self.holidays, tuple(Special(*event) for event in self.events))
        return day, CLOCKS.part(key, lambda: week_steps(*key))


def options_array(count: int) -> np.ndarray:
    """`count` records with nothing declared."""
    options = np.zeros(count, OPTIONS)
    if count:
        SeriesOptions().fill(options[0])
        options[1:] = options[0]
    return options
