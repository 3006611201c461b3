"""What a configuration declares about series."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import Field, model_validator

from liquid import SeriesOptions
from stream.feeds import JOINT
from stream.planned import planned
from stream.section import PositiveDuration, Section
from stream.units import Duration

#: Options that are not about values: a joint series takes them over from its fields.
_OF_TIME: Final = ("timezone", "periods", "holidays", "events", "cool_down")


class OptionSettings(Section):
    """What is declared about series; see `liquid.SeriesOptions`. A key that is left out says nothing."""

    minimum: float | None = None
    maximum: float | None = None
    integer: bool = False
    timezone: str | None = None
    periods: tuple[PositiveDuration, ...] | None = None
    holidays: str | None = None
    events: Path | None = None
    min_effect: float = 0.0
    direction: Literal["up", "down", "both"] = "both"
    range: tuple[float, float] | None = None
    cool_down: Duration = 0.0

    @model_validator(mode="after")
    def _known_to_the_model(self) -> OptionSettings:
        self.options()
        return self

    def options(self) -> SeriesOptions:
        declared = {name: getattr(self, name) for name in OptionSettings.model_fields if name != "events"}
        return SeriesOptions(**declared, events=planned(self.events, self.timezone) if self.events else ())

    def declared(self) -> dict[str, Any]:
        """The keys that were written down, with their values."""
        written = self.model_fields_set & set(OptionSettings.model_fields)
        return {name: getattr(self, name) for name in written}


class PatternSettings(OptionSettings):
    """Options of the series whose id matches a pattern of * and ?."""

    match: str = Field(min_length=1)


def options_of(
    series: str, of_all: OptionSettings, patterns: Iterable[PatternSettings], joint: bool = False
) -> SeriesOptions:
    """Options of a series: those of all, and what the patterns that match its id say instead.

    joint : the series is about fields together. What is said of values is said of its fields, unless the pattern ends
    in ":joint"; and it alerts only where they are farther apart than expected.
    """
    declared: dict[str, Any] = {"direction": "up"} if joint else {}
    for section in (of_all, *(pattern for pattern in patterns if fnmatchcase(series, pattern.match))):
        meant = not joint or (isinstance(section, PatternSettings) and section.match.endswith(f":{JOINT}"))
        declared |= {name: value for name, value in section.declared().items() if meant or name in _OF_TIME}
    return OptionSettings(**declared).options()
