"""Query parameters that several routes share, read strictly."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import Query
from pydantic import BeforeValidator, WithJsonSchema

from stream.feeds import UnreadableError, parse_time
from stream.units import seconds

#: Longest horizon of a forecast.
MAX_HORIZON: Final = 3660 * 86400.0


def moment(text: Any) -> float:
    """Epoch seconds of a query parameter: a number (s, ms, us or ns) or ISO 8601."""
    try:
        return parse_time(_number(text))
    except UnreadableError as error:
        raise ValueError(str(error)) from None


def horizon(text: str) -> float:
    """Seconds of a horizon like `90s`, `1h30m` or `7d`."""
    ahead = seconds(text)
    if not 0 < ahead <= MAX_HORIZON:
        raise ValueError(f"{text[:40]!r} is not a horizon between 1ms and 3660d")
    return ahead


def skipped(cursor: Any) -> int:
    """How many rows the pages before a cursor hold."""
    if not str(cursor).isdecimal() or not str(cursor).isascii() or len(str(cursor)) > 9:
        raise ValueError("a cursor is what an earlier answer gave as `next`")
    return int(cursor)


def cursor_after(stop: int, total: int) -> str | None:
    """The cursor of the page that begins at row `stop`, None when there is none."""
    return str(stop) if stop < total else None


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text.replace(" ", "+") if "T" in text else text  # a + that was not encoded arrives as a space


_TIME: Final = {"anyOf": [{"type": "number"}, {"type": "string", "format": "date-time"}]}

Moment = Annotated[float, BeforeValidator(moment), WithJsonSchema(_TIME)]
Since = Annotated[Moment | None, Query(description="Epoch seconds or ISO 8601.", examples=["2013-02-08T17:00:00Z"])]
Until = Annotated[Moment | None, Query(description="Epoch seconds or ISO 8601.", examples=[1360353600])]
Cursor = Annotated[
    Annotated[int, BeforeValidator(skipped), WithJsonSchema({"type": "string"})] | None,
    Query(description="`next` of the page before.", examples=["100"]),
]
Limit = Annotated[int, Query(ge=1, le=1000)]
