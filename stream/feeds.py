"""A feed's mapping: from a decoded record of any layout to its series, time and values."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from string import Formatter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from stream.config import FeedSettings

#: Reason codes of the dead letters.
REASONS: Final = (
    "empty", "too_large", "not_utf8", "too_deep", "not_json", "not_object",
    "no_series", "no_time", "bad_time", "no_value", "not_a_number", "not_finite",
)  # fmt: skip

#: Accepted times, in epoch seconds: 1970-01-01 up to, and without, 2200-01-01.
EARLIEST: Final = 0.0
LATEST: Final = 7_258_118_400.0

MAX_SERIES: Final = 512  # characters

#: Field of the events that are about a record's fields together.
JOINT: Final = "joint"

_SCALES: Final = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}
_ISO = re.compile(r"\d{4}-\d\d-\d\d")
_MISSING: Final = object()


class UnreadableError(ValueError):
    """A record is of no use: `reason` is one of REASONS, the text is for people."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class Reading(NamedTuple):
    """What a record says. values : (field, number) pairs, field "" for the only value of a record."""

    series: str
    time: float
    values: list[tuple[str, float]]


class FeedMapping:
    """Compiled from the feed's settings; `read` takes one decoded record.

    Fields may be dotted paths into nested objects (`device.id`); a field that is literally so called goes first.
    """

    def __init__(self, feed: FeedSettings) -> None:
        self._series = _Template(feed.series)
        self._time = _getter(feed.time.field)
        self._time_field, self._time_unit = feed.time.field, feed.time.unit
        self._values = None if feed.values is None else [(name, _getter(name)) for name in feed.values]
        self.is_default = feed.series == "{series}" and feed.time.field == "time" and feed.values is None

    def read(self, record: Any) -> Reading:
        """Raises UnreadableError."""
        if not isinstance(record, dict):
            raise UnreadableError("not_object", f"a record is a JSON object, this one is {_kind(record)}")
        return Reading(self._series.fill(record), self._read_time(record), self._read_values(record))

    def _read_time(self, record: Mapping[str, Any]) -> float:
        value = self._time(record)
        if value is _MISSING or value is None:
            raise UnreadableError("no_time", f"field {self._time_field!r} is missing")
        return parse_time(value, self._time_unit)

    def _read_values(self, record: Mapping[str, Any]) -> list[tuple[str, float]]:
        if self._values is None:
            return default_values(record.get("value"), record.get("values"))
        found = [(name, get(record)) for name, get in self._values]
        if len(found) == 1:
            name, value = found[0]
            return [("", _number(name, None if value is _MISSING else value))]
        return _numbers({name: None if value is _MISSING else value for name, value in found})


def default_values(value: Any, values: Any) -> list[tuple[str, float]]:
    """The default mapping: `value` when there is one, else every number of the object `values`."""
    if value is None and values is not None:
        if not isinstance(values, dict):
            raise UnreadableError("no_value", f"field 'values' is an object of numbers, this one is {_kind(values)}")
        return _numbers(values)
    return [("", _number("value", value))]


