"""What a transport is: where events come from and where results go.

The interface has the shape of Kafka (topics, partitions, offsets, one transaction that holds outputs, offsets and
snapshots), because that is the smallest one that gives exactly-once processing. The embedded SQLite log and Kafka
implement it alike; the worker knows no other way to talk to the world.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol


class TopicPartition(NamedTuple):
    topic: str
    partition: int

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}"


class Record(NamedTuple):
    """One record as it lies in a partition."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()


class Output(NamedTuple):
    """One record to append. `partition` None: chosen from the key, as Kafka does."""

    topic: str
    key: bytes | None
    value: bytes
    headers: tuple[tuple[str, bytes], ...] = ()
    timestamp_ms: int | None = None
    partition: int | None = None


class Snapshot(NamedTuple):
    """The saved state row of one series; the newest one of a (source partition, key) replaces the older ones."""

    source: TopicPartition
    key: str
    data: bytes


class Mark(NamedTuple):
    """How far a partition is done. `next_offset`: the first offset whose results are not emitted yet.
    `replay_from`: the oldest offset that some row, not yet in a snapshot, still needs (<= next_offset)."""

    next_offset: int
    replay_from: int


@dataclass(slots=True)
class Commit:
    """Everything that becomes visible at once, or not at all."""

    outputs: list[Output] = field(default_factory=list)
    marks: dict[TopicPartition, Mark] = field(default_factory=dict)
    snapshots: list[Snapshot] = field(default_factory=list)


class TransportError(Exception):
    """Base of the errors below."""


class Fenced(TransportError):
    """Another worker owns the partitions now: drop all state and start over."""


class CommitUncertain(TransportError):
    """Nobody can tell whether the commit took effect: rebuild the client, reload marks and snapshots, go on."""


class Listener(Protocol):
    """What a transport tells the worker about ownership, always from inside `poll`."""

    def assigned(self, partitions: Iterable[TopicPartition]) -> None:
        """Load snapshots, replay, then process."""

    def revoked(self, partitions: Iterable[TopicPartition]) -> None:
        """Last chance to commit what is done; then forget the state."""

    def lost(self, partitions: Iterable[TopicPartition]) -> None:
        """Already somebody else's: forget the state, commit nothing."""


class Transport(Protocol):
    """One worker's connection. Driven by one thread, except `append` and `tail`, which any thread may call.

    lost_records : committed input that was deleted before it could be read, since the start.
    """

    lost_records: int

    def start(self, topics: Sequence[str], listener: Listener, outputs: Sequence[str] = ()) -> None:
        """Join the group for `topics`; assignment is reported from `poll`. Makes missing topics, those that commits
        will write to (`outputs`) too, so that others can already listen to them."""

    def poll(self, max_records: int, timeout: float) -> list[Record]:
        """At most `max_records` new records in offset order within a partition; waits up to `timeout` seconds."""

    def commit(self, commit: Commit) -> None:
        """Write outputs, marks and snapshots atomically.

        Raises Fenced or CommitUncertain; after either, the worker rebuilds its state from `mark` and `snapshots`."""

    def mark(self, partition: TopicPartition) -> Mark | None:
        """The committed mark, None when the partition was never committed (the start offset is then the oldest)."""

    def snapshots(self, partition: TopicPartition) -> Iterator[Snapshot]:
        """The newest committed snapshot of every series of the partition."""

    def read(self, partition: TopicPartition, start: int, stop: int) -> Iterator[Record]:
        """Records with start <= offset < stop (for replay); gaps after compaction are simply absent."""

    def append(self, outputs: Sequence[Output]) -> None:
        """Append records durably outside of any commit (HTTP ingest, bridges, replay). Blocks until acknowledged."""

    def tail(self, topic: str, count: int) -> list[Record]:
        """About the newest `count` committed records of a topic over all partitions, oldest first (to fill charts)."""

    def lag(self) -> Mapping[TopicPartition, int]:
        """Committed records that are waiting, by owned partition."""

    def rebuild(self) -> None:
        """Drop and recreate the clients after Fenced or CommitUncertain; owned partitions are assigned anew."""

    def close(self) -> None:
        """Leave the group and release everything."""
