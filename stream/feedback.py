"""What people say of alerts, as a part of the ordered stream.

Feedback is appended to the partition of the input in which the series lies, marked by a header. So it has an offset
like any event, takes effect between two events and is replayed between the same two: everything that holds for events
(once, in order, the same state after a crash) holds for it. What it changed goes to `<feed>.feedback`, in the
transaction that commits it: that topic is the record of who said what, when, and to what effect.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, Literal

import msgspec

from liquid.feedback import OTHERS, Effect
from stream.codec.base import Headers, headers
from stream.transport.base import Output, Record, TopicPartition

#: Marks a record of the input as feedback.
HEADER: Final = "liquidstream-feedback"

FEEDBACK_TYPE: Final = "liquidstream.feedback"

Mark = Literal["useful", "useless", "missed"]

_NO_EFFECT: Final = Effect(0, {}, {})


class FeedbackRecord(msgspec.Struct, omit_defaults=True):
    """On `<feed>.feedback`, one for each series that a Feedback reached: what was said, and the factors of the series'
    alert line by group of evidence before and after. event : events that the series had seen; 0: it was not known
    there, nothing changed. pattern : the pattern by which it was reached."""

    series: str
    mark: Mark
    time: float
    event: int
    before: dict[str, float]
    after: dict[str, float]
    alert: str | None = None
    pattern: str | None = None
    who: str = ""
    note: str = ""
    at: float = 0.0


class Feedback(msgspec.Struct, omit_defaults=True):
    """What somebody said. series : an id, or a pattern of * and ? where `pattern` is true; `about` is then the series
    whose alert it was. time : of the alert's begin
    or of the moment that was missed, epoch seconds. shares : of the evidence then, empty where unknown. alert : its id.
    at : when it was said, by the clock; for people, nothing depends on it."""

    series: str
    mark: Mark
    time: float
    shares: dict[str, float] = {}
    alert: str | None = None
    pattern: bool = False
    about: str = ""
    who: str = ""
    note: str = ""
    at: float = 0.0

    def weight(self, series: str) -> float:
        """The share of the effect that a series has."""
        return OTHERS if self.pattern and series != self.about else 1.0

    def effect(self, series: str, effect: Effect = _NO_EFFECT) -> FeedbackRecord:
        """The record of what this did to a series."""
        return FeedbackRecord(
            series=series,
            mark=self.mark,
            time=self.time,
            event=effect.event,
            before=effect.before,
            after=effect.after,
            alert=self.alert,
            pattern=self.series if self.pattern else None,
            who=self.who,
            note=self.note,
            at=self.at,
        )


encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Feedback).decode


def is_feedback(record: Record) -> bool:
    """Whether a record of the input is feedback."""
    return bool(record.headers) and any(name == HEADER for name, _ in record.headers)


def decode(record: Record) -> Feedback:
    """What a record says. Raises ValueError, in words."""
    try:
        return _decode(record.value or b"")
    except msgspec.DecodeError as error:
        raise ValueError(f"the feedback cannot be read: {error}") from None


def requests(feedback: Feedback, partitions: Iterable[TopicPartition]) -> list[Output]:
    """The records to append to the input."""
    body = encode(feedback)
    return [
        Output(topic, feedback.series.encode(), body, ((HEADER, b"1"),), partition=partition)
        for topic, partition in partitions
    ]


class Audit:
    """Writes the records of one feed on what feedback changed."""

    def __init__(self, feed: str, topic: str) -> None:
        self._topic = topic
        self._headers: Headers = headers(feed, FEEDBACK_TYPE, "application/json")

    def outputs(self, source: TopicPartition, offset: int, effects: Sequence[FeedbackRecord]) -> Iterator[Output]:
        for k, effect in enumerate(effects):
            identity = ("ce_id", f"{source}/{offset}#feedback{k}".encode())
            yield Output(self._topic, effect.series.encode(), encode(effect), (*self._headers, identity))
