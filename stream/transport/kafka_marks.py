"""How far each owned partition is done, moved to where its log still reaches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import structlog

from stream.transport.base import Mark, TopicPartition, TransportError
from stream.transport.kafka_group import Group
from stream.transport.kafka_options import Options

log = structlog.get_logger(part="kafka")


class Marks:
    """The committed marks of partitions.

    lost_records : committed input that was deleted before it could be read, since the start."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.lost_records = 0
        self._marks: dict[TopicPartition, Mark | None] = {}
        self._starts: dict[TopicPartition, int] = {}

    def __contains__(self, partition: TopicPartition) -> bool:
        return partition in self._marks

    def __getitem__(self, partition: TopicPartition) -> Mark | None:
        return self._marks[partition]

    def of(self, partitions: set[TopicPartition]) -> dict[TopicPartition, Mark]:
        return {p: mark for p in partitions if (mark := self._marks.get(p))}

    def update(self, committed: Mapping[TopicPartition, Mark]) -> None:
        self._marks.update(committed)

    def forget(self, partition: TopicPartition) -> None:
        self._marks.pop(partition, None)

    def clear(self) -> None:
        self._marks.clear()

    def first_offset(self, partition: TopicPartition) -> int:
        """Where to go on: at the mark, or where the log began when the mark was settled."""
        mark = self._marks[partition]
        return mark.next_offset if mark else self._starts[partition]

    def settle(self, group: Group, partitions: Sequence[TopicPartition]) -> None:
        """Learn the committed marks, moved to where the log still reaches. Raises Unsettled."""
        bounds = group.bounds(partitions)
        for partition in partitions:
            mark, there = group.committed(partition), bounds[partition]
            self._starts[partition] = there.start
            if mark is not None and mark.replay_from < there.start:
                log.warning(
                    "records that some states still need are deleted; those states miss them",
                    at=str(partition),
                    needed_from=mark.replay_from,
                    log_starts_at=there.start,
                )
            if mark is not None:
                next_offset = self.reachable(partition, mark.next_offset, there)
                mark = Mark(next_offset, max(mark.replay_from, there.start))
            self._marks[partition] = mark

    def reachable(self, partition: TopicPartition, wanted: int, there: range) -> int:
        """The offset to go on from: `wanted`, or where the log begins by now."""
        if wanted > there.stop:
            raise TransportError(
                f"offset {wanted} is wanted, but the log ends at {there.stop}: records were lost in the broker\n"
                f"where: {partition.topic} partition {partition.partition} at {self.options.bootstrap}\n"
                "do: restore the topic, or choose a new transport.group: the states of this one do not fit the log"
            )
        if 0 < wanted < there.start:
            self.lost_records += there.start - wanted
            log.warning(
                "records were deleted before they were read; going on where the log begins",
                at=str(partition),
                records=there.start - wanted,
            )
        return max(wanted, there.start)
