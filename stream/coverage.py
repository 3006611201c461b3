"""Whether intervals held what they promised."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np


class Interval(NamedTuple):
    """An interval of a result: the share of values that it promises to hold, and the fields of its bounds."""

    promised: float
    lower: str
    upper: str


#: The intervals that come with every result, by the name of their level.
INTERVALS: Final = {
    "0.5": Interval(0.50, "lower50", "upper50"),
    "0.8": Interval(0.80, "lower80", "upper80"),
    "0.95": Interval(0.95, "lower", "upper"),
}


def held(rows: np.ndarray[Any, Any], interval: Interval) -> tuple[int, int]:
    """How many values lie inside, and how many have an interval at all.

    rows : structured, with fields `value` and those of the interval, nan where there is none."""
    lower, upper, value = rows[interval.lower], rows[interval.upper], rows["value"]
    known = np.isfinite(lower) & np.isfinite(upper)
    return int((known & (lower <= value) & (value <= upper)).sum()), int(known.sum())
