"""A worker so simple that its outputs can be told in advance, for tests of delivery over Kafka.

It copies every record and adds how many records of its partition it has seen. That number is its whole state, saved
only now and then, so that after a restart it must come from a snapshot plus a replay.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable

from stream.transport.base import (
    Commit,
    CommitUncertain,
    Fenced,
    Mark,
    Output,
    Record,
    Snapshot,
    TopicPartition,
)
from stream.transport.kafka import KafkaTransport, Options

SAVE_EVERY = 4  # commits


class Relay:
    """The transport is driven by whoever calls `turn`; `run` does so in a thread.

    endures : errors after which it starts over from the last commit, as a real worker does after any TransportError;
    without an outage no other than these should come up."""

    def __init__(
        self,
        options: Options,
        source: str,
        sink: str,
        endures: tuple[type[Exception], ...] = (Fenced, CommitUncertain),
    ) -> None:
        self.endures = endures
        self.transport = KafkaTransport(options)
        self.source, self.sink = source, sink
        self.seen: dict[TopicPartition, int] = {}
        self.done: dict[TopicPartition, int] = {}
        self.saved_to: dict[TopicPartition, int] = {}
        self.outputs: list[Output] = []
        self.commits = 0
        self.restored: list[TopicPartition] = []
        self.setbacks: list[Exception] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._loop, daemon=True)
        self.failure: BaseException | None = None

    def start(self) -> Relay:
        self.transport.start([self.source], self)
        return self

    def turn(self, timeout: float = 0.05) -> list[Record]:
        records = self.transport.poll(200, timeout)
        for record in records:
            self.outputs.append(Output(self.sink, record.key, self._apply(record)))
        return records

    def commit(self) -> None:
        snapshots = []
        if self.commits % SAVE_EVERY == 0:
            snapshots = [Snapshot(p, "seen", f"{self.done[p]} {self.seen[p]}".encode()) for p in self.seen]
            self.saved_to.update(self.done)
        marks = {p: Mark(done, self.saved_to.get(p, 0)) for p, done in self.done.items()}
        self.transport.commit(Commit(self.outputs, marks, snapshots))
        self.outputs = []
        self.commits += 1

    def _apply(self, record: Record) -> bytes:
        at = TopicPartition(record.topic, record.partition)
        self.seen[at] = self.seen.get(at, 0) + 1
        self.done[at] = record.offset + 1
        return b"%s %d" % (record.value, self.seen[at])

    # Listener.

    def assigned(self, partitions: Iterable[TopicPartition]) -> None:
        for at in partitions:
            assert at not in self.seen
            saved = next(self.transport.snapshots(at), None)
            mark = self.transport.mark(at)
            if saved is not None:
                done, seen = map(int, saved.data.split())
                self.done[at] = self.saved_to[at] = done
                self.seen[at] = seen
            if mark is not None:
                for record in self.transport.read(at, mark.replay_from, mark.next_offset):
                    if record.offset >= self.done.get(at, 0):
                        self._apply(record)
            self.restored.append(at)

    def revoked(self, partitions: Iterable[TopicPartition]) -> None:
        self.commit()
        self.forget(partitions)

    def lost(self, partitions: Iterable[TopicPartition]) -> None:
        self.outputs = []
        self.forget(list(self.seen))
        self.transport.rebuild()

    def forget(self, partitions: Iterable[TopicPartition]) -> None:
        for at in list(partitions):
            for state in (self.seen, self.done, self.saved_to):
                state.pop(at, None)

    # In a thread.

    def run(self) -> Relay:
        self._thread.start()
        return self

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(timeout=60)
        assert not self._thread.is_alive()
        if self.failure is not None:
            raise self.failure

    def _loop(self) -> None:
        try:
            self.start()
            while not self._stop.is_set():
                try:
                    self.turn()
                    self.commit()
                except self.endures as error:
                    self.setbacks.append(error)
                    self.outputs = []
                    self.forget(list(self.seen))
                    self.transport.rebuild()
        except BaseException as error:
            self.failure = error
        finally:
            self.transport.close()
