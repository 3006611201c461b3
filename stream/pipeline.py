"""One feed's way from records in to records out: decode, step, encode."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from liquid.results import REJECTED, SKIPPED, as_bytes
from stream import codec, feedback
from stream.codec.base import dead_letters
from stream.engine import FeedEngine
from stream.events import AlertRecord, EventBatch, Reject
from stream.feedback import Audit, FeedbackRecord
from stream.transport.base import Output, Record, TopicPartition


class Emitted(NamedTuple):
    """The results of one batch, as charts and subscribers take them."""

    feed: str
    ids: list[str]
    results: np.ndarray
    alerts: list[AlertRecord]
    feedback: Sequence[FeedbackRecord] = ()


class _Stepped(NamedTuple):
    """What records did to the state. heard : by offset, what feedback changed."""

    events: EventBatch
    results: np.ndarray
    rejects: list[Reject]
    heard: dict[int, list[FeedbackRecord]]


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
        self._audit = Audit(engine.feed.name, engine.feed.feedback)

    def process(self, source: TopicPartition, records: Sequence[Record]) -> Work:
        """All that the records lead to, in order: a result for every event, forecasts, alerts, what feedback changed,
        dead letters."""
        events, results, rejects, heard = self._step(source, records)
        known = (results["flags"] & SKIPPED) != 0
        # a joint event of which nothing can be said yet is refused by the model; no other is
        silent = (results["flags"] & (SKIPPED | REJECTED)) != 0
        if silent.any():
            events, results = events.where(~silent), results[~silent]
        alerts, changes = self._codec.alerts(events, results)
        outputs = self._codec.results(events, results)
        outputs += self._codec.forecasts(events, results)
        outputs += alerts
        outputs += self._codec.drifts(events, results)
        for offset, effects in heard.items():
            outputs += self._audit.outputs(source, offset, effects)
        spoken = [effect for effects in heard.values() for effect in effects]
        outputs += dead_letters(self.engine.feed.dlq, rejects)
        return Work(
            records=len(records),
            outputs=outputs,
            emitted=[Emitted(self.engine.feed.name, events.ids, results, changes, spoken)]
            if len(events) or spoken
            else [],
            rejected=Counter(reject.reason for reject in rejects),
            skipped=int(known.sum()),
        )

    def replay(self, source: TopicPartition, records: Iterable[Record]) -> None:
        """Bring the state up to date with records whose results are out already."""
        self._step(source, list(records))

    def _step(self, source: TopicPartition, records: Sequence[Record]) -> _Stepped:
        """Events and feedback applied in the order of their offsets."""
        said = [record for record in records if record.headers and feedback.is_feedback(record)]
        if not said:
            events, rejects = self._codec.decode(source, records)
            return _Stepped(events, self.engine.step(events), rejects, {})
        events, rejects = self._codec.decode(source, [r for r in records if not feedback.is_feedback(r)])
        results = np.zeros(len(events), self.engine.model.result_dtype)
        heard: dict[int, list[FeedbackRecord]] = {}
        done = 0
        for record in said:
            upto = int(np.searchsorted(events.offsets, record.offset))
            self._step_part(events, results, done, upto)
            done = upto
            try:
                heard[record.offset] = self.engine.heed(source, record.offset, feedback.decode(record))
            except ValueError as error:
                rejects.append(Reject(record, "bad_feedback", str(error)))
        self._step_part(events, results, done, len(events))
        return _Stepped(events, results, rejects, heard)

    def _step_part(self, events: EventBatch, results: np.ndarray, begin: int, end: int) -> None:
        places = np.arange(len(events))
        part = events.where((places >= begin) & (places < end))
        as_bytes(results)[begin:end] = as_bytes(self.engine.step(part))
        if part.joint is not None:
            if events.joint is None:
                events.joint = np.zeros((len(events), part.joint.shape[1]))
            events.joint[begin:end] = part.joint
