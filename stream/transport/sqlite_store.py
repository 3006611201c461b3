"""The tables of the embedded log, and what is read from and written to them."""

from __future__ import annotations

import sqlite3
import time
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

from stream.transport.base import Mark, Output, Record, Snapshot, TopicPartition, TransportError

APPLICATION_ID: Final = 0x4C717374
SCHEMA_VERSION: Final = 1

_SCHEMA: Final = (
    "CREATE TABLE topics (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, partitions INTEGER NOT NULL)",
    "CREATE TABLE records (topic INTEGER NOT NULL, partition INTEGER NOT NULL, offset INTEGER NOT NULL, "
    "timestamp_ms INTEGER NOT NULL, key BLOB, value BLOB, headers BLOB NOT NULL, "
    "PRIMARY KEY (topic, partition, offset)) WITHOUT ROWID",
    "CREATE TABLE marks (topic INTEGER NOT NULL, partition INTEGER NOT NULL, next_offset INTEGER NOT NULL, "
    "replay_from INTEGER NOT NULL, PRIMARY KEY (topic, partition)) WITHOUT ROWID",
    "CREATE TABLE snapshots (topic INTEGER NOT NULL, partition INTEGER NOT NULL, key TEXT NOT NULL, "
    "data BLOB NOT NULL, PRIMARY KEY (topic, partition, key))",
    f"PRAGMA application_id = {APPLICATION_ID}",
    f"PRAGMA user_version = {SCHEMA_VERSION}",
)

_BUSY_SECONDS: Final = 30.0

_encode_headers = msgspec.msgpack.Encoder().encode
_decode_headers = msgspec.msgpack.Decoder(tuple[tuple[str, bytes], ...]).decode


class Store:
    """One connection. Not for two threads at once; any number of stores may share the file.

    Every failure of SQLite comes out as a TransportError that names the file.
    """

    def __init__(self, path: Path, *, partitions: int, synchronous: str) -> None:
        self.path = path
        self._partitions = partitions
        self._topics: dict[str, tuple[int, int]] = {}
        with self._errors():
            self._db = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute(f"PRAGMA synchronous = {synchronous}")
            self._db.execute("PRAGMA cache_size = -32768")  # KiB: a commit should fit
            self._db.execute("PRAGMA wal_autocheckpoint = 4096")  # pages: pages written often are copied seldom
        with self.transaction():
            self._prepare()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with self._errors():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                self._topics.clear()  # may hold topics that are rolled back now
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def partitions(self, topic: str) -> int:
        """How many partitions the topic has; inside a transaction it is made when missing."""
        return self._topic(topic)[1]

    def append(self, outputs: Sequence[Output]) -> dict[TopicPartition, int]:
        """Inside a transaction: append, and give the next offset of every partition that grew."""
        ends: dict[TopicPartition, int] = {}
        now = time.time_ns() // 1_000_000
        rows = []
        for topic, key, value, headers, timestamp_ms, partition in outputs:
            number, partitions = self._topic(topic)
            if partition is None:
                partition = _partition_of(key, value, partitions) if partitions > 1 else 0
            target = TopicPartition(topic, partition)
            offset = ends.get(target)
            if offset is None:
                offset = self.end(target)
            ends[target] = offset + 1
            stamp = now if timestamp_ms is None else timestamp_ms
            rows.append((number, partition, offset, stamp, key, value, _encode_headers(headers)))
        self._db.executemany("INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
        return ends

    def read(self, source: TopicPartition, start: int, stop: int, limit: int) -> list[Record]:
        """At most `limit` records with start <= offset < stop."""
        with self._errors():
            rows = self._db.execute(
                "SELECT offset, timestamp_ms, key, value, headers FROM records "
                "WHERE topic = ? AND partition = ? AND offset >= ? AND offset < ? ORDER BY offset LIMIT ?",
                (self._topic(source.topic)[0], source.partition, start, stop, limit),
            ).fetchall()
        topic, partition = source
        return [
            Record(topic, partition, offset, stamp, key, value, _decode_headers(headers))
            for offset, stamp, key, value, headers in rows
        ]

    def end(self, source: TopicPartition) -> int:
        """The offset that the next record will get."""
        with self._errors():
            (last,) = self._db.execute(
                "SELECT MAX(offset) FROM records WHERE topic = ? AND partition = ?",
                (self._topic(source.topic)[0], source.partition),
            ).fetchone()
        return 0 if last is None else int(last) + 1

    def trim(self, source: TopicPartition, start: int) -> None:
        """Inside a transaction: delete the records below offset `start`."""
        if start > 0:
            self._db.execute(
                "DELETE FROM records WHERE topic = ? AND partition = ? AND offset < ?",
                (self._topic(source.topic)[0], source.partition, start),
            )

    def mark(self, source: TopicPartition) -> Mark | None:
        with self._errors():
            row = self._db.execute(
                "SELECT next_offset, replay_from FROM marks WHERE topic = ? AND partition = ?",
                (self._topic(source.topic)[0], source.partition),
            ).fetchone()
        return Mark(*row) if row else None

    def set_mark(self, source: TopicPartition, mark: Mark) -> None:
        """Inside a transaction."""
        number, _ = self._topic(source.topic)
        self._db.execute("REPLACE INTO marks VALUES (?, ?, ?, ?)", (number, source.partition, *mark))

    def snapshots(self, source: TopicPartition) -> Iterator[Snapshot]:
        with self._errors():
            for key, data in self._db.execute(
                "SELECT key, data FROM snapshots WHERE topic = ? AND partition = ?",
                (self._topic(source.topic)[0], source.partition),
            ):
                yield Snapshot(source, key, data)

    def save(self, snapshots: Sequence[Snapshot]) -> None:
        """Inside a transaction."""
        self._db.executemany(
            "REPLACE INTO snapshots VALUES (?, ?, ?, ?)",
            [(self._topic(tp.topic)[0], tp.partition, key, data) for tp, key, data in snapshots],
        )

    def data_version(self) -> int:
        """A number that changes when another connection has committed."""
        with self._errors():
            return int(self._db.execute("PRAGMA data_version").fetchone()[0])

    def close(self) -> None:
        self._db.close()

    def _topic(self, name: str) -> tuple[int, int]:
        known = self._topics.get(name)
        if known is None:
            if self._db.in_transaction:
                self._db.execute(
                    "INSERT OR IGNORE INTO topics (name, partitions) VALUES (?, ?)", (name, self._partitions)
                )
            row = self._db.execute("SELECT id, partitions FROM topics WHERE name = ?", (name,)).fetchone()
            if row is None:
                return -1, 0  # no such topic: nothing is found in it
            known = self._topics[name] = row
        return known

    def _prepare(self) -> None:
        (application,) = self._db.execute("PRAGMA application_id").fetchone()
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        (tables,) = self._db.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()
        if not tables and not application:
            for statement in _SCHEMA:
                self._db.execute(statement)
        elif application != APPLICATION_ID:
            raise TransportError(f"{self.path} is a database of something else; give transport.path another name")
        elif version != SCHEMA_VERSION:
            raise TransportError(
                f"{self.path} has layout {version}, this version reads layout {SCHEMA_VERSION}; "
                "run the version that wrote it, or move the file away to begin anew"
            )

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise TransportError(f"{self.path}: {error}") from error


def _partition_of(key: bytes | None, value: bytes | None, partitions: int) -> int:
    """The same key always goes to the same partition; a record without one is spread by its value."""
    return zlib.crc32(key if key is not None else value or b"") % partitions