def series_id(value: Any) -> str:
    """A series id from text or a whole number."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise UnreadableError("no_series", f"a series id is text or a whole number, this one is {_kind(value)}")
    if not value:
        raise UnreadableError("no_series", "the series id is empty")
    if len(value) > MAX_SERIES:
        raise UnreadableError("no_series", f"the series id has {len(value)} characters, at most {MAX_SERIES} are taken")
    return value


def parse_time(value: Any, unit: str = "auto") -> float:
    """Epoch seconds of a number or an ISO 8601 text; a text without offset is UTC.

    Parameters
    ----------
    unit : "auto" takes a number as s, ms, us or ns, whichever puts it before 2200 first, and text as ISO 8601;
        "s", "ms", "us", "ns" and "iso" take only that.

    Raises UnreadableError with reason `bad_time` for everything outside 1970 to 2199.
    """
    if isinstance(value, str):
        if unit not in ("auto", "iso"):
            raise UnreadableError("bad_time", f"a number in {unit} was expected, this is {_kind(value)}")
        seconds = _iso(value)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        seconds = _epoch(value, unit)
    else:
        raise UnreadableError("bad_time", f"a time is a number or text, this one is {_kind(value)}")
    if not EARLIEST <= seconds < LATEST:
        raise UnreadableError("bad_time", f"{_short(value)} is not between the years 1970 and 2199")
    return seconds


def is_joint(series: str) -> bool:
    """Whether an id of a feed with joint series is that of one."""
    return series.endswith(f":{JOINT}")


def template_fields(template: str) -> list[str]:
    """Fields that a series template names; raises ValueError for what is not a template."""
    fields = []
    for _, name, spec, conversion in Formatter().parse(template):
        if name is None:
            continue
        if not name or spec or conversion:
            raise ValueError(f"{template!r}: write the name of a field between the braces and nothing else")
        fields.append(name)
    if not fields:
        raise ValueError(f"{template!r} names no field, so all events would be one series; write it like {{sensor}}")
    return fields


class _Template:
    def __init__(self, template: str) -> None:
        template_fields(template)
        self._parts = [(text, name, name and _getter(name)) for text, name, _, _ in Formatter().parse(template)]

    def fill(self, record: Mapping[str, Any]) -> str:
        out = []
        for text, name, get in self._parts:
            out.append(text)
            if get:
                value = get(record)
                if value is _MISSING or value is None:
                    raise UnreadableError("no_series", f"field {name!r} is missing")
                out.append(series_id(value))
        return series_id("".join(out))


def _getter(name: str) -> Callable[[Mapping[str, Any]], Any]:
    path = name.split(".")
    if len(path) == 1:
        return lambda record: record.get(name, _MISSING)

    def get(record: Mapping[str, Any]) -> Any:
        if name in record:
            return record[name]
        value: Any = record
        for key in path:
            if not isinstance(value, dict):
                return _MISSING
            value = value.get(key, _MISSING)
        return value

    return get


def _number(name: str, value: Any) -> float:
    if value is None:
        raise UnreadableError("no_value", f"field {name!r} is missing")
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise UnreadableError("not_a_number", f"field {name!r} holds {_kind(value)} where a number belongs")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise UnreadableError("not_finite", f"field {name!r} is not a finite number")
    return number


def _numbers(values: Mapping[str, Any]) -> list[tuple[str, float]]:
    """Nulls are values that were not measured; a record of nothing else has no value."""
    numbers = [(name, _number(name, value)) for name, value in values.items() if value is not None]
    if not numbers:
        raise UnreadableError("no_value", "no field of the record holds a value")
    return numbers


def _epoch(value: float, unit: str) -> float:
    if unit == "iso":
        raise UnreadableError("bad_time", f"text in ISO 8601 was expected, this is {_kind(value)}")
    if unit != "auto":
        return _divided(value, _SCALES[unit])
    return next((s for s in (_divided(value, scale) for scale in _SCALES.values()) if s < LATEST), math.inf)


def _divided(value: float, scale: float) -> float:
    try:
        return value / scale
    except OverflowError:
        return math.inf


def _iso(text: str) -> float:
    if not _ISO.match(text):
        raise UnreadableError("bad_time", f"{_short(text)} is not ISO 8601, like 2013-02-08T17:30:00Z")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise UnreadableError("bad_time", f"{_short(text)} is not ISO 8601: {error}") from None
    return moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "null"
    if isinstance(value, str):
        return f"the text {_short(value)}"
    if isinstance(value, dict):
        return "an object"
    return "a list" if isinstance(value, list) else f"the number {_short(value)}"


def _short(value: Any) -> str:
    try:
        text = repr(value)
    except ValueError:  # a whole number of too many digits to print
        return "a very large number"
    return text if len(text) <= 60 else text[:57] + "..."
