"""The records that leave the service, and the columns that travel through it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

import msgspec
import numpy as np

from stream.transport.base import Record, TopicPartition

#: Text of a result's direction: index 1 is above, index -1 below what was expected.
DIRECTIONS: Final = ("none", "above", "below")

RESULT_TYPE: Final = "liquidstream.result"
FORECAST_TYPE: Final = "liquidstream.forecast"
ALERT_TYPE: Final = "liquidstream.alert"
DRIFT_TYPE: Final = "liquidstream.drift"


@dataclass(slots=True)
class EventBatch:
    """Events of one partition, in order, as columns.

    ids : series of each event. times : epoch seconds. values : the numbers. offsets : offset of the record an event
    came from. fields : name of the field an event came from, "" for the only one of its record, JOINT for what is about
    all of them; the value of such an event is nan until the engine knows it, and joint (n, fields) its shares.
    """

    source: TopicPartition
    ids: list[str]
    fields: list[str]
    times: np.ndarray
    values: np.ndarray
    offsets: np.ndarray
    joint: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.ids)

    def where(self, keep: np.ndarray) -> EventBatch:
        """The events where `keep` is true."""
        ids = [name for name, kept in zip(self.ids, keep.tolist(), strict=True) if kept]
        fields = [name for name, kept in zip(self.fields, keep.tolist(), strict=True) if kept]
        joint = None if self.joint is None else self.joint[keep]
        return EventBatch(self.source, ids, fields, self.times[keep], self.values[keep], self.offsets[keep], joint)


class Reject(NamedTuple):
    """A record that cannot be read: `reason` is one of the codes of the dead letters, `message` is for people."""

    record: Record
    reason: str
    message: str


class Decoded(NamedTuple):
    events: EventBatch
    rejects: list[Reject]


class AlertPart(msgspec.Struct, gc=False):
    """What a result says about the alert that it changes."""

    change: str
    begin: float
    peak: float
    peak_time: float
    direction: str
    notify: bool = False


class ResultRecord(msgspec.Struct, gc=False, omit_defaults=True):
    """One per event, on `<feed>.results`. Times are epoch seconds, `gap` seconds; null where unknown. `peak` is there
    where an open alert is stronger than ever, without any other change of it."""

    series: str
    time: float
    value: float
    expected: float | None
    lower50: float | None
    upper50: float | None
    lower80: float | None
    upper80: float | None
    lower: float | None
    upper: float | None
    score: float
    alert_score: float
    severity: str
    state: str
    gap: float
    shares: dict[str, float] | None = None
    alert: AlertPart | None = None
    peak: float | None = None


class HorizonPart(msgspec.Struct, gc=False):
    seconds: float
    time: float
    mean: float | None
    lo50: float | None
    hi50: float | None
    lo80: float | None
    hi80: float | None
    lo95: float | None
    hi95: float | None


class ForecastRecord(msgspec.Struct, gc=False):
    """On `<feed>.forecasts`: what comes after `origin`, the time of the event that carried it."""

    series: str
    origin: float
    value: float
    horizons: tuple[HorizonPart, ...]


class AlertRecord(msgspec.Struct, gc=False):
    """On `<feed>.alerts`: an episode was opened, escalated, closed, or became worth waking somebody ("notified", if it
    is at an event that does nothing else). `notify` is true at most once an episode.
    `fields` are the shares of the fields of a joint series in being off, absent elsewhere."""

    series: str
    change: str
    begin: float
    time: float
    peak: float
    peak_time: float
    severity: str
    direction: str
    value: float
    expected: float | None
    lower: float | None
    upper: float | None
    shares: dict[str, float]
    why: str
    notify: bool = False
    fields: dict[str, float] | msgspec.UnsetType = msgspec.UNSET


class DriftRecord(msgspec.Struct, gc=False):
    """On `<feed>.drift`: a series' input, error, calibration or rhythm (`kind`) has changed for good ("begun"), or the
    new regime has become the reference ("ended"). `onset` is when the change began to show; null where one ends."""

    series: str
    kind: str
    change: Literal["begun", "ended"]
    time: float
    onset: float | None


def json_schemas() -> dict[str, Any]:
    """JSON Schema of every record that the service writes, by topic suffix."""
    return {
        "results": msgspec.json.schema(ResultRecord),
        "forecasts": msgspec.json.schema(ForecastRecord),
        "alerts": msgspec.json.schema(AlertRecord),
        "drift": msgspec.json.schema(DriftRecord),
    }
