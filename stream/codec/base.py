"""What a codec is, and what all codecs share: identities, dead letters, when a forecast is due."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

import numpy as np

from stream.events import AlertRecord, Decoded, EventBatch, Reject
from stream.transport.base import Output, Record, TopicPartition

Headers = tuple[tuple[str, bytes], ...]

#: A series' forecasts go out at most this often within its feed's shortest horizon.
FORECASTS_PER_HORIZON = 60


class Codec(Protocol):
    """Reads and writes the records of one feed."""

    def decode(self, source: TopicPartition, records: Sequence[Record]) -> Decoded:
        """Events of records of one partition. What cannot be read is rejected; nothing is raised, nothing else is
        touched. The same records give the same events, always: a replay depends on it."""

    def results(self, events: EventBatch, results: np.ndarray) -> list[Output]:
        """One record for every event."""

    def forecasts(self, events: EventBatch, results: np.ndarray) -> list[Output]:
        """A record for every event whose forecast is due (`forecasts_due`)."""

    def alerts(self, events: EventBatch, results: np.ndarray) -> tuple[list[Output], list[AlertRecord]]:
        """A record for every event that opens, escalates or closes an alert, encoded and not."""

    def drifts(self, events: EventBatch, results: np.ndarray) -> list[Output]:
        """A record for every drift that begins or ends."""


def event_ids(events: EventBatch) -> list[str]:
    """The identity of every event: where its record lies, and its field when the record has several."""
    prefix = f"{events.source}/"
    return [
        f"{prefix}{offset}/{field}" if field else f"{prefix}{offset}"
        for offset, field in zip(events.offsets.tolist(), events.fields, strict=True)
    ]


def headers(feed: str, kind: str, content_type: str) -> Headers:
    """CloudEvents attributes that all records of a kind share; `ce_id` is added to each."""
    return (
        ("ce_specversion", b"1.0"),
        ("ce_type", kind.encode()),
        ("ce_source", feed.encode()),
        ("content-type", content_type.encode()),
    )


def forecasts_due(results: np.ndarray, shortest: float) -> np.ndarray:
    """Indices of the events that carry a forecast record: a series' first, then the first of every stretch of
    `shortest / FORECASTS_PER_HORIZON` seconds. Depends on event times alone, so that a restart changes nothing."""
    stretch = shortest / FORECASTS_PER_HORIZON
    time, gap = results["time"], results["gap"]
    crossed = np.floor(time / stretch) != np.floor((time - gap) / stretch)
    return np.flatnonzero(crossed | (results["events"] == 1))


def dead_letters(topic: str, rejects: Iterable[Reject]) -> list[Output]:
    """The original bytes, with where they came from and what is wrong with them."""
    return [
        Output(
            topic,
            reject.record.key,
            reject.record.value or b"",
            (
                ("dlq.topic", reject.record.topic.encode()),
                ("dlq.partition", b"%d" % reject.record.partition),
                ("dlq.offset", b"%d" % reject.record.offset),
                ("dlq.timestamp", b"%d" % reject.record.timestamp_ms),
                ("dlq.error", reject.reason.encode()),
                ("dlq.message", reject.message.encode(errors="replace")),
            ),
        )
        for reject in rejects
    ]
