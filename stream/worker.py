"""The loop: poll, process, commit.

Everything between two commits becomes visible in one transaction: outputs, how far the inputs are done, and the saved
state of some series. Whatever goes wrong in between, the remedy is the same: forget everything, load what was
committed, replay what the saved rows lack without emitting it, and go on. So nothing is lost and nothing comes twice.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

from stream.config import OUTPUTS, CommitSettings
from stream.engine import FeedEngine
from stream.failures import Failures
from stream.logs import logger
from stream.metrics import FeedMetrics, Metrics
from stream.pipeline import Emitted, Pipeline, Work
from stream.transport.base import (
    Commit,
    CommitUncertain,
    Fenced,
    Mark,
    Record,
    Snapshot,
    TopicPartition,
    Transport,
    TransportError,
)

#: Longest wait inside `poll`: how late a stop may be noticed.
POLL_SECONDS = 0.5
REPLAY_RECORDS = 2_000

RUNNING = "running"

#: How long rows may be saved before partitions go to another worker, which replays what is not saved.
REVOKE_SECONDS = 5.0


class _StopRestoring(Exception):
    """The worker is to stop while it loads state."""


@dataclass(slots=True)
class _Partition:
    """An owned partition. done : the offset after the last processed record, None before the first one."""

    done: int | None
    committed: Mark | None
    work: Work = field(default_factory=Work)


class _Feed(NamedTuple):
    pipeline: Pipeline
    engine: FeedEngine
    metrics: FeedMetrics


class Worker:
    """Drives one transport in one thread; `stop` may be called from any.

    Parameters
    ----------
    engines : by feed name. deliver : is handed what was committed, after each commit; must not block.

    Attributes
    ----------
    state : in words; RUNNING once partitions are assigned and restored. lag : records that wait.
    rejected : dead letters so far, by reason.
    """

    def __init__(
        self,
        transport: Transport,
        engines: Mapping[str, FeedEngine],
        settings: CommitSettings | None = None,
        metrics: Metrics | None = None,
        deliver: Callable[[list[Emitted]], None] = lambda emitted: None,
    ) -> None:
        self._transport = transport
        self._settings = settings or CommitSettings()
        self._metrics = metrics or Metrics()
        self._deliver = deliver
        self._feeds = [
            _Feed(Pipeline(engine), engine, FeedMetrics(self._metrics, name)) for name, engine in engines.items()
        ]
        self._by_topic = {topic: feed for feed in self._feeds for topic in feed.engine.feed.topics}
        self._owned: dict[TopicPartition, _Partition] = {}
        self._stopping = threading.Event()
        self._commit_at = 0.0
        self._failures = Failures()
        self._log = logger("worker")
        self.state = "starting"
        self.lag = 0
        self.rejected: Counter[str] = Counter()

    def run(self) -> None:
        """Work until `stop`, then commit and save every row. Raises WorkerError, or TransportError at the start."""
        try:
            outputs = [f"{feed.engine.feed.name}.{kind}" for feed in self._feeds for kind in OUTPUTS]
            self._transport.start(sorted(self._by_topic), self, outputs)
            self.state = "waiting for partitions"
            while not self._stopping.is_set():
                try:
                    self._turn()
                except _StopRestoring:
                    break
                except Exception as error:
                    self._recover(error)
            self._finish()
        finally:
            self.state = "stopped"
            self._transport.close()

    def stop(self) -> None:
        self._stopping.set()

    def _turn(self) -> None:
        pending = sum(partition.work.records for partition in self._owned.values())
        patience = min(POLL_SECONDS, self._commit_at - time.monotonic())
        records = self._transport.poll(self._settings.max_events - pending, max(patience, 0.0))
        if records:
            self._process(records)
        if pending + len(records) >= self._settings.max_events or time.monotonic() >= self._commit_at:
            self._commit()

    def _process(self, records: Sequence[Record]) -> None:
        groups: dict[TopicPartition, list[Record]] = {}
        for record in records:
            groups.setdefault(TopicPartition(record.topic, record.partition), []).append(record)
        for source, group in groups.items():
            if partition := self._owned.get(source):
                if partition.done is not None and group[0].offset < partition.done:
                    group = [record for record in group if record.offset >= partition.done]
                if group:
                    self._process_partition(source, partition, group)

    def _process_partition(self, source: TopicPartition, partition: _Partition, records: list[Record]) -> None:
        committed = partition.committed.next_offset if partition.committed else 0
        self._failures.at = f"{source} after offset {committed}"
        with self._metrics.step_seconds.time():
            work = self._by_topic[source.topic].pipeline.process(source, records)
        if work.skipped:
            self._log.warning("skipped events that the saved state already has", at=str(source), events=work.skipped)
        partition.work.add(work)
        partition.done = records[-1].offset + 1

    def _commit(self) -> None:
        """Make visible what is done; nothing happens when there is nothing new."""
        self._commit_at = time.monotonic() + self._settings.interval
        self._failures.at = "a commit"
        outputs = [output for partition in self._owned.values() for output in partition.work.outputs]
        snapshots = self._take_snapshots()
        marks = self._marks()
        if outputs or marks or snapshots:
            with self._metrics.commit_seconds.time():
                self._transport.commit(Commit(outputs, marks, snapshots))
            self._metrics.committed.inc()
            self._committed(marks)
        self._measure_lag()

    def _take_snapshots(self) -> list[Snapshot]:
        """The oldest unsaved rows, every feed in proportion to its unsaved rows."""
        dirty = [(feed.engine, len(feed.engine.dirty)) for feed in self._feeds if len(feed.engine.dirty)]
        limit, total = self._settings.snapshot_rows, sum(rows for _, rows in dirty)
        return [snapshot for engine, rows in dirty for snapshot in engine.snapshots(-(-limit * rows // total))]

    def _marks(self) -> dict[TopicPartition, Mark]:
        """Marks that moved. After `_take_snapshots`: what it takes need not be replayed."""
        marks = {}
        for source, partition in self._owned.items():
            if partition.done is not None:
                dirty = self._by_topic[source.topic].engine.dirty
                mark = Mark(partition.done, dirty.replay_from(source, partition.done))
                if mark != partition.committed:
                    marks[source] = mark
        return marks

    def _committed(self, marks: Mapping[TopicPartition, Mark]) -> None:
        emitted: list[Emitted] = []
        for source, mark in marks.items():
            partition = self._owned[source]
            work, partition.work, partition.committed = partition.work, Work(), mark
            self._by_topic[source.topic].metrics.committed(source, work)
            self.rejected.update(work.rejected)
            self._failures.progress(str(source), work.records)
            emitted += work.emitted
        for feed in self._feeds:
            feed.metrics.state(feed.engine)
        if emitted:
            self._deliver(emitted)

    def _measure_lag(self) -> None:
        lag = self._transport.lag()
        for source, waiting in lag.items():
            self._metrics.waiting.labels(source.topic, source.partition).set(waiting)
        self.lag = sum(lag.values())
        self._metrics.lost.set(self._transport.lost_records)

    def _finish(self) -> None:
        """Leave nothing to replay."""
        try:
            self._commit()
            while any(len(feed.engine.dirty) for feed in self._feeds):
                self._commit()
        except TransportError as error:
            self._log.warning("the last commit failed; the next start repeats it", reason=str(error))

    def _recover(self, error: Exception) -> None:
        """Forget what is not committed and connect anew; the next `poll` assigns and restores."""
        self.state = f"recovering from: {error}"
        if isinstance(error, Fenced):
            self._metrics.fenced.inc()
        elif isinstance(error, CommitUncertain):
            self._metrics.uncertain.inc()
        elif not isinstance(error, TransportError):
            self._log.error("failed", at=self._failures.at, exc_info=error)
        self._forget(list(self._owned))
        for feed in self._feeds:
            feed.engine.drop_all()
        while not self._stopping.is_set():
            pause = self._failures.add(error)
            self._log.warning("starting over from the last commit", reason=str(error), pause_seconds=round(pause, 2))
            self._stopping.wait(pause)
            try:
                self._transport.rebuild()
                return
            except TransportError as again:
                error = again

    # What the transport tells from inside `poll`.

    def assigned(self, partitions: Iterable[TopicPartition]) -> None:
        began = time.monotonic()
        for source in partitions:
            self.state = f"restoring {source}"
            self._failures.at = self.state
            self._restore(source)
        self._metrics.rebalances.inc()
        self._metrics.restore_seconds.set(time.monotonic() - began)
        self.state = RUNNING

    def revoked(self, partitions: Iterable[TopicPartition]) -> None:
        leaving = [source for source in partitions if source in self._owned]
        deadline = time.monotonic() + REVOKE_SECONDS
        while leaving:
            self._commit()
            if time.monotonic() > deadline or not any(len(feed.engine.dirty) for feed in self._feeds):
                break
        self._forget(leaving)
        self._metrics.rebalances.inc()

    def lost(self, partitions: Iterable[TopicPartition]) -> None:
        self._forget(partitions)
        self._metrics.rebalances.inc()

    def _restore(self, source: TopicPartition) -> None:
        pipeline, engine, metrics = self._by_topic[source.topic]
        engine.drop(source)
        mark = self._transport.mark(source)
        fit, misfit = engine.restore(self._transport.snapshots(source))
        if misfit:
            self._log.warning("series saved under other settings start anew", at=str(source), series=misfit)
        replayed = 0
        if mark:
            records = iter(self._transport.read(source, mark.replay_from, mark.next_offset))
            while chunk := list(islice(records, REPLAY_RECORDS)):
                pipeline.replay(source, chunk)
                replayed += len(chunk)
                if self._stopping.is_set():
                    engine.drop(source)
                    raise _StopRestoring
        self._owned[source] = _Partition(mark.next_offset if mark else None, mark)
        metrics.state(engine)
        if fit or replayed:
            self._log.info("restored", source=str(source), series=fit, replayed=replayed)

    def _forget(self, partitions: Iterable[TopicPartition]) -> None:
        for source in partitions:
            self._owned.pop(source, None)
            self._by_topic[source.topic].engine.drop(source)
