"""Which rows differ from their last snapshot, and since when."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping

import numpy as np

from stream.transport.base import TopicPartition

CLEAN = -1


class DirtyRows:
    """The rows that a restart could not take from snapshots alone, oldest first within a partition.

    A row is dirty since the first offset applied to it after its last snapshot. Offsets of a partition only grow, so
    rows leave in the order in which they came, and the head of the queue is what the partition must be replayed from.
    """

    def __init__(self) -> None:
        self._since = np.full(64, CLEAN, np.int64)
        self._queues: dict[TopicPartition, deque[int]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._queues.values()))

    def touch(self, source: TopicPartition, slots: np.ndarray, offsets: np.ndarray) -> None:
        """Note that the events at `offsets` (ascending) were applied to `slots`."""
        if not len(slots):
            return
        self._reserve(int(slots.max()) + 1)
        fresh = np.flatnonzero(self._since[slots] == CLEAN)
        _, first = np.unique(slots[fresh], return_index=True)
        first = fresh[np.sort(first)]
        self._since[slots[first]] = offsets[first]
        self._queues.setdefault(source, deque()).extend(slots[first].tolist())

    def replay_from(self, source: TopicPartition, next_offset: int) -> int:
        """The oldest offset that some row still needs, `next_offset` when every row is saved."""
        queue = self._queues.get(source)
        return int(self._since[queue[0]]) if queue else next_offset

    def take(self, limit: int) -> Iterator[tuple[TopicPartition, int]]:
        """About `limit` rows to save now, oldest first, every partition in proportion to its dirty rows."""
        total = len(self)
        for source, quota in _quotas({source: len(queue) for source, queue in self._queues.items()}, limit, total):
            queue = self._queues[source]
            for _ in range(quota):
                slot = queue.popleft()
                self._since[slot] = CLEAN
                yield source, slot

    def forget(self, source: TopicPartition) -> None:
        queue = self._queues.pop(source, None)
        if queue:
            self._since[list(queue)] = CLEAN

    def _reserve(self, size: int) -> None:
        if size > len(self._since):
            grown = np.full(max(size, 2 * len(self._since)), CLEAN, np.int64)
            grown[: len(self._since)] = self._since
            self._since = grown


def _quotas(sizes: Mapping[TopicPartition, int], limit: int, total: int) -> list[tuple[TopicPartition, int]]:
    if total <= limit:
        return list(sizes.items())
    return [(source, min(size, -(-limit * size // total))) for source, size in sizes.items()]
