"""Membership in the consumer group, with ownership changes reported on the thread that polls.

kafka-python calls rebalance listeners on its own event loop, where nothing may block: heartbeats stop meanwhile. A
worker has to commit before it gives partitions up, so here the client's `poll` runs on a helper thread, and what the
listener hears is handed to the thread that waits in `Group.poll`. The event loop goes on in the meantime.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

import structlog
from kafka import AsyncConsumerRebalanceListener, errors
from kafka import TopicPartition as KafkaPartition

from stream.transport.base import Fenced, Mark, TopicPartition, TransportError
from stream.transport.kafka_options import Options

log = structlog.get_logger(part="kafka")

#: A poll that has not come back this many seconds after its time limit never will.
HUNG: Final = 120.0

#: How often the event loop looks whether the worker has given up its partitions.
LOOK: Final = 0.005

#: How long a lookup (committed offsets, ends) may take before the broker counts as gone.
PATIENCE: Final = 60.0

#: Seconds after its timeout until the broker has ended a transaction: it looks every 10 s, and load makes it slow.
OVERTIME: Final = 20.0

Handler = Callable[[list[TopicPartition]], None]


class Displaced(TransportError):
    """Another worker of the same name took over. Coming back would only throw that one out in turn."""

    def __init__(self, options: Options) -> None:
        super().__init__(
            f"another worker of group {options.group!r} has the name {options.instance!r} and took over\n"
            "where: transport.instance\ndo: stop this worker, or give each worker its own name"
        )


class Unsettled(TransportError):
    """The committed mark of a partition is not to be had yet. Time may help, or connecting anew."""


@dataclass(eq=False)
class _Leaving:
    partitions: list[TopicPartition]
    lost: bool
    done: threading.Event = field(default_factory=threading.Event)


@dataclass
class _Polled:
    records: dict[Any, list[Any]]
    error: BaseException | None = None


class Group:
    """A member of the consumer group.

    New partitions come out of `take_arrivals` and stand still until `start_at`. `owned` are those that were started or
    taken and not given up since.
    """

    def __init__(self, options: Options, topics: Sequence[str]) -> None:
        self.options = options
        self.owned: set[TopicPartition] = set()
        self._arrivals: set[TopicPartition] = set()
        self._closing = False
        self._requests: queue.SimpleQueue[tuple[int, float] | None] = queue.SimpleQueue()
        self._events: queue.SimpleQueue[_Leaving | _Polled] = queue.SimpleQueue()
        self._consumer = options.member()
        try:
            self._consumer.subscribe(topics=list(topics), listener=_Listener(self))
            self._know(topics)
        except BaseException:
            self._consumer.close(autocommit=False)
            raise
        self._poller = threading.Thread(target=self._poll_forever, name="kafka-poll", daemon=True)
        self._poller.start()

    def poll(self, max_records: int, timeout: float, leaving: Handler, lost: Handler) -> list[Any]:
        """kafka-python's records. `leaving` is called before partitions are given up, `lost` when that is too late.

        Raises kafka-python's OffsetOutOfRangeError, else only errors of `transport.base` or of the handlers."""
        self._requests.put((max_records, timeout))
        failure: BaseException | None = None
        while True:
            try:
                event = self._events.get(timeout=timeout + HUNG)
            except queue.Empty:
                raise TransportError(
                    f"the Kafka client hangs: no answer for {HUNG:.0f} s\nwhere: {self.options.bootstrap}\n"
                    "do: restart the worker; it goes on from its last commit"
                ) from None
            if isinstance(event, _Polled):
                if failure is not None:
                    raise failure
                if event.error is not None:
                    self._raise(event.error)
                return [record for records in event.records.values() for record in records]
            try:
                (lost if event.lost else leaving)(event.partitions)
            except BaseException as error:
                failure = failure or error
            finally:
                self.owned.difference_update(event.partitions)
                event.done.set()

    def take_arrivals(self) -> list[TopicPartition]:
        """Partitions that became ours and are not started yet."""
        arrivals = sorted(self._arrivals)
        self._arrivals.difference_update(arrivals)
        self.owned.update(arrivals)
        return arrivals

    def start_at(self, partition: TopicPartition, offset: int) -> None:
        self._consumer.seek(KafkaPartition(*partition), offset)
        self._consumer.resume(KafkaPartition(*partition))

    def position(self, partition: TopicPartition) -> int:
        return int(self._consumer.position(KafkaPartition(*partition), timeout_ms=1000) or 0)

    def identity(self) -> Any:
        """Who commits, for the broker to check. Raises Fenced where the broker could not check it: an identity without
        a generation, which is what is left after losing the membership, would be let through."""
        identity = self._consumer.group_metadata()
        if identity.generation_id < 0 or not identity.member_id:
            raise Fenced("this worker is no longer a member of its group")
        return identity

    def committed(self, partition: TopicPartition) -> Mark | None:
        """The committed mark; waits for transactions that are still being decided. Raises Unsettled when that takes
        longer than the broker lets any transaction be."""
        wanted, patience = KafkaPartition(*partition), self.options.transaction_timeout + OVERTIME
        try:
            found = self._consumer.committed(wanted, metadata=True, timeout_ms=patience * 1000)
        except errors.RetriableError as error:
            trouble = self._trouble(wanted, error)
            raise Unsettled(
                f"the committed offset of {partition} is unknown after {patience:.0f} s: {trouble}\n"
                f"where: {self.options.bootstrap}, group {self.options.group!r}\n"
                "do: if it stays so, look for what is left open with `kafka-transactions.sh find-hanging`, and abort it"
            ) from error
        except errors.KafkaError as error:
            self._raise(error)
        return None if found is None else Mark(found.offset, decode_replay_from(found.metadata, found.offset))

    def bounds(self, partitions: Iterable[TopicPartition], timeout: float = PATIENCE) -> dict[TopicPartition, range]:
        """The offsets that exist and are committed, by partition."""
        wanted = [KafkaPartition(*partition) for partition in partitions]
        if not wanted:
            return {}
        first = self._ask(lambda ms: self._consumer.beginning_offsets(wanted, timeout_ms=ms), timeout)
        last = self._ask(lambda ms: self._consumer.end_offsets(wanted, timeout_ms=ms), timeout)
        return {TopicPartition(*p): range(first[p], last[p]) for p in wanted}

    def close(self) -> None:
        self._closing = True
        self._requests.put(None)
        self._poller.join(timeout=5)
        try:
            self._consumer.close(autocommit=False, timeout_ms=5000)
        except errors.KafkaError as error:
            log.debug("could not leave the group", error=str(error))

    def _know(self, topics: Iterable[str]) -> None:
        """Wait until the client knows the partitions. If it joined before and had to share them out, it would share out
        none, and notice that only when its metadata are next refreshed."""
        deadline = time.monotonic() + PATIENCE
        while not all(self._consumer.partitions_for_topic(topic) for topic in topics):
            if time.monotonic() > deadline:
                raise errors.KafkaTimeoutError(f"partitions unknown after {PATIENCE:.0f} s: {', '.join(topics)}")
            time.sleep(LOOK)

    def _trouble(self, wanted: Any, error: errors.KafkaError) -> str:
        """What the broker really answers: the client tries again and reports no more than that time is up."""
        consumer = self._consumer
        try:
            consumer._net.run(consumer._coordinator._send_offset_fetch_request, [wanted])
        except errors.UnstableOffsetCommitError:
            return "a transaction on it has not ended"
        except errors.KafkaError as answer:
            return str(answer)
        return str(error)

    def _ask(self, question: Callable[[float], Any], timeout: float = PATIENCE) -> Any:
        try:
            return question(timeout * 1000)
        except errors.KafkaError as error:
            self._raise(error)

    def _raise(self, error: BaseException) -> NoReturn:
        if isinstance(error, errors.OffsetOutOfRangeError):
            raise error
        if isinstance(error, errors.FencedInstanceIdError):
            raise Displaced(self.options) from error
        if isinstance(error, errors.KafkaError):
            raise TransportError(
                f"reading from Kafka failed: {error}\nwhere: {self.options.bootstrap}, group {self.options.group!r}\n"
                "do: see the broker's log and its ACLs"
            ) from error
        raise error

    def _poll_forever(self) -> None:
        while (request := self._requests.get()) is not None:
            max_records, timeout = request
            try:
                self._events.put(_Polled(self._consumer.poll(timeout_ms=timeout * 1000, max_records=max_records)))
            except errors.RetriableError as error:
                log.warning("polling failed, trying again", error=str(error))
                self._events.put(_Polled({}))
            except BaseException as error:
                self._events.put(_Polled({}, error))

    # What the listener does, on the client's event loop.

    def _arrived(self, partitions: Iterable[Any]) -> None:
        for partition in partitions:
            # Any position keeps the client from looking for one itself; paused until the worker has its state.
            self._consumer.seek(partition, 0)
            self._consumer.pause(partition)
            self._arrivals.add(TopicPartition(*partition))

    async def _leave(self, partitions: Iterable[Any], lost: bool) -> None:
        ours = {TopicPartition(*partition) for partition in partitions}
        started = sorted(ours - self._arrivals)
        self._arrivals -= ours
        if not started or self._closing:
            return
        event = _Leaving(started, lost)
        self._events.put(event)
        while not event.done.is_set() and not self._closing:
            await self._consumer._net.sleep(LOOK)


class _Listener(AsyncConsumerRebalanceListener):  # type: ignore[misc]
    def __init__(self, group: Group) -> None:
        self._group = group

    async def on_partitions_assigned(self, assigned: Iterable[Any]) -> None:
        self._group._arrived(assigned)

    async def on_partitions_revoked(self, revoked: Iterable[Any]) -> None:
        await self._group._leave(revoked, lost=False)

    async def on_partitions_lost(self, lost: Iterable[Any]) -> None:
        await self._group._leave(lost, lost=True)


def encode_replay_from(mark: Mark) -> str:
    return f"replay_from={mark.replay_from}"


def decode_replay_from(metadata: str | None, next_offset: int) -> int:
    """What a commit's metadata says; an offset that was set by other tools has none: nothing to replay then."""
    name, _, number = (metadata or "").partition("=")
    if name == "replay_from" and number.isdecimal():
        return min(int(number), next_offset)
    return next_offset
