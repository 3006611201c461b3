"""Events in: checked by the feed's own codec, appended to the log, processed like anybody's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Final, NamedTuple

import msgspec
from fastapi import APIRouter, Depends, Request

from stream.api import models
from stream.api.context import FeedName, Running, feed_of
from stream.api.problems import ProblemError, documented, invalid
from stream.codec.base import Codec
from stream.config import FeedSettings
from stream.events import EventBatch
from stream.runtime import Service
from stream.transport.base import Output, Record, TopicPartition, TransportError

router = APIRouter(tags=["events"])

MAX_BODY: Final = 4 * 2**20  # bytes
MAX_RECORDS: Final = 100_000

_JSON: Final = "application/json"
_NDJSON: Final = ("application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines")

_HEADERS: Final = (("content-type", _JSON.encode()),)

_EVENT: Final = {"series": "sensor-1", "time": "2026-01-31T12:00:00Z", "value": 21.5}
_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "description": "A record in the layout of the feed. Without a mapping of its own, a feed takes this one.",
    "required": ["series", "time"],
    "properties": {
        "series": {"type": ["string", "integer"]},
        "time": {
            "type": ["string", "number"],
            "description": "ISO 8601 (UTC where it has no offset) or epoch s, ms, us or ns.",
        },
        "value": {"type": "number"},
        "values": {"type": "object", "additionalProperties": {"type": ["number", "null"]}},
    },
    "examples": [_EVENT],
}
_BODY: Final = {
    "requestBody": {
        "required": True,
        "content": {
            _JSON: {
                "schema": {"oneOf": [_SCHEMA, {"type": "array", "items": _SCHEMA, "minItems": 1}]},
                "examples": {
                    "one": {"value": _EVENT},
                    "several": {"value": [_EVENT, {"series": "sensor-2", "time": 1769860800, "values": {"in": 1.0}}]},
                },
            },
            _NDJSON[0]: {"schema": {"type": "string", "description": "One record a line."}},
        },
    }
}


class Posted(NamedTuple):
    body: bytes
    by_line: bool


async def _posted(request: Request) -> Posted:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != _JSON and kind not in _NDJSON:
        sent = f"this is {kind[:80]!r}" if kind else "there is none"
        detail = f"Content-Type is {_JSON} (one record or a list) or {_NDJSON[0]} (one record a line); {sent}."
        raise ProblemError(415, "unsupported-media-type", "Unsupported media type", detail)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            raise _too_large(f"{MAX_BODY // 2**20} MiB")
    return Posted(bytes(body), kind in _NDJSON)


@router.post("/v1/events", status_code=202, responses=documented(404, 413, 415, 422, 503), openapi_extra=_BODY)
def events(
    request: Request, service: Running, posted: Annotated[Posted, Depends(_posted)], feed: FeedName = None
) -> models.Accepted:
    """Append events to a feed's log.

    202 means that the accepted records are durable; their results follow on the feed's topics and on `/v1/stream`.
    Records that the feed cannot read are told one by one and written nowhere; where all are like that the answer is
    422. A request has at most 4 MiB and 100,000 records. `feed` may be left out where there is only one."""
    target = _target(service, feed)
    topic = target.topics[0]
    records = [Record(topic, 0, index, 0, None, body) for index, body in _split(posted)]
    if not records:
        raise invalid("body", "there is no record in it")
    codec: Codec = request.app.state.codecs[target.name]
    decoded = codec.decode(TopicPartition(topic, 0), records)
    rejected = [
        {"index": reject.record.offset, "error": reject.reason, "message": reject.message} for reject in decoded.rejects
    ]
    if len(rejected) == len(records):
        first = rejected[0]
        raise invalid(f"body.{first['index']}", str(first["message"]), rejected=rejected)
    keys = _keys(decoded.events)
    outputs = [
        Output(topic, keys[record.offset].encode(), record.value or b"", _HEADERS)
        for record in records
        if record.offset in keys
    ]
    try:
        service.append(outputs)
    except TransportError as error:
        raise ProblemError(503, "log-unavailable", "Log unavailable", f"Nothing was accepted: {error}.") from error
    return models.Accepted.model_validate({"accepted": len(outputs), "rejected": rejected})


def _split(posted: Posted) -> Iterator[tuple[int, bytes]]:
    """The bytes of every record as they were sent, with its position."""
    if posted.by_line:
        if posted.body.count(b"\n") > MAX_RECORDS:
            raise _too_large(f"{MAX_RECORDS:,} records")
        yield from ((i, line) for i, line in enumerate(posted.body.split(b"\n")) if line.strip())
    elif not posted.body.lstrip().startswith(b"["):
        if posted.body.strip():
            yield 0, posted.body
    else:
        try:
            listed = msgspec.json.decode(posted.body, type=list[msgspec.Raw])
        except (msgspec.DecodeError, RecursionError) as error:
            raise invalid("body", f"it is not a list in JSON: {error}") from None
        if len(listed) > MAX_RECORDS:
            raise _too_large(f"{MAX_RECORDS:,} records")
        yield from ((i, bytes(raw)) for i, raw in enumerate(listed))


def _target(service: Service, name: str | None) -> FeedSettings:
    chosen = feed_of(service, name)
    if chosen is not None:
        return chosen
    feeds = service.settings.feeds
    if len(feeds) > 1:
        names = [feed.name for feed in feeds]
        raise invalid("query.feed", f"say which feed the events are for: {', '.join(names)}", feeds=names)
    return feeds[0]


def _keys(events: EventBatch) -> dict[int, str]:
    """Series id of every record: an event of one of several fields has the field at the end of its own id."""
    return {
        offset: series.removesuffix(f":{field}") if field else series
        for series, field, offset in zip(events.ids, events.fields, events.offsets.tolist(), strict=True)
    }


def _too_large(limit: str) -> ProblemError:
    return ProblemError(413, "too-large", "Too large", f"A request takes {limit}; send the events in several requests.")
