"""Reading what is already in the log: replay, saved states, the newest records of a topic."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import structlog
from kafka import TopicPartition as KafkaPartition
from kafka import errors

from stream.transport.base import Output, Record, Snapshot, TopicPartition, TransportError
from stream.transport.kafka_options import Options

log = structlog.get_logger(part="kafka")

#: Seconds without progress after which a read is given up. Longer than any transaction may stay open.
STALLED: Final = 120.0

CHUNK: Final = 2000


class Readers:
    """Consumers outside of the group, kept for reuse. Any thread."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self._idle: list[Any] = []
        self._lock = threading.Lock()
        self._closed = False

    def read(self, partition: TopicPartition, start: int, stop: int) -> Iterator[Record]:
        """Committed records with start <= offset < stop.

        The end is a position, never a count: control records, aborted records and compaction leave gaps.
        """
        if start >= stop:
            return
        at = KafkaPartition(*partition)
        with self._reader() as consumer:
            consumer.assign([at])
            consumer.seek(at, start)
            position, since = start, time.monotonic()
            while position < stop:
                for found in consumer.poll(timeout_ms=500, max_records=CHUNK).get(at, ()):
                    if found.offset >= stop:
                        return
                    yield to_record(found)
                    since = time.monotonic()
                now = consumer.position(at, timeout_ms=1000) or position
                if now != position:
                    position, since = now, time.monotonic()
                elif time.monotonic() - since > STALLED:
                    raise TransportError(
                        f"no progress in reading for {STALLED:.0f} s, at offset {position} of {stop}\n"
                        f"where: {partition.topic} partition {partition.partition} at {self.options.bootstrap}\n"
                        "do: check the broker, and whether a transaction of another program is left open"
                    )

    def tail(self, topic: str, count: int) -> list[Record]:
        """About the newest `count` committed records of all partitions, oldest first."""
        with self._reader() as consumer:
            partitions = [KafkaPartition(topic, p) for p in consumer.partitions_for_topic(topic)]
            if not partitions or count <= 0:
                return []
            consumer.assign(partitions)
            first, last = consumer.beginning_offsets(partitions), consumer.end_offsets(partitions)
        share = shares({p: last[p] - first[p] for p in partitions}, count)
        records = [
            record
            for p in partitions
            for record in self.read(TopicPartition(*p), last[p] - share[p], last[p])
        ]  # fmt: skip
        records.sort(key=lambda record: (record.timestamp_ms, record.partition, record.offset))
        return records[-count:]

    def close(self) -> None:
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for consumer in idle:
            consumer.close(autocommit=False)

    @contextmanager
    def _reader(self) -> Iterator[Any]:
        with self._lock:
            consumer = self._idle.pop() if self._idle else None
        try:
            consumer = consumer or self.options.reader()
            yield consumer
        except errors.KafkaError as error:
            if consumer is not None:
                consumer.close(autocommit=False)
                consumer = None
            raise TransportError(
                f"reading from Kafka failed: {error}\nwhere: {self.options.bootstrap}\n"
                "do: check the broker and its ACLs"
            ) from error
        finally:
            if consumer is not None:
                with self._lock:
                    keep = not self._closed
                    if keep:
                        self._idle.append(consumer)
                if not keep:
                    consumer.close(autocommit=False)


class SnapshotStore:
    """Saved states in the compacted topic.

    Those of input partition p lie in its partition p, whatever the input topic, under the key "topic/partition/series".
    An empty value: the state is not to be used any more.
    """

    def __init__(self, options: Options, readers: Readers) -> None:
        self.topic = options.snapshots_topic
        self._readers = readers
        self._loaded: dict[TopicPartition, dict[str, bytes]] = {}
        self._disowned: dict[TopicPartition, set[str]] = {}

    def outputs(self, snapshots: Iterable[Snapshot], sources: Iterable[TopicPartition]) -> list[Output]:
        """The records to write with a commit that moves the marks of `sources`."""
        states = {(snapshot.source, snapshot.key): snapshot.data for snapshot in snapshots}
        states = {(s, series): b"" for s in sources for series in self._disowned.get(s, ())} | states
        return [
            Output(self.topic, f"{s}/{series}".encode(), data, partition=s.partition)
            for (s, series), data in states.items()
        ]

    def saved(self, sources: Iterable[TopicPartition]) -> None:
        """That commit took effect."""
        for source in sources:
            self._disowned.pop(source, None)

    def load(self, sources: Collection[TopicPartition], partition: int, end: int) -> None:
        """Read one partition once for all `sources` that have their states there. `end`: as far as it was written when
        the marks of the sources were known; what lies before it is decided, for committed readers wait for that."""
        states: dict[str, dict[str, bytes]] = {str(s): {} for s in sources}
        for record in self._readers.read(TopicPartition(self.topic, partition), 0, end):
            topic, number, series = (record.key or b"//").decode().split("/", 2)
            found = states.get(f"{topic}/{number}")
            if found is None:
                continue
            if record.value:
                found[series] = record.value
            else:
                found.pop(series, None)
        for source in sources:
            self._loaded[source] = states[str(source)]

    def disown(self, source: TopicPartition) -> None:
        """Use no state of a source without a committed mark: its topic or its offsets were deleted since, so the states
        are ahead of the log. The first commit of the source deletes them."""
        if states := self._loaded.get(source):
            log.warning("states without committed offset are dropped", at=str(source), series=len(states))
            self._disowned[source] = set(states)
            self._loaded[source] = {}

    def forget(self) -> None:
        """What was loaded and not taken."""
        self._loaded.clear()

    def take(self, source: TopicPartition) -> Iterator[Snapshot]:
        """What was loaded for a source; it is not kept."""
        for series, data in self._loaded.pop(source, {}).items():
            yield Snapshot(source, series, data)

    def __contains__(self, source: TopicPartition) -> bool:
        return source in self._loaded


def shares(available: dict[Any, int], count: int) -> dict[Any, int]:
    """Spread `count` over the partitions as evenly as what is available allows."""
    result, left = {}, count
    for i, (partition, there) in enumerate(sorted(available.items(), key=lambda item: item[1])):
        result[partition] = min(there, -(-left // (len(available) - i)))
        left -= result[partition]
    return result


def to_record(found: Any) -> Record:
    """A Record of kafka-python's ConsumerRecord."""
    return Record(
        found.topic, found.partition, found.offset, found.timestamp, found.key, found.value, tuple(found.headers)
    )
