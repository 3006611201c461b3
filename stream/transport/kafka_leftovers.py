"""Transactions that the broker counts as ended, but whose end is missing in some partition.

A transaction ends in a partition with a marker, which the coordinator has written to every partition that takes part.
Kafka 4.3.0 and 4.3.1 leave out partitions that have no leader at that moment (KAFKA-20734), that is all of them while
the only broker shuts down, and call the transaction complete. No timeout ends it then: offsets in it stay pending for
good (UNSTABLE_OFFSET_COMMIT), and committed readers wait before its records.

The next transaction of the same producer that takes the partition in ends there with a marker which ends both. So what
a worker left open is ended by an empty transaction of its producer, with the outcome that the coordinator had decided.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from typing import Any, Final

import structlog
from kafka import TopicPartition as KafkaPartition
from kafka import errors

from stream.transport.base import TransportError
from stream.transport.kafka_options import Options
from stream.transport.kafka_topics import Topics
from stream.transport.kafka_writer import OFFSETS, TransactionalWriter

log = structlog.get_logger(part="kafka")

#: States of a transaction as the broker names them.
NEVER_BEGUN: Final = "Empty"
ENDED: Final = (NEVER_BEGUN, "CompleteCommit", "CompleteAbort")
COMMITTED: Final = ("PrepareCommit", "CompleteCommit")

#: Seconds between two looks at whether our last transactions have ended everywhere.
LOOK_EVERY: Final = 30.0

#: The same when the last one is just ending.
BUSY: Final = 0.3

#: How long the coordinator may take to load what it knows of a transaction.
LOADING: Final = 30.0


class Leftovers:
    """Driven by one thread. `with_topics` does something with the transport's Topics, alone."""

    def __init__(self, options: Options, with_topics: Callable[[Callable[[Topics], Any]], Any]) -> None:
        self.options = options
        self._with_topics = with_topics
        self._outcomes: dict[str, bool] = {}
        self._unchecked = False
        self._look_at = 0.0

    def take_over(self, transactional_id: str, max_record_bytes: int, fresh: bool = False) -> TransactionalWriter:
        """The writer of this id, once everything has ended that its earlier lives left open.

        fresh : nobody used the id before."""
        before = None if fresh else self._transaction(transactional_id, LOADING)
        if before is not None and before.state != NEVER_BEGUN:
            # The coordinator forgets it when the new writer comes; remembered in case that one does not get to the end.
            self._outcomes[transactional_id] = before.state in COMMITTED
        writer = TransactionalWriter(self.options, transactional_id, max_record_bytes)
        if before is not None:
            try:
                # Whatever it left open the new writer's coming has aborted, so what still is open is a leftover.
                found = self._left_open(before.producer_id, doubtful=True)
                self._finish(writer, found, self._outcomes.get(transactional_id, False))
            except BaseException:
                writer.close()
                raise
        self._outcomes.pop(transactional_id, None)
        return writer

    def committed(self) -> None:
        """There is a new transaction to look at."""
        self._unchecked = True

    def look(self, writer: TransactionalWriter, transactional_id: str) -> None:
        """Now and then: end what a broker that restarted behind the writer's back left open of its transactions.

        Raises what `TransactionalWriter.write` raises."""
        if not self._unchecked or time.monotonic() < self._look_at:
            return
        self._look_at = time.monotonic() + LOOK_EVERY
        try:
            last = self._transaction(transactional_id)
            if last is None:
                return
            if last.state not in ENDED:
                self._look_at = time.monotonic() + BUSY
                return
            found = self._left_open(last.producer_id)
        except (errors.KafkaError, TransportError) as error:
            log.debug("could not look for unfinished transactions", error=str(error))
            return
        self._finish(writer, found, last.state in COMMITTED)
        self._unchecked = False

    def end_abandoned(self, max_record_bytes: int) -> None:
        """End what unnamed workers of this group left open among its offsets: nobody will use their ids again."""
        try:
            for transactional_id in self._abandoned():
                log.warning("ending the transaction of a worker that is gone", transactional_id=transactional_id)
                self.take_over(transactional_id, max_record_bytes).close()
        except (errors.KafkaError, TransportError) as error:
            log.warning("could not end the transactions of workers that are gone", error=str(error))

    def _finish(self, writer: TransactionalWriter, found: Collection[KafkaPartition], committed: bool) -> None:
        if found:
            log.warning(
                "the broker has not ended a transaction everywhere; ending it",
                at=[f"{topic}/{partition}" for topic, partition in sorted(found)],
                outcome="commit" if committed else "abort",
            )
            writer.finish(found, committed)

    def _transaction(self, transactional_id: str, patience: float = 0.0) -> Any:
        """What the coordinator knows of the last transaction, None if it knows nothing or may not tell."""
        deadline = time.monotonic() + patience
        while True:
            try:
                return self._ask(lambda admin: admin.describe_transactions([transactional_id]))[transactional_id]
            except (errors.TransactionalIdNotFoundError, errors.AuthorizationError, errors.UnsupportedVersionError):
                return None
            except errors.RetriableError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.5)

    def _left_open(self, producer_id: int, doubtful: bool = False) -> set[KafkaPartition]:
        """Partitions in which this producer has a transaction open. `doubtful`: those that we may not see as well."""
        found: set[KafkaPartition] = set()
        for topic in (*self._with_topics(lambda topics: topics.written), OFFSETS):
            opened = self._open(topic)
            if opened is not None:
                found.update(partition for partition, _, by in opened if by == producer_id)
            elif doubtful:
                found.update(self._partitions(topic) or [KafkaPartition(topic, 0)])
        return found

    def _abandoned(self) -> list[str]:
        before = self._open(OFFSETS)
        if not before:
            return []
        producers = {by for _, _, by in before}
        listed = self._ask(lambda admin: admin.list_transactions(producer_id_filters=producers))
        # Whose transaction was open before the list was made and is open after it, was not just busy ending it.
        still = {by for _, _, by in before & (self._open(OFFSETS) or set())}
        unnamed = self.options.unnamed_id()
        return [
            one.transactional_id
            for found in listed.values()
            for one in found
            if one.producer_id in still and one.state in ENDED and unnamed.fullmatch(one.transactional_id)
        ]

    def _open(self, topic: str) -> set[tuple[KafkaPartition, int, int]] | None:
        """The open transactions in a topic: partition, first offset, producer. None: we may not see them."""
        partitions = self._partitions(topic)
        if topic == OFFSETS:
            if not partitions:
                return None
            partitions = [KafkaPartition(OFFSETS, hashed(self.options.group) % len(partitions))]
        try:
            found = self._ask(lambda admin: admin.describe_producers(partitions))
        except (errors.AuthorizationError, errors.UnsupportedVersionError):
            return None
        return {
            (partition, one.current_transaction_start_offset, one.producer_id)
            for partition, state in found.items()
            for one in state.active_producers
            if one.current_transaction_start_offset >= 0
        }

    def _partitions(self, topic: str) -> list[KafkaPartition]:
        found = self._ask(lambda admin: admin.describe_topics([topic]))
        return [KafkaPartition(topic, p["partition_index"]) for one in found for p in one["partitions"]]

    def _ask(self, question: Callable[[Any], Any]) -> Any:
        """Put a question to the admin client."""
        return self._with_topics(lambda topics: topics.ask(question))


def hashed(group: str) -> int:
    """What the broker takes for the place of a group: Java's hash of the name, without sign."""
    value = 0
    for letter in group:
        value = (31 * value + ord(letter)) & 0xFFFFFFFF
    return min(value, (1 << 32) - value) & 0x7FFFFFFF
