"""Days that are not like others of their weekday: holidays and planned events, as shifts of the week's clock.

On a holiday the week's table is read, and taught, as on the last day of the weekend: its clock is moved there. So no
state and no feature is needed, and the first holiday is foreseen as well as the last.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from liquid.clocks import steps_of
from liquid.features.phase import DAY
from liquid.features.wall import STEP

SUNDAY: Final = 6
WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
YEARS: Final = range(1970, 2200)


class Special(NamedTuple):
    """A time that is like a time of another weekday. begin, end : epoch seconds. like : index into WEEKDAYS."""

    begin: float
    end: float
    like: int = SUNDAY


@lru_cache
def holidays_of(country: str) -> tuple[tuple[date, int], ...]:
    """Public holidays from 1970 to 2199, each with the weekday that it is like: the last one of the weekend.

    Parameters
    ----------
    country : ISO 3166 code, or with a subdivision: US, DE-BY.

    Raises
    ------
    ValueError : the country is not known, or the package `holidays` is not installed.
    """
    try:
        import holidays
    except ImportError:
        raise ValueError("holidays need a package: pip install 'liquidstream[calendar]'") from None
    code, _, part = country.partition("-")
    try:
        found = holidays.country_holidays(code, subdiv=part or None, years=YEARS)
    except NotImplementedError as error:
        raise ValueError(f"no holidays of {country!r} are known: {error}") from None
    rest = SUNDAY if SUNDAY in found.weekend else max(found.weekend)
    return tuple((day, rest) for day in sorted(found))


@lru_cache
def week_steps(timezone: str | None, holidays: str | None, events: tuple[Special, ...]) -> NDArray[np.void]:
    """The week's clock, (k,) of dtype STEP; where events and holidays overlap, the later event goes first."""
    zone = steps_of(timezone) if timezone else np.zeros(1, STEP)
    local: tzinfo = ZoneInfo(timezone) if timezone else UTC
    days = holidays_of(holidays) if holidays else ()
    pieces = [(_midnight(day, local), _midnight(day + timedelta(1), local), _shift(day, rest)) for day, rest in days]
    for event in events:
        pieces += _split(event, local)
    begin, end = (np.array([piece[k] for piece in pieces], float) for k in (0, 1))
    edges = np.unique(np.concatenate((zone["begin"], begin, end)))
    steps = np.zeros(len(edges), STEP)
    steps["begin"] = edges
    steps["ahead"] = zone["ahead"][np.maximum(np.searchsorted(zone["begin"], edges, side="right") - 1, 0)]
    shift = np.zeros(len(edges))
    for first, after, (_, _, moved) in zip(
        np.searchsorted(edges, begin), np.searchsorted(edges, end), pieces, strict=True
    ):
        shift[first:after] = moved
    steps["ahead"] += shift
    return steps


def _midnight(day: date, zone: tzinfo) -> float:
    return datetime(day.year, day.month, day.day, tzinfo=zone).timestamp()


def _shift(day: date, like: int) -> float:
    return (like - day.weekday()) * DAY


def _split(event: Special, zone: tzinfo) -> Iterator[tuple[float, float, float]]:
    """Begin, end and shift of an event's part in each of its days."""
    day = datetime.fromtimestamp(event.begin, zone).date()
    begin = event.begin
    while begin < event.end:
        end = min(_midnight(day + timedelta(1), zone), event.end)
        yield begin, end, _shift(day, event.like)
        begin, day = end, day + timedelta(1)
