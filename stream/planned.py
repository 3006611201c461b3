"""Planned events: a CSV of times that are like those of another weekday."""

from __future__ import annotations

import csv
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from liquid.special_days import SUNDAY, WEEKDAYS, Special

COLUMNS = ("begin", "end", "name", "like")


@lru_cache
def planned(path: Path, timezone: str | None) -> tuple[Special, ...]:
    """The events of a file, with a header of COLUMNS of which `name` and `like` may be absent.

    Parameters
    ----------
    timezone : of times without an offset; None: UTC. `end` is the first moment after the event; a date alone is its
    midnight.

    Raises
    ------
    ValueError : the file cannot be read, or a line of it; with its number.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file, skipinitialspace=True)
            names = reader.fieldnames or ()
            if not {"begin", "end"} <= set(names) <= set(COLUMNS):
                raise ValueError(f"{path}: the first line names the columns {', '.join(COLUMNS)}")
            return tuple(_event(path, reader.line_num, row, timezone) for row in reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{path}: {error}") from None


def _event(path: Path, line: int, row: dict[str, str | None], timezone: str | None) -> Special:
    try:
        begin, end = (_seconds(row[name], timezone) for name in ("begin", "end"))
    except (TypeError, ValueError):
        raise ValueError(f"{path}, line {line}: begin and end are times like 2025-12-24 or 2025-12-24T14:00") from None
    if not begin < end:
        raise ValueError(f"{path}, line {line}: an event ends after it begins")
    like = (row.get("like") or WEEKDAYS[SUNDAY]).strip().lower()
    if like not in WEEKDAYS:
        raise ValueError(f"{path}, line {line}: like is a weekday, {WEEKDAYS[0]} to {WEEKDAYS[-1]}, not {like!r}")
    return Special(begin, end, WEEKDAYS.index(like))


def _seconds(text: str | None, timezone: str | None) -> float:
    moment = datetime.fromisoformat((text or "").strip())
    return moment.replace(tzinfo=moment.tzinfo or ZoneInfo(timezone or "UTC")).timestamp()
