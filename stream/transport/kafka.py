"""Kafka: exactly-once through one transaction per commit, fenced by the consumer group (KIP-447).

The parts: `kafka_group` (which partitions are ours, new records), `kafka_marks` (how far they are done), `kafka_writer`
(transactions, appends), `kafka_leftovers` (transactions that a broker left open), `kafka_reader` (replay, saved states,
tails), `kafka_topics` (topics and their limits).
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from typing import Any, Final

import structlog
from kafka import errors

from stream.transport.base import (
    Commit,
    Fenced,
    Listener,
    Mark,
    Output,
    Record,
    Snapshot,
    TopicPartition,
    TransportError,
)
from stream.transport.kafka_group import Displaced, Group, Unsettled
from stream.transport.kafka_leftovers import Leftovers
from stream.transport.kafka_marks import Marks
from stream.transport.kafka_options import Options
from stream.transport.kafka_reader import Readers, SnapshotStore, to_record
from stream.transport.kafka_topics import Topics
from stream.transport.kafka_writer import Appender, TransactionalWriter

__all__ = ["KafkaTransport", "Options", "create"]

log = structlog.get_logger(part="kafka")

#: How long to wait for committed offsets that others keep unsettled before it counts as an error.
UNSETTLED: Final = 600.0


class KafkaTransport:
    """See `stream.transport.base.Transport`."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self._id = options.transactional_id()
        self._topics: Topics | None = None
        self._input_topics: tuple[str, ...] = ()
        self._listener: Listener | None = None
        self._group: Group | None = None
        self._writer: TransactionalWriter | None = None
        self._appender: Appender | None = None
        self._readers = Readers(options)
        self._snapshots = SnapshotStore(options, self._readers)
        self._leftovers = Leftovers(options, self._with_topics)
        self._fresh = options.instance is None
        self._unsettled_since: float | None = None
        self._displaced: Displaced | None = None
        self._marks = Marks(options)
        self._lag: dict[TopicPartition, int] = {}
        self._lock = threading.Lock()

    @property
    def lost_records(self) -> int:
        return self._marks.lost_records

    def start(self, topics: Sequence[str], listener: Listener, outputs: Sequence[str] = ()) -> None:
        self._input_topics, self._listener = tuple(topics), listener
        with self._lock:
            self._prepared().prepare_snapshots(self._prepared().prepare_inputs(topics))
            self._prepared().prepare_outputs(outputs)
        try:
            self._connect()
        except errors.KafkaError as error:
            raise TransportError(
                f"the Kafka broker does not take us in: {error}\nwhere: {self.options.bootstrap}\n"
                "do: see the broker's log and its ACLs (group, transactional id)"
            ) from error

    def poll(self, max_records: int, timeout: float) -> list[Record]:
        if self._group is None and not self._reconnect(timeout):
            return []
        group = self._joined()
        if not self._announce(group):
            return []
        try:
            with self._watch_for_our_double():
                if self._writer is not None:
                    self._leftovers.look(self._writer, self._id)
                found = group.poll(max_records, timeout, self._leaving, self._lost)
        except errors.OffsetOutOfRangeError as error:
            for at, wanted in error.args[0].items():
                partition = TopicPartition(*at)
                there = group.bounds([partition])[partition]
                group.start_at(partition, self._marks.reachable(partition, wanted, there))
            return []
        return list(map(to_record, found)) if self._announce(group) else []

    def commit(self, commit: Commit) -> None:
        if not (commit.outputs or commit.marks or commit.snapshots):
            return
        if self._group is None or self._writer is None:
            raise Fenced("not connected")
        self._group.identity()  # raises Fenced now rather than when everything is written
        if strangers := commit.marks.keys() - self._group.owned:
            raise Fenced(f"{min(strangers)} belongs to another worker")
        # Marks go along in any case: it is they that make the broker check whether we are still a member.
        marks = self._marks.of(self._group.owned) | commit.marks
        records = self._with_topics(lambda topics: topics.fit(commit.outputs))
        records += self._snapshots.outputs(commit.snapshots, commit.marks)
        with self._watch_for_our_double():
            self._writer.write(records, marks, self._group.identity)
        self._leftovers.committed()
        self._marks.update(commit.marks)
        self._snapshots.saved(commit.marks)

    def mark(self, partition: TopicPartition) -> Mark | None:
        if partition not in self._marks:
            self._marks.settle(self._joined(), [partition])
        return self._marks[partition]

    def snapshots(self, partition: TopicPartition) -> Iterator[Snapshot]:
        if partition not in self._snapshots:
            self.mark(partition)
            self._load([partition])
        return self._snapshots.take(partition)

    def read(self, partition: TopicPartition, start: int, stop: int) -> Iterator[Record]:
        return self._readers.read(partition, start, stop)

    def append(self, outputs: Sequence[Output]) -> None:
        with self._lock:
            self._prepared().prepare_outputs({output.topic for output in outputs})
            if self._appender is None:
                self._appender = Appender(self.options, self._prepared().input_limit)
        self._appender.append(outputs)

    def tail(self, topic: str, count: int) -> list[Record]:
        exists = self._with_topics(lambda topics: topics.exists(topic))
        return self._readers.tail(topic, count) if exists else []

    def written_end(self, partition: TopicPartition) -> int:
        """The end of a partition, including what transactions that are about to end have written."""
        return int(self._with_topics(lambda topics: topics.written_end(partition)))

    def lag(self) -> dict[TopicPartition, int]:
        group = self._group
        if group is not None:
            owned = sorted(group.owned)
            try:
                ends = group.bounds(owned, timeout=2.0)
                self._lag = {p: max(0, ends[p].stop - group.position(p)) for p in owned}
            except (TransportError, errors.KafkaError) as error:
                log.debug("lag is not known now", error=str(error))
        return self._lag

    def rebuild(self) -> None:
        self._disconnect()

    def close(self) -> None:
        self._disconnect()
        with self._lock:
            if self._appender is not None:
                self._appender.close()
            if self._topics is not None:
                self._topics.close()
            self._appender = self._topics = None
        self._readers.close()

    # Connection.

    def _prepared(self) -> Topics:
        if self._topics is None:
            self._topics = Topics(self.options)
        return self._topics

    def _with_topics(self, action: Callable[[Topics], Any]) -> Any:
        with self._lock:
            return action(self._prepared())

    def _joined(self) -> Group:
        if self._group is None:
            raise TransportError("not started\nwhere: KafkaTransport\ndo: call start first")
        return self._group

    def _connect(self) -> None:
        # The writer first: it ends what the last one left open, so that the marks read afterwards are final.
        with self._watch_for_our_double():
            self._writer = self._leftovers.take_over(self._id, self._prepared().input_limit, self._fresh)
        self._fresh = False
        self._group = Group(self.options, self._input_topics)

    @contextmanager
    def _watch_for_our_double(self) -> Iterator[None]:
        try:
            yield
        except Displaced as error:
            self._displaced = error
            raise

    def _reconnect(self, timeout: float) -> bool:
        if self._displaced is not None:
            raise self._displaced
        try:
            self._connect()
            return True
        except Displaced:
            raise
        except (errors.KafkaError, TransportError) as error:
            log.warning("Kafka does not answer, trying again", error=str(error))
            self._disconnect()
            time.sleep(timeout)
            return False

    def _disconnect(self) -> None:
        if self._group is not None:
            self._group.close()
        if self._writer is not None:
            self._writer.close()
        self._group = self._writer = None
        self._marks.clear()
        self._lag = {}
        self._snapshots = SnapshotStore(self.options, self._readers)

    # Ownership.

    def _announce(self, group: Group) -> bool:
        """Hand partitions that became ours to the worker, then let their records flow. False: start over instead."""
        started = set(group.owned)
        arrivals = group.take_arrivals()
        if not arrivals or self._listener is None:
            return True
        try:
            self._marks.settle(group, arrivals)
        except Unsettled as reason:
            self._start_over(started, reason)
            return False
        self._unsettled_since = None
        self._load(arrivals)
        self._listener.assigned(arrivals)
        self._snapshots.forget()
        for partition in arrivals:
            group.start_at(partition, self._marks.first_offset(partition))
        return True

    def _start_over(self, started: Iterable[TopicPartition], reason: Unsettled) -> None:
        """Wait for a mark by connecting anew, which ends what is left open by whom nobody else will end it."""
        now = time.monotonic()
        since = self._unsettled_since = self._unsettled_since or now
        if now - since > UNSETTLED:
            self._unsettled_since = None
            raise reason
        log.warning("waiting for the committed offsets", reason=str(reason), gives_up_in=round(since + UNSETTLED - now))
        self._leftovers.end_abandoned(self._prepared().input_limit)
        if partitions := sorted(started):
            self._lost(partitions)
        self._disconnect()

    def _leaving(self, partitions: list[TopicPartition]) -> None:
        if self._listener is not None:
            self._listener.revoked(partitions)
        self._forget(partitions)

    def _lost(self, partitions: list[TopicPartition]) -> None:
        self._forget(partitions)
        if self._listener is not None:
            self._listener.lost(partitions)

    def _forget(self, partitions: list[TopicPartition]) -> None:
        for partition in partitions:
            self._marks.forget(partition)
            self._lag.pop(partition, None)

    def _load(self, partitions: Sequence[TopicPartition]) -> None:
        """Load saved states, up to what was written before the marks were settled."""
        by_number = sorted(partitions, key=lambda p: p.partition)
        for number, group in groupby(by_number, key=lambda p: p.partition):
            sources = list(group)
            with self._lock:
                self._prepared().prepare_snapshots(number + 1)
            end = self.written_end(TopicPartition(self._snapshots.topic, number))
            self._snapshots.load(sources, number, end)
            for source in sources:
                if self._marks[source] is None:
                    self._snapshots.disown(source)


def create(options: Options) -> KafkaTransport:
    # The client logs as errors what it then retries or raises; what matters of that is said here in other words.
    logging.getLogger("kafka").setLevel(logging.CRITICAL)
    return KafkaTransport(options)
