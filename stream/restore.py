"""Fill the history from the newest records of the output topics, so that charts are not empty after a restart."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import Any, Final, Literal, TypeVar

import msgspec
import numpy as np

from liquid.results import ALERTS, SEVERITIES, STATES
from stream.catalogue import LATEST
from stream.config import FeedSettings
from stream.events import DIRECTIONS, AlertRecord, DriftRecord
from stream.feedback import FeedbackRecord
from stream.history import History
from stream.logs import logger
from stream.transport.base import Record, Transport

T = TypeVar("T", bound=msgspec.Struct)
Array = np.ndarray[Any, Any]

_FLOATS: Final = (
    "time",
    "value",
    "gap",
    "expected",
    "lower50",
    "upper50",
    "lower80",
    "upper80",
    "lower",
    "upper",
    "score",
)
_COLUMNS: Final = np.dtype([(name, LATEST[name]) for name in (*_FLOATS, "severity", "state")])


class _Result(msgspec.Struct, gc=False):
    """The parts of a result record that are charted."""

    series: str
    time: float
    value: float
    score: float
    severity: Literal["none", "warning", "minor", "major", "critical"]
    state: Literal["learning", "ready"]
    gap: float | None = None
    expected: float | None = None
    lower50: float | None = None
    upper50: float | None = None
    lower80: float | None = None
    upper80: float | None = None
    lower: float | None = None
    upper: float | None = None
    peak: float | None = None


def restore(history: History, transport: Transport, feed: FeedSettings, count: int = 200_000) -> int:
    """Add about the newest `count` committed results of a feed and its alert episodes, with what people said of
    them, and its drifts; gives the number of results."""
    results = _decoded(transport.tail(feed.results, count), _Result)
    changes = _decoded(transport.tail(feed.alerts, count // 10), AlertRecord)
    changes = [change for change in changes if _is_sound(change)]
    history.fill_drifts(feed.name, _decoded(transport.tail(feed.drift, count // 10), DriftRecord))
    history.fill(feed.name, [result.series for result in results], _columns(results), changes)
    peaks = [(r.series, r.time, r.peak) for r in results if r.peak is not None]
    history.raise_peaks(feed.name, peaks)
    history.hear(feed.name, _decoded(transport.tail(feed.feedback, count // 10), FeedbackRecord))
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


def _is_sound(change: AlertRecord) -> bool:
    return change.change in ALERTS and change.severity in SEVERITIES and change.direction in DIRECTIONS


def _columns(results: Sequence[_Result]) -> Array:
    rows = np.empty(len(results), _COLUMNS)
    for name in _FLOATS:
        rows[name] = np.array(list(map(attrgetter(name), results)), float)  # None becomes nan
    for name, words in (("severity", SEVERITIES), ("state", STATES)):
        code = {word: i for i, word in enumerate(words)}
        rows[name] = [code[getattr(result, name)] for result in results]
    return rows
