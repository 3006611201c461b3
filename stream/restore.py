"""Fill the history from the newest records of the output topics, so that charts are not empty after a restart."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final, TypeVar

import msgspec
import numpy as np

from liquid.results import SEVERITIES, STATES
from stream.catalogue import LATEST
from stream.config import FeedSettings
from stream.events import AlertRecord
from stream.history import History
from stream.logs import logger
from stream.transport.base import Record, Transport

T = TypeVar("T", bound=msgspec.Struct)
Array = np.ndarray[Any, Any]

_FLOATS: Final = ("time", "value", "gap", "expected", "lower80", "upper80", "lower", "upper", "score")
_COLUMNS: Final = np.dtype([(name, LATEST[name]) for name in (*_FLOATS, "severity", "state")])


class _Result(msgspec.Struct, gc=False):
    """The parts of a result record that are charted."""

    series: str
    time: float
    value: float
    score: float
    severity: str
    state: str
    gap: float | None = None
    expected: float | None = None
    lower80: float | None = None
    upper80: float | None = None
    lower: float | None = None
    upper: float | None = None


def restore(history: History, transport: Transport, feed: FeedSettings, count: int = 200_000) -> int:
    """Add about the newest `count` committed results of a feed and its alert episodes; gives the number of results."""
    results = _decoded(transport.tail(feed.results, count), _Result)
    changes = _decoded(transport.tail(feed.alerts, count // 10), AlertRecord)
    history.fill(feed.name, [result.series for result in results], _columns(results), changes)
    return len(results)


def _decoded(records: Sequence[Record], kind: type[T]) -> list[T]:
    log, decode = logger("history"), msgspec.json.Decoder(kind).decode
    found: list[T] = []
    for record in records:
        try:
            found.append(decode(record.value or b""))
        except msgspec.DecodeError as error:
            log.warning("foreign record skipped", topic=record.topic, offset=record.offset, error=str(error))
    return found


def _columns(results: Sequence[_Result]) -> Array:
    rows = np.empty(len(results), _COLUMNS)
    for name in _FLOATS:
        found = (getattr(result, name) for result in results)
        rows[name] = [math.nan if number is None else number for number in found]
    rows["severity"] = [SEVERITIES.index(result.severity) for result in results]
    rows["state"] = [STATES.index(result.state) for result in results]
    return rows
