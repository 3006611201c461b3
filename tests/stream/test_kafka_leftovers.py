"""Transactions whose marker the broker never wrote, on a real broker: they are ended, with the outcome they had."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from kafka import KafkaAdminClient, OffsetAndMetadata, errors
from kafka import TopicPartition as KafkaPartition
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.producer.transaction_manager import TxnOffsetCommitHandler

from stream.transport import kafka_group, kafka_leftovers
from stream.transport.base import Commit, Fenced, Mark, Output, Snapshot, TopicPartition
from stream.transport.kafka import KafkaTransport, Options
from stream.transport.kafka_group import encode_replay_from
from tests.stream.test_transport_kafka import Recorder, until, visible

if TYPE_CHECKING:
    from tests.kafka_broker import KafkaBroker

pytest_plugins = ("tests.kafka_broker",)
pytestmark = [
    pytest.mark.kafka,
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
]

BEFORE, LOST = Mark(10, 5), Mark(20, 15)


@pytest.fixture
def trusting(kafka_broker: KafkaBroker) -> Iterator[KafkaBroker]:
    """The broker takes transactional records for partitions that the coordinator does not know to take part."""
    setting = "transaction.partition.verification.enable"
    with KafkaAdminClient(bootstrap_servers=kafka_broker.address) as admin:
        admin.alter_configs([ConfigResource(ConfigResourceType.BROKER, "1", {setting: "false"})])
        yield kafka_broker
        admin.reset_configs([ConfigResource(ConfigResourceType.BROKER, "1", {setting: None})])


@pytest.fixture
def make(trusting: KafkaBroker, name: str) -> Iterator[Callable[..., KafkaTransport]]:
    made: list[KafkaTransport] = []

    def one(**changes: Any) -> KafkaTransport:
        options = Options(bootstrap=trusting.address, group=name, partitions=1, session_timeout=10, commit_timeout=10)
        made.append(KafkaTransport(options.model_copy(update=changes)))
        return made[-1]

    yield one
    for transport in made:
        transport.close()


def worker(make: Any, name: str, **changes: Any) -> KafkaTransport:
    """A worker that has made a commit and read nothing."""
    transport: KafkaTransport = make(**changes)
    transport.append([Output(name, None, b"%d" % i) for i in range(30)])
    joined(transport, name)
    transport.commit(
        Commit([Output(f"{name}.out", b"k", b"before")], {TopicPartition(name, 0): BEFORE}, [saved(name, b"before")])
    )
    return transport


def joined(transport: KafkaTransport, name: str) -> None:
    listener = Recorder()
    transport.start([name], listener, [f"{name}.out"])
    until(lambda: transport.poll(1, 0.1) or listener.owned)


def saved(name: str, data: bytes) -> Snapshot:
    return Snapshot(TopicPartition(name, 0), "series", data)


def lose(transport: KafkaTransport, name: str, committed: bool) -> None:
    """A commit that the coordinator ends without a marker anywhere but in a topic of no account: of all other
    partitions it is not told."""
    producer, group = transport._writer._producer, transport._group
    manager = producer._transaction_manager
    transport._topics.prepare_outputs([f"{name}.known"])
    producer.begin_transaction()
    producer.send(f"{name}.known", b"x", partition=0)
    producer.flush()
    for topic, key, value in (
        (f"{name}.out", b"k", b"lost"),
        (f"{name}-snapshots", f"{name}/0/series".encode(), b"lost"),
    ):
        manager._partitions_in_transaction.add(KafkaPartition(topic, 0))
        producer.send(topic, value, key, partition=0)
    producer.flush()
    manager._pending_txn_offset_commits[KafkaPartition(name, 0)] = OffsetAndMetadata(
        LOST.next_offset, encode_replay_from(LOST), -1
    )
    offsets = TxnOffsetCommitHandler(manager, group.identity(), manager._pending_txn_offset_commits, None)
    manager._enqueue_request(offsets)
    producer._sender.wakeup()
    assert offsets.result.wait(10_000)
    producer.commit_transaction() if committed else producer.abort_transaction()
    assert group._trouble(KafkaPartition(name, 0), errors.KafkaError()) == "a transaction on it has not ended"


def assert_ended(transport: KafkaTransport, name: str, committed: bool) -> None:
    """The whole transaction took effect, or nothing of it."""
    assert transport.mark(TopicPartition(name, 0)) == (LOST if committed else BEFORE)
    assert list(transport.snapshots(TopicPartition(name, 0))) == [saved(name, b"lost" if committed else b"before")]
    outputs = [record.value for record in visible(transport.options.bootstrap, f"{name}.out")]
    assert outputs == ([b"before", b"lost"] if committed else [b"before"])


outcomes = pytest.mark.parametrize("committed", [True, False], ids=["commit", "abort"])


@outcomes
def test_our_own_end_when_we_connect_anew(make: Any, name: str, committed: bool) -> None:
    transport = worker(make, name)
    lose(transport, name, committed)
    transport.rebuild()
    transport._listener.owned.clear()
    until(lambda: transport.poll(1, 0.1) or transport._listener.owned)
    assert_ended(transport, name, committed)
    transport.commit(Commit([], {TopicPartition(name, 0): Mark(25, 25)}, []))


@outcomes
def test_those_of_a_named_worker_end_in_its_next_life(make: Any, name: str, committed: bool) -> None:
    lose(worker(make, name, instance="w"), name, committed)
    successor = make(instance="w")
    joined(successor, name)
    assert_ended(successor, name, committed)


@outcomes
def test_the_outcome_is_kept_until_it_has_taken_effect(
    make: Any, name: str, committed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    transport = worker(make, name)
    lose(transport, name, committed)
    transport.rebuild()
    transport._listener.owned.clear()
    with monkeypatch.context() as broken:
        broken.setattr(kafka_leftovers.TransactionalWriter, "finish", refuse)
        assert transport.poll(1, 0.1) == []
        assert transport._group is None
    until(lambda: transport.poll(1, 0.1) or transport._listener.owned)
    assert_ended(transport, name, committed)


def refuse(*_: Any) -> None:
    raise errors.KafkaConnectionError("gone again")


def test_a_writer_that_lives_on_ends_its_own(make: Any, name: str) -> None:
    """Without losing its partitions, and though it may not write there again."""
    transport = worker(make, name)
    lose(transport, name, committed=True)
    group, transport._leftovers._look_at = transport._group, 0.0
    until(lambda: transport.poll(1, 0.1) or not transport._leftovers._unchecked)
    assert transport._group is group
    assert [record.value for record in visible(transport.options.bootstrap, f"{name}.out")] == [b"before", b"lost"]
    assert group.committed(TopicPartition(name, 0)) == LOST


@outcomes
def test_those_of_an_unnamed_worker_that_is_gone(
    make: Any, name: str, committed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = worker(make, name)
    lose(gone, name, committed)
    gone.close()
    monkeypatch.setattr(kafka_group, "OVERTIME", -9.0)
    other = make()
    joined(other, name)
    assert_ended(other, name, committed)


def test_those_of_an_unnamed_worker_that_only_seemed_gone(
    make: Any, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is fenced: what it believes to be committed may not be."""
    slow = worker(make, name)
    lose(slow, name, committed=False)
    monkeypatch.setattr(kafka_group, "OVERTIME", -9.0)
    other = make()
    other._leftovers.end_abandoned(1 << 20)
    with pytest.raises(Fenced):
        slow.commit(Commit([], {TopicPartition(name, 0): LOST}, []))


def test_those_of_named_workers_are_left_to_them(make: Any, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = worker(make, name, instance="w")
    lose(gone, name, committed=True)
    gone.close()
    monkeypatch.setattr(kafka_group, "OVERTIME", -9.0)
    other, listener = make(), Recorder()
    other.start([name], listener, [f"{name}.out"])
    starts = []
    until(lambda: other.poll(1, 0.1) or starts.append(other._unsettled_since) or any(starts))
    assert not listener.owned
    former = make(instance="w")
    former.start([name], Recorder(), [f"{name}.out"])  # and no more: its writer ends what it left open
    until(lambda: other.poll(1, 0.1) or former.poll(1, 0.1) or listener.owned or former._listener.owned)
    assert (other if listener.owned else former).mark(TopicPartition(name, 0)) == LOST
