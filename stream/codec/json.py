"""JSON in and out."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from typing import Final, Never

import msgspec
import numpy as np

from liquid.results import ALERTS, BANDS, EVIDENCE, NO_ALERT, SEVERITIES, STATES
from stream.codec.base import event_ids, forecasts_due, headers
from stream.config import FeedSettings
from stream.drifts import changes
from stream.events import (
    ALERT_TYPE,
    DIRECTIONS,
    DRIFT_TYPE,
    FORECAST_TYPE,
    RESULT_TYPE,
    AlertPart,
    AlertRecord,
    Decoded,
    EventBatch,
    ForecastRecord,
    HorizonPart,
    Reject,
    ResultRecord,
)
from stream.explain import why
from stream.feeds import (
    JOINT,
    LATEST,
    MAX_SERIES,
    FeedMapping,
    Reading,
    UnreadableError,
    default_values,
    parse_time,
    series_id,
)
from stream.joint import field_shares, why_joint
from stream.transport.base import Output, Record, TopicPartition

CONTENT_TYPE: Final = "application/json"

#: Objects and lists inside each other; the parser's own limit would depend on where it is called from.
MAX_DEPTH: Final = 64

_STRING = re.compile(rb'"(?:[^"\\]|\\.?)*+"?', re.DOTALL)
_OTHER = re.compile(rb"[^\[\]{}]+")


class _Event(msgspec.Struct, gc=False):
    """A record of the default mapping."""

    series: str | int
    time: float | str
    value: float | None = None
    values: dict[str, float | None] | None = None


class JsonCodec:
    def __init__(self, feed: FeedSettings) -> None:
        self._feed = feed
        self._mapping = FeedMapping(feed)
        self._typed = msgspec.json.Decoder(_Event)
        self._any = msgspec.json.Decoder()
        self._encode = msgspec.json.Encoder().encode
        self._result_headers = headers(feed.name, RESULT_TYPE, CONTENT_TYPE)
        self._forecast_headers = headers(feed.name, FORECAST_TYPE, CONTENT_TYPE)
        self._drift_headers = headers(feed.name, DRIFT_TYPE, CONTENT_TYPE)
        self._alert_headers = headers(feed.name, ALERT_TYPE, CONTENT_TYPE)

    def decode(self, source: TopicPartition, records: Sequence[Record]) -> Decoded:
        ids: list[str] = []
        fields: list[str] = []
        times: list[float] = []
        values: list[float] = []
        offsets: list[int] = []
        rejects: list[Reject] = []
        read = self._read_default if self._mapping.is_default else self._read_mapped
        for record in records:
            try:
                series, time, numbers = read(self._checked(record.value))
            except UnreadableError as error:
                rejects.append(Reject(record, error.reason, str(error)))
                continue
            for field, number in numbers:
                ids.append(f"{series}:{field}" if field else series)
                fields.append(field)
                times.append(time)
                values.append(number)
                offsets.append(record.offset)
            if self._feed.joint:
                ids.append(f"{series}:{JOINT}")
                fields.append(JOINT)
                times.append(time)
                values.append(math.nan)
                offsets.append(record.offset)
        events = EventBatch(
            source, ids, fields, np.array(times, float), np.array(values, float), np.array(offsets, np.int64)
        )
        return Decoded(events, rejects)

    def results(self, events: EventBatch, results: np.ndarray) -> list[Output]:
        topic, shared, encode = self._feed.results, self._result_headers, self._encode
        columns = [results[name].tolist() for name in _NUMBERS]
        severities = [SEVERITIES[k] for k in results["severity"].tolist()]
        states = [STATES[k] for k in results["state"].tolist()]
        records = list(map(ResultRecord, events.ids, *columns, severities, states, results["gap"].tolist()))
        for i in np.flatnonzero(results["alert"] != NO_ALERT).tolist():
            records[i].shares, records[i].alert = _shares(results[i]), _alert_part(results[i])
        for i in np.flatnonzero(_stronger(results)).tolist():
            records[i].peak = float(results["alert_peak"][i])
        return [
            Output(topic, record.series.encode(), encode(record), (*shared, ("ce_id", name.encode())))
            for record, name in zip(records, event_ids(events), strict=True)
        ]

    def forecasts(self, events: EventBatch, results: np.ndarray) -> list[Output]:
        topic, shared, encode = self._feed.forecasts, self._forecast_headers, self._encode
        horizons = self._feed.horizons
        due = forecasts_due(results, horizons[0])
        if not len(due):
            return []
        chosen = results[due]
        origins = chosen["time"].tolist()
        ids, names = _at(events.ids, due), _at(event_ids(events), due)
        columns = [chosen[name].ravel().tolist() for name in BANDS]
        seconds = horizons * len(due)
        times = (chosen["time"][:, None] + horizons).ravel().tolist()
        flat = map(HorizonPart, seconds, times, *columns)
        parts = zip(*[flat] * len(horizons), strict=True)  # as many of them as there are horizons make one record
        records = map(ForecastRecord, ids, origins, chosen["value"].tolist(), parts)
        return [
            Output(topic, record.series.encode(), encode(record), (*shared, ("ce_id", f"{name}#forecast".encode())))
            for record, name in zip(records, names, strict=True)
        ]

    def alerts(self, events: EventBatch, results: np.ndarray) -> tuple[list[Output], list[AlertRecord]]:
        chosen = np.flatnonzero(results["alert"] != NO_ALERT).tolist()
        if not chosen:
            return [], []
        names = event_ids(events)
        records = [_alert(events.ids[i], results[i], self._feed.unit) for i in chosen]
        for i, record in zip(chosen, records, strict=True):
            if events.joint is not None and events.fields[i] == JOINT:
                record.fields = field_shares(self._feed.values or (), events.joint[i].tolist())
                record.why = why_joint(record.fields, record.value, float(results["upper"][i]))
        outputs = [
            Output(
                self._feed.alerts,
                record.series.encode(),
                self._encode(record),
                (*self._alert_headers, ("ce_id", f"{names[i]}#alert".encode())),
            )
            for i, record in zip(chosen, records, strict=True)
        ]
        return outputs, records

    def drifts(self, events: EventBatch, results: np.ndarray) -> list[Output]:
        found = list(changes(events.ids, results))
        names = event_ids(events) if found else []
        return [
            Output(
                self._feed.drift,
                record.series.encode(),
                self._encode(record),
                (*self._drift_headers, ("ce_id", f"{names[i]}#drift/{record.kind}".encode())),
            )
            for i, record in found
        ]

    def _checked(self, body: bytes | None) -> bytes:
        """The body if it is small, flat and UTF-8 enough to be parsed."""
        if not body:
            raise UnreadableError("empty", "the record has no body")
        if len(body) > self._feed.max_record_bytes:
            raise UnreadableError(
                "too_large", f"the record has {len(body)} bytes, at most {self._feed.max_record_bytes} are taken"
            )
        if not body.isascii():
            try:
                body.decode()
            except UnicodeDecodeError as error:
                raise UnreadableError("not_utf8", f"byte {error.start} of the record is not UTF-8") from None
        if len(body) > 2 * MAX_DEPTH and body.count(b"[") + body.count(b"{") > MAX_DEPTH and _depth(body) > MAX_DEPTH:
            raise UnreadableError("too_deep", f"objects and lists are nested more than {MAX_DEPTH} deep")
        return body

    def _read_default(self, body: bytes) -> Reading:
        try:
            event = self._typed.decode(body)
        except msgspec.DecodeError:
            return self._read_mapped(body)  # finds the words for what is wrong
        series, time = event.series, event.time
        if type(series) is not str or not 0 < len(series) <= MAX_SERIES:
            series = series_id(series)
        if type(time) is not float or not 0.0 <= time < LATEST or self._feed.time.unit != "auto":
            time = parse_time(time, self._feed.time.unit)
        value = event.value
        return Reading(series, time, [("", value)] if value is not None else default_values(None, event.values))

    def _read_mapped(self, body: bytes) -> Reading:
        try:
            record = self._any.decode(body)
        except msgspec.DecodeError as error:
            raise _unreadable(body, error) from None
        return self._mapping.read(record)


def create(feed: FeedSettings) -> JsonCodec:
    return JsonCodec(feed)


#: In the order of ResultRecord's fields; severity, state and gap follow.
_NUMBERS: Final = (
    "time", "value", "expected", "lower50", "upper50", "lower80", "upper80", "lower", "upper", "score", "alert_score",
)  # fmt: skip


def _at(items: list[str], indices: np.ndarray) -> list[str]:
    return [items[i] for i in indices.tolist()]


def _stronger(results: np.ndarray) -> np.ndarray:
    """Where an open alert reaches its peak at an event that changes nothing else."""
    at_peak = (results["alert_peak"] > 0.0) & (results["alert_peak_time"] == results["time"])
    return np.asarray(at_peak & (results["alert"] == NO_ALERT))


def _alert_part(result: np.void) -> AlertPart:
    return AlertPart(
        ALERTS[result["alert"]],
        float(result["alert_begin"]),
        float(result["alert_peak"]),
        float(result["alert_peak_time"]),
        DIRECTIONS[result["direction"]],
        bool(result["notify"]),
    )


def _alert(series: str, result: np.void, unit: str | None) -> AlertRecord:
    value, expected, lower, upper = (float(result[name]) for name in ("value", "expected", "lower", "upper"))
    return AlertRecord(
        series=series,
        change=ALERTS[result["alert"]],
        begin=float(result["alert_begin"]),
        time=float(result["time"]),
        peak=float(result["alert_peak"]),
        peak_time=float(result["alert_peak_time"]),
        severity=SEVERITIES[result["severity"]],
        direction=DIRECTIONS[result["direction"]],
        value=value,
        expected=expected,
        lower=lower,
        upper=upper,
        shares=_shares(result),
        why=why(result["shares"].tolist(), value, expected, lower, upper, int(result["direction"]), unit),
        notify=bool(result["notify"]),
    )


def _shares(result: np.void) -> dict[str, float]:
    return {name: round(share, 4) for name, share in zip(EVIDENCE, result["shares"].tolist(), strict=True) if share > 0}


def _depth(body: bytes) -> int:
    depth = deepest = 0
    for bracket in _OTHER.sub(b"", _STRING.sub(b"", body)):
        depth += 1 if bracket in b"[{" else -1
        deepest = max(deepest, depth)
    return deepest


def _unreadable(body: bytes, error: msgspec.DecodeError) -> UnreadableError:
    if "out of range" in str(error):
        return UnreadableError("not_finite", "a number of the record is too large")
    try:
        json.loads(body, parse_constant=_refuse)
    except UnreadableError as refused:
        return refused
    except ValueError:
        pass
    return UnreadableError("not_json", str(error).removeprefix("JSON is malformed: "))


def _refuse(constant: str) -> Never:
    raise UnreadableError("not_finite", f"{constant} is not a number of JSON and not a value")
