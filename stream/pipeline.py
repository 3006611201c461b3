"""One feed's way from records in to records out: decode, step, encode."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from liquid.results import SKIPPED
from stream import codec
from stream.codec.base import dead_letters
from stream.engine import FeedEngine
from stream.events import AlertRecord
from stream.transport.base import Output, Record, TopicPartition


class Emitted(NamedTuple):
    """The results of one batch, as charts and subscribers take them."""

    feed: str
    ids: list[str]
    results: np.ndarray
    alerts: list[AlertRecord]


@dataclass(slots=True)
class Work:
    """What some records of one partition led to. skipped : events that the state already had."""

    records: int = 0
    outputs: list[Output] = field(default_factory=list)
    emitted: list[Emitted] = field(default_factory=list)
    rejected: Counter[str] = field(default_factory=Counter)
    skipped: int = 0

    def add(self, other: Work) -> None:
        self.records += other.records
        self.outputs += other.outputs
        self.emitted += other.emitted
        self.rejected += other.rejected
        self.skipped += other.skipped


class Pipeline:
    def __init__(self, engine: FeedEngine) -> None:
        self.engine = engine
        self._codec = codec.create(engine.feed)

    def process(self, source: TopicPartition, records: Sequence[Record]) -> Work:
        """All that the records lead to, in order: a result for every event, forecasts, alerts, dead letters."""
        events, rejects = self._codec.decode(source, records)
        results = self.engine.step(events)
        known = (results["flags"] & SKIPPED) != 0
        if known.any():
            events, results = events.where(~known), results[~known]
        alerts, changes = self._codec.alerts(events, results)
        outputs = self._codec.results(events, results)
        outputs += self._codec.forecasts(events, results)
        outputs += alerts
        outputs += dead_letters(self.engine.feed.dlq, rejects)
        return Work(
            records=len(records),
            outputs=outputs,
            emitted=[Emitted(self.engine.feed.name, events.ids, results, changes)] if len(events) else [],
            rejected=Counter(reject.reason for reject in rejects),
            skipped=int(known.sum()),
        )

    def replay(self, source: TopicPartition, records: Iterable[Record]) -> None:
        """Bring the state up to date with records whose results are out already."""
        self.engine.step(self._codec.decode(source, list(records)).events)
