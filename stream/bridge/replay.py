"""Recorded events as a source: in the order of their times, at a chosen speed, each exactly once.

Every record carries its place in the replay in its headers. Records are appended in that order, at most `BATCH` at a
time and the next ones only when the last are acknowledged. So what is missing after a crash are at most the last
`BATCH` places, and the newest records of the topics tell which: nothing else has to be stored.
"""

from __future__ import annotations

import threading
import time
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, Self

import numpy as np
import structlog
from pydantic import BaseModel, ConfigDict, Field, model_validator

from stream.bridge.base import Log
from stream.bridge.recorded import Recorded, from_files
from stream.config import FeedSettings
from stream.section import PositiveDuration
from stream.transport.base import Output, Record, TopicPartition, TransportError

BATCH: Final = 2_000
MAX_LAG: Final = 20_000  # records that may wait to be processed before the replay waits
TICK: Final = 0.05  # seconds
_LOOK_BACK: Final = 1 << 20  # records


class Pace(BaseModel):
    """speed : event seconds per second. lasting : or how long all of it takes. Neither: as fast as it is processed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    speed: float | None = Field(None, gt=0)
    lasting: PositiveDuration | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if self.speed is not None and self.lasting is not None:
            raise ValueError("give `speed` or `lasting`, not both")
        return self

    def event_seconds_per_second(self, span: float) -> float:
        """inf where nothing is to hold it back. span : event seconds of the whole."""
        if self.lasting is not None:
            return span / self.lasting
        return self.speed or np.inf


class Options(Pace):
    """files : CSV or JSON lines (.gz too); all of them are read whole and replayed as one."""

    files: tuple[Path, ...] = Field(min_length=1)


def create(feed: FeedSettings, options: Options, feeds: Mapping[str, FeedSettings]) -> ReplayBridge:
    files = zlib.crc32("\n".join(path.name for path in options.files).encode())
    return ReplayBridge(f"replay/{feed.name}/{files:08x}", lambda: from_files(options.files, feed), options)


class ReplayBridge:
    """Appends recorded events, from where an earlier run of the same name left off.

    Parameters
    ----------
    load : gives the events, always the same ones (more may come at the end).
    """

    def __init__(self, name: str, load: Callable[[], Recorded], pace: Pace) -> None:
        self.name = name
        self._load = load
        self._pace = pace
        self.position = 0  # place of the next event
        self.total: int | None = None  # events, known once they are loaded

    def run(self, log: Log, stop: threading.Event) -> None:
        events = self._load()
        self.total = len(events)
        while self.position < self.total and not stop.is_set():
            try:
                self._resume(events, log)
                self._play(events, log, stop)
            except TransportError as error:
                # Nobody can tell what was written: look at the topics again, as after a crash.
                structlog.get_logger().warning("replay interrupted", source=self.name, error=str(error))
                stop.wait(1.0)

    def _resume(self, events: Recorded, log: Log) -> None:
        topics = dict.fromkeys(output.topic for output in events.outputs)
        newest, present = arrived(log, list(topics), self.name)
        missing = [place for place in range(max(0, newest + 1 - BATCH), newest + 1) if place not in present]
        if missing:
            log.append([self._numbered(events, place) for place in missing])
        self.position = newest + 1

    def _play(self, events: Recorded, log: Log, stop: threading.Event) -> None:
        if self.position >= len(events):
            return
        rate = self._pace.event_seconds_per_second(events.span)
        began, origin = time.monotonic(), events.times[self.position]
        while self.position < len(events) and not stop.is_set():
            if log.lag() > MAX_LAG:
                stop.wait(TICK)
                continue
            now = origin + (time.monotonic() - began) * rate if np.isfinite(rate) else np.inf
            due = int(np.searchsorted(events.times, now, side="right"))
            end = min(due, self.position + BATCH)
            if end <= self.position:
                stop.wait(min(TICK, (events.times[self.position] - now) / rate))
                continue
            log.append([self._numbered(events, place) for place in range(self.position, end)])
            self.position = end
            if end == due:
                stop.wait(TICK)

    def _numbered(self, events: Recorded, place: int) -> Output:
        headers = (("ce_source", self.name.encode()), ("ce_id", b"%d" % place))
        return events.outputs[place]._replace(headers=headers)


def arrived(log: Log, topics: Sequence[str], name: str) -> tuple[int, set[int]]:
    """The last place of a replay that is in the topics (-1: none), and all places among the last `BATCH` up to it."""
    count, before = 2 * BATCH, -1
    while True:
        records = [record for topic in topics for record in log.tail(topic, count)]
        places = _places(records, name)
        newest = max((max(found) for found in places.values() if found), default=-1)
        # A partition is seen far enough back once it shows a place that was acknowledged before the last began.
        reached = all(found and min(found) <= newest - BATCH for found in places.values())
        if reached or len(records) == before or count >= _LOOK_BACK:
            return newest, set().union(*places.values())
        count, before = 4 * count, len(records)


def _places(records: Iterable[Record], name: str) -> dict[TopicPartition, set[int]]:
    """Places of the replay by partition, also for partitions that hold none."""
    source = name.encode()
    found: dict[TopicPartition, set[int]] = {}
    for record in records:
        places = found.setdefault(TopicPartition(record.topic, record.partition), set())
        headers = dict(record.headers)
        if headers.get("ce_source") == source and headers.get("ce_id", b"").isdigit():
            places.add(int(headers["ce_id"]))
    return found
