"""The embedded log: one SQLite file holds topics, marks and snapshots.

A commit is one transaction, so it is there as a whole or not at all, also after kill -9 or a power cut. The file is
in WAL mode: readers never wait for the writer. With `synchronous: full` (the default) whatever was acknowledged has
reached the disk; `normal` saves a wait for the disk per commit, loses nothing when the process dies, and may lose the
newest acknowledged commits (whole ones, never a part) when the power fails.

One worker at a time: it holds an advisory lock beside the file, which the system frees whatever way it dies. Any
number of threads and processes may append and read meanwhile.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Literal

from pydantic import BaseModel, ConfigDict, Field

from stream.transport.base import (
    Commit,
    CommitUncertain,
    Listener,
    Mark,
    Output,
    Record,
    Snapshot,
    TopicPartition,
    TransportError,
)
from stream.transport.sqlite_store import Store

#: How long `poll` sleeps before it looks for what other processes appended; this process wakes it at once.
LOOK_EVERY = 0.05
READ_ROWS = 2_000


class Options(BaseModel):
    """path : the file, made with its folder when missing. partitions : of the topics that are made from now on.
    retain : records kept of every partition; inputs that the saved state still needs are kept whatever their number.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: Path = Path("data/log.db")
    partitions: int = Field(1, ge=1, le=1024)
    retain: int = Field(1_000_000, ge=1_000)
    synchronous: Literal["full", "normal"] = "full"


class SqliteTransport:
    lost_records = 0  # input is kept until it is processed

    def __init__(self, options: Options) -> None:
        self._options = options
        self._lock_file: IO[str] | None = None
        self._listener: Listener | None = None
        self._topics: list[str] = []
        self._positions: dict[TopicPartition, int] = {}
        self._seen = -1
        self._news = threading.Event()
        try:
            options.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise TransportError(f"cannot make the folder of {options.path}: {error.strerror}") from error
        self._sharing = threading.Lock()
        self._shared = self._open()  # for append and tail, one thread at a time
        self._store = self._open()  # for the thread that polls and commits

    def start(self, topics: Sequence[str], listener: Listener, outputs: Sequence[str] = ()) -> None:
        self._lock()
        self._topics, self._listener = list(topics), listener
        with self._store.transaction():
            for topic in (*topics, *outputs):
                self._store.partitions(topic)

    def poll(self, max_records: int, timeout: float) -> list[Record]:
        if not self._positions:
            self._assign()
        deadline = time.monotonic() + timeout
        while True:
            self._news.clear()
            version = self._store.data_version()
            if version != self._seen:
                records = self._read_new(max_records)
                if records:
                    return records
                self._seen = version
            left = deadline - time.monotonic()
            if left <= 0:
                return []
            self._news.wait(min(left, LOOK_EVERY))

    def commit(self, commit: Commit) -> None:
        store, retain = self._store, self._options.retain
        try:
            with store.transaction():
                for target, end in store.append(commit.outputs).items():
                    if target not in self._positions:
                        store.trim(target, end - retain)
                store.save(commit.snapshots)
                for source, mark in commit.marks.items():
                    store.set_mark(source, mark)
                    store.trim(source, min(mark.replay_from, mark.next_offset - retain))
        except TransportError as error:
            raise CommitUncertain(str(error)) from error

    def mark(self, partition: TopicPartition) -> Mark | None:
        return self._store.mark(partition)

    def snapshots(self, partition: TopicPartition) -> Iterator[Snapshot]:
        return self._store.snapshots(partition)

    def read(self, partition: TopicPartition, start: int, stop: int) -> Iterator[Record]:
        while records := self._store.read(partition, start, stop, READ_ROWS):
            yield from records
            start = records[-1].offset + 1

    def append(self, outputs: Sequence[Output]) -> None:
        with self._sharing, self._shared.transaction():
            self._shared.append(outputs)
        self._news.set()

    def tail(self, topic: str, count: int) -> list[Record]:
        with self._sharing:
            records: list[Record] = []
            for partition in range(self._shared.partitions(topic)):
                source = TopicPartition(topic, partition)
                end = self._shared.end(source)
                records += self._shared.read(source, end - count, end, count)
        records.sort(key=lambda record: record.timestamp_ms)
        return records[-count:]

    def lag(self) -> Mapping[TopicPartition, int]:
        return {source: self._store.end(source) - position for source, position in self._positions.items()}

    def rebuild(self) -> None:
        self._positions = {}
        self._store.close()
        self._store = self._open()

    def close(self) -> None:
        self._positions = {}
        self._store.close()
        with self._sharing:
            self._shared.close()
        if self._lock_file:
            self._lock_file.close()

    def _open(self) -> Store:
        options = self._options
        return Store(options.path, partitions=options.partitions, synchronous=options.synchronous)

    def _assign(self) -> None:
        assert self._listener
        owned = [TopicPartition(t, p) for t in self._topics for p in range(self._store.partitions(t))]
        self._listener.assigned(owned)
        marks = {source: self._store.mark(source) for source in owned}
        self._positions = {source: mark.next_offset if mark else 0 for source, mark in marks.items()}
        self._seen = -1

    def _read_new(self, max_records: int) -> list[Record]:
        """A fair share of every partition, and what one does not use the next ones may."""
        found: list[Record] = []
        for i, source in enumerate(self._positions):
            share = -(-(max_records - len(found)) // (len(self._positions) - i))
            records = self._store.read(source, self._positions[source], 2**62, share)
            if records:
                self._positions[source] = records[-1].offset + 1
                found += records
        return found

    def _lock(self) -> None:
        path = self._options.path.with_name(self._options.path.name + ".lock")
        file = path.open("a+")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.seek(0)
            owner = file.read().strip() or "unknown"
            file.close()
            raise TransportError(
                f"another worker (process {owner}) uses {self._options.path}; "
                "stop it, or give this one its own transport.path"
            ) from None
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        self._lock_file = file


def create(options: Options) -> SqliteTransport:
    return SqliteTransport(options)
