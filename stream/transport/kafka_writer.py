"""Writing to Kafka: the transaction of a commit, in bounded time, and plain appends."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import Future
from typing import Any, Final

from kafka import OffsetAndMetadata, errors
from kafka import TopicPartition as KafkaPartition

from stream.transport.base import CommitUncertain, Fenced, Mark, Output, TopicPartition, TransportError
from stream.transport.kafka_group import Displaced, encode_replay_from
from stream.transport.kafka_options import Options

FENCED: Final = (
    errors.ProducerFencedError,
    errors.InvalidProducerEpochError,
    errors.CommitFailedError,
    errors.IllegalGenerationError,
    errors.UnknownMemberIdError,
    errors.FencedInstanceIdError,
)

#: Trying again cannot help.
PERMANENT: Final = (
    errors.MessageSizeTooLargeError,
    errors.RecordListTooLargeError,
    errors.AuthorizationError,
    errors.InvalidTopicError,
    errors.UnsupportedVersionError,
    errors.InvalidTransactionTimeoutError,
    errors.KafkaConfigurationError,
)


#: Where the broker keeps the offsets of groups.
OFFSETS: Final = "__consumer_offsets"

#: How long the broker may take to let a new producer of an id in.
INITIALISING: Final = 30.0

#: How often the client's thread is asked whether it has got on.
LOOK: Final = 0.005


class TransactionalWriter:
    """One transactional producer. After any error but TransportError itself it is of no use: make a new one.

    A new writer with the same id first ends what the old one left open, so the outcome of its last transaction is
    decided once the constructor returns.
    """

    def __init__(self, options: Options, transactional_id: str, max_record_bytes: int) -> None:
        self.options = options
        self._producer = options.producer(transactional_id, max_record_bytes)
        try:
            initialise(self._producer)
        except BaseException:
            discard(self._producer)
            raise

    def write(
        self, records: Iterable[Output], marks: Mapping[TopicPartition, Mark], identity: Callable[[], Any]
    ) -> None:
        """Append the records and commit the marks as a member of the group, all or nothing.

        identity : gives who commits. It is asked as late as can be: the group's generation may grow in the meantime
        without taking any partition from us, and an old one is refused."""
        offsets = {
            KafkaPartition(*partition): OffsetAndMetadata(mark.next_offset, encode_replay_from(mark), -1)
            for partition, mark in marks.items()
        }
        error = in_time(lambda: self._transact(records, offsets, identity), self.options.commit_timeout)
        if error is not None:
            raise self._explain(error) from error

    def finish(self, partitions: Collection[KafkaPartition], committed: bool) -> None:
        """An empty transaction that takes in these partitions: a marker in each ends whatever this producer has open
        there. One of OFFSETS stands for the one with the offsets of our group."""
        error = in_time(lambda: self._finish(partitions, committed), self.options.commit_timeout)
        if error is not None:
            raise self._explain(error) from error

    def close(self) -> None:
        discard(self._producer)

    def _finish(self, partitions: Collection[KafkaPartition], committed: bool) -> None:
        producer, manager = self._producer, self._producer._transaction_manager
        producer.begin_transaction()
        for partition in partitions:
            if partition.topic != OFFSETS:
                manager.maybe_add_partition_to_transaction(partition)
        if any(partition.topic == OFFSETS for partition in partitions):
            producer.send_offsets_to_transaction({}, self.options.group)
        producer._sender.wakeup()
        # An abort would not take in any more what is not added by then.
        while manager.has_partitions_to_add() and not manager.has_error():
            time.sleep(LOOK)
        producer.commit_transaction() if committed else producer.abort_transaction()

    def _transact(self, records: Iterable[Output], offsets: dict[Any, Any], identity: Callable[[], Any]) -> None:
        producer = self._producer
        producer.begin_transaction()
        try:
            send_all(producer, records, self.options.commit_timeout)
            if offsets:
                producer.send_offsets_to_transaction(offsets, identity())
        except PERMANENT:
            producer.abort_transaction()
            raise
        producer.commit_transaction()

    def _explain(self, error: BaseException) -> TransportError:
        where = f"where: {self.options.bootstrap}, group {self.options.group!r}"
        if isinstance(error, TransportError):
            return error
        if isinstance(error, FENCED):
            if self.options.instance and not isinstance(error, errors.CommitFailedError):
                return Displaced(self.options)
            return Fenced(str(error))
        if isinstance(error, TimeoutError | errors.KafkaTimeoutError):
            return CommitUncertain(f"no answer within {self.options.commit_timeout:g} s: {error}")
        if isinstance(error, PERMANENT):
            return TransportError(f"the commit is refused: {error}\n{where}\ndo: see the broker's log and its ACLs")
        return CommitUncertain(str(error))


class Appender:
    """Appends outside of transactions, from any thread."""

    def __init__(self, options: Options, max_record_bytes: int) -> None:
        self.options = options
        self._producer = options.producer(max_record_bytes=max_record_bytes)

    def append(self, outputs: Iterable[Output]) -> None:
        try:
            send_all(self._producer, outputs, self.options.commit_timeout)
        except (errors.KafkaError, ValueError) as error:
            raise TransportError(
                f"records could not be appended: {error}\nwhere: {self.options.bootstrap}\n"
                "do: check that the broker is up; part of the records may have been written"
            ) from error

    def close(self) -> None:
        discard(self._producer)


def initialise(producer: Any) -> None:
    """Wait until the broker has ended what the last producer of this id left open, however short commits must be."""
    deadline = time.monotonic() + INITIALISING
    while True:
        try:
            producer.init_transactions()
            return
        except errors.KafkaTimeoutError:  # asked again, it goes on waiting
            if time.monotonic() > deadline:
                raise


def send_all(producer: Any, records: Iterable[Output], timeout: float) -> None:
    """Send and wait until every record is acknowledged.

    kafka-python lets a transaction commit after a batch expired unsent, hence the look at every single outcome.
    """
    sent = [
        producer.send(
            record.topic,
            key=record.key,
            value=record.value,
            headers=list(record.headers),
            partition=record.partition,
            timestamp_ms=record.timestamp_ms,
        )
        for record in records
    ]
    producer.flush(timeout)
    for outcome in sent:
        if not outcome.succeeded():
            raise outcome.exception or errors.KafkaTimeoutError(f"not acknowledged within {timeout:g} s")


def in_time(action: Callable[[], None], seconds: float) -> BaseException | None:
    """Run the action on a thread of its own; its error, a TimeoutError if it takes too long, or None.

    kafka-python waits for the transaction coordinator without a time limit; a thread that hangs there is left behind.
    """
    outcome: Future[None] = Future()

    def run() -> None:
        try:
            action()
        except BaseException as error:
            outcome.set_exception(error)
        else:
            outcome.set_result(None)

    threading.Thread(target=run, name="kafka-commit", daemon=True).start()
    try:
        return outcome.exception(timeout=seconds)
    except TimeoutError as error:
        return error


def discard(producer: Any) -> None:
    """Close without waiting for a broker that may never answer."""

    def close() -> None:
        try:
            producer.close(timeout=1)
        except errors.KafkaError:
            producer._sender.force_close()

    thread = threading.Thread(target=close, name="kafka-close", daemon=True)
    thread.start()
    thread.join(timeout=3)
