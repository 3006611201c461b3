"""The Kafka transport against a real broker: what it promises, one test a promise."""

from __future__ import annotations

import gc
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from kafka import KafkaAdminClient, KafkaConsumer
from kafka import TopicPartition as KafkaPartition

from stream.transport.base import (
    Commit,
    CommitUncertain,
    Fenced,
    Mark,
    Output,
    Record,
    Snapshot,
    TopicPartition,
    TransportError,
)
from stream.transport.kafka import KafkaTransport, Options
from tests.kafka_relay import Relay

if TYPE_CHECKING:
    from tests.kafka_broker import KafkaBroker

pytest_plugins = ("tests.kafka_broker",)
pytestmark = [
    pytest.mark.kafka,
    # kafka-python leaves the socket of a refused connection to the garbage collector.
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
]


class Recorder:
    """A listener that only remembers."""

    def __init__(self) -> None:
        self.owned: list[TopicPartition] = []
        self.heard: list[str] = []

    def assigned(self, partitions: Any) -> None:
        self.owned += partitions
        self.heard.append("assigned")

    def revoked(self, partitions: Any) -> None:
        self.owned = [p for p in self.owned if p not in partitions]
        self.heard.append("revoked")

    def lost(self, partitions: Any) -> None:
        self.owned = [p for p in self.owned if p not in partitions]
        self.heard.append("lost")


@pytest.fixture
def options(kafka_broker: KafkaBroker, name: str) -> Options:
    return Options(bootstrap=kafka_broker.address, group=name, partitions=2, session_timeout=10, commit_timeout=8)


@pytest.fixture(autouse=True)
def refused_sockets_are_collected_here() -> Iterator[None]:
    yield
    gc.collect()


@pytest.fixture
def make(options: Options) -> Iterator[Callable[..., KafkaTransport]]:
    made: list[KafkaTransport] = []

    def one(**changes: Any) -> KafkaTransport:
        made.append(KafkaTransport(options.model_copy(update=changes)))
        return made[-1]

    yield one
    for transport in made:
        transport.close()


def joined(transport: KafkaTransport, topic: str, partitions: int = 2) -> Recorder:
    listener = Recorder()
    transport.start([topic], listener)
    until(lambda: transport.poll(1, 0.1) or len(listener.owned) == partitions)
    return listener


def until(condition: Callable[[], Any], seconds: float = 90) -> Any:
    deadline = time.monotonic() + seconds
    while not (result := condition()):
        assert time.monotonic() < deadline, "waited in vain"
    return result


def drain(transport: KafkaTransport, count: int) -> list[Record]:
    records: list[Record] = []
    until(lambda: records.extend(transport.poll(1000, 0.1)) or len(records) >= count)
    return records


def numbered(topic: str, count: int, partition: int | None = 0) -> list[Output]:
    return [Output(topic, b"k%d" % (i % 7), b"%d" % i, partition=partition) for i in range(count)]


def visible(address: str, topic: str, isolation: str = "read_committed") -> list[Any]:
    """Everything a fresh consumer sees, partition by partition in order; waits for transactions that end."""
    with KafkaConsumer(
        bootstrap_servers=address, isolation_level=isolation, auto_offset_reset="earliest", enable_auto_commit=False
    ) as consumer:
        partitions = [KafkaPartition(topic, p) for p in sorted(consumer.partitions_for_topic(topic))]
        consumer.assign(partitions)
        with KafkaAdminClient(bootstrap_servers=address) as admin:
            written = admin.list_partition_offsets(dict.fromkeys(partitions, -1))
        found: dict[Any, list[Any]] = {p: [] for p in partitions}
        while any(consumer.position(p) < written[p].offset for p in partitions):
            for partition, records in consumer.poll(timeout_ms=500).items():
                found[partition] += records
        return [record for partition in partitions for record in found[partition]]


class TestCommit:
    def test_outputs_marks_and_snapshots_become_visible(
        self, make: Any, options: Options, name: str, kafka_broker: KafkaBroker
    ) -> None:
        transport = make()
        joined(transport, name)
        transport.append(numbered(name, 20, partition=1))
        source = TopicPartition(name, 1)
        transport.commit(
            Commit(
                [Output(f"{name}.out", b"key", b"value", (("ce_id", b"1"),), timestamp_ms=12345)],
                {source: Mark(17, 9)},
                [Snapshot(source, "a/b", b"state")],
            )
        )
        (record,) = visible(kafka_broker.address, f"{name}.out")
        assert (record.key, record.value, record.headers, record.timestamp) == (
            b"key", b"value", [("ce_id", b"1")], 12345,
        )  # fmt: skip
        other = make()
        assert transport.mark(source) == Mark(17, 9)
        transport.close()
        joined(other, name)
        assert other.mark(source) == Mark(17, 9)
        assert list(other.snapshots(source)) == [Snapshot(source, "a/b", b"state")]

    def test_a_refused_commit_leaves_nothing_visible(self, make: Any, name: str, kafka_broker: KafkaBroker) -> None:
        transport = make()
        joined(transport, name)
        source = TopicPartition(name, 0)
        outputs = [Output(f"{name}.out", None, b"x%d" % i) for i in range(100)]
        too_large = Snapshot(source, "series", bytes(2 << 20))
        with pytest.raises(TransportError, match="the commit is refused"):
            transport.commit(Commit(outputs, {source: Mark(5, 5)}, [too_large]))
        assert len(visible(kafka_broker.address, f"{name}.out", "read_uncommitted")) == 100
        assert visible(kafka_broker.address, f"{name}.out") == []
        assert transport.mark(source) is None
        transport.commit(Commit(outputs, {source: Mark(0, 0)}, []))
        assert len(visible(kafka_broker.address, f"{name}.out")) == 100

    def test_no_partition_of_another_worker(self, make: Any, name: str) -> None:
        transport = make()
        joined(transport, name)
        with pytest.raises(Fenced, match="belongs to another worker"):
            transport.commit(Commit([], {TopicPartition(name, 7): Mark(1, 1)}, []))

    def test_a_dead_letter_that_does_not_fit_is_cut(self, make: Any, name: str, kafka_broker: KafkaBroker) -> None:
        transport = make()
        joined(transport, name)
        value = bytes(range(256)) * (3 << 12)
        transport.commit(Commit([Output(f"{name}.dlq", None, value), Output(f"{name}.dlq", None, b"short")], {}, []))
        cut, short = sorted(visible(kafka_broker.address, f"{name}.dlq"), key=lambda record: -len(record.value))
        assert len(cut.value) > 1 << 20
        assert value.startswith(cut.value)
        assert cut.headers == [("truncated-from", b"%d" % len(value))]
        assert (short.value, short.headers) == (b"short", [])


class TestFencing:
    def test_a_worker_that_did_not_poll_for_too_long(self, make: Any, name: str, kafka_broker: KafkaBroker) -> None:
        """Its client has left the group by itself and has no identity any more that a broker could refuse."""
        sleeper, other = make(max_poll_interval=2), make(max_poll_interval=2)
        joined(sleeper, name)
        sleeper.append(numbered(name, 10))
        records = drain(sleeper, 10)
        listener = Recorder()
        other.start([name], listener)
        until(lambda: other.poll(1, 0.1) or len(listener.owned) == 2)
        late = Commit([Output(f"{name}.out", r.key, r.value) for r in records], {TopicPartition(name, 0): Mark(10, 0)})
        with pytest.raises(Fenced):
            sleeper.commit(late)
        assert other.mark(TopicPartition(name, 0)) is None
        assert visible(kafka_broker.address, f"{name}.out") == []

    def test_the_broker_refuses_a_stale_generation(
        self, make: Any, options: Options, name: str, kafka_broker: KafkaBroker
    ) -> None:
        transport, other = make(), make()
        joined(transport, name)
        stale = transport._group.identity()
        listener = Recorder()
        other.start([name], listener)
        until(lambda: transport.poll(1, 0.05) or other.poll(1, 0.05) or listener.owned)
        transport._topics.prepare_outputs([f"{name}.out"])
        with pytest.raises(Fenced):
            transport._writer.write(
                [Output(f"{name}.out", None, b"zombie")], {TopicPartition(name, 0): Mark(3, 3)}, lambda: stale
            )
        assert visible(kafka_broker.address, f"{name}.out") == []
        transport.rebuild()
        until(lambda: transport.poll(1, 0.05) or other.poll(1, 0.05) or (transport._group and transport._group.owned))
        transport.commit(Commit([Output(f"{name}.out", None, b"member")], {}, []))
        assert [record.value for record in visible(kafka_broker.address, f"{name}.out")] == [b"member"]

    def test_a_named_worker_takes_over_from_its_former_life_at_once(self, make: Any, name: str) -> None:
        former, present = make(instance="w1", session_timeout=30), make(instance="w1", session_timeout=30)
        joined(former, name)
        began = time.monotonic()
        joined(present, name)
        assert time.monotonic() - began < 30  # the session's time
        present.commit(Commit([], {TopicPartition(name, 0): Mark(0, 0)}, []))
        with pytest.raises(TransportError, match="took over"):
            former.commit(Commit([], {TopicPartition(name, 0): Mark(0, 0)}, []))
        former.rebuild()
        with pytest.raises(TransportError, match="took over"):
            former.poll(1, 0.1)


class TestSnapshots:
    def test_the_newest_of_each_series_and_no_other_source(self, make: Any, name: str) -> None:
        transport = make()
        listener = Recorder()
        transport.start([name, f"{name}-b"], listener)
        until(lambda: transport.poll(1, 0.1) or len(listener.owned) == 4)
        here, sibling, other = (TopicPartition(name, 0), TopicPartition(f"{name}-b", 0), TopicPartition(name, 1))
        for round_ in range(3):
            saved = [Snapshot(p, f"s/{i}", b"%d" % round_) for p in (here, sibling, other) for i in range(round_ + 1)]
            transport.commit(Commit([], dict.fromkeys((here, sibling, other), Mark(0, 0)), saved))
        assert list(transport.snapshots(here)) == [Snapshot(here, f"s/{i}", b"2") for i in range(3)]
        assert list(transport.snapshots(sibling)) == [Snapshot(sibling, f"s/{i}", b"2") for i in range(3)]

    def test_after_compaction_with_control_records_at_the_end(
        self, make: Any, name: str, kafka_broker: KafkaBroker
    ) -> None:
        transport = make()
        transport._prepared()._admin.create_topics(
            {
                f"{name}-snapshots": {
                    "num_partitions": 2,
                    "configs": {
                        "cleanup.policy": "compact",
                        "segment.ms": "200",
                        "min.cleanable.dirty.ratio": "0.01",
                    },
                }
            },
            wait_for_metadata=True,
        )
        joined(transport, name)
        source = TopicPartition(name, 0)

        def save(round_: int) -> None:
            saved = [Snapshot(source, f"s{i}", b"%d" % round_) for i in range(50)]
            transport.commit(Commit([], {source: Mark(0, 0)}, saved))

        rounds = 0
        for rounds in range(1, 60):
            save(rounds)
            time.sleep(0.25)
            if len(visible(kafka_broker.address, f"{name}-snapshots")) < 50 * rounds * 0.7:
                break
        else:
            pytest.fail("the broker never compacted the topic")
        assert list(transport.snapshots(source)) == [Snapshot(source, f"s{i}", b"%d" % rounds) for i in range(50)]

    def test_a_topic_that_would_lose_them_is_refused(self, make: Any, name: str) -> None:
        transport = make()
        transport._prepared()._admin.create_topics({f"{name}-snapshots": {"num_partitions": 2}}, wait_for_metadata=True)
        with pytest.raises(TransportError, match=r"cleanup\.policy=delete"):
            transport.start([name], Recorder())


class TestReading:
    def test_a_range_with_gaps(self, make: Any, name: str) -> None:
        transport = make()
        joined(transport, name)
        topic = f"{name}.out"
        for i in range(5):  # each commit leaves a control record
            transport.commit(
                Commit([Output(topic, b"k", b"%d" % i, partition=0)], {TopicPartition(name, 0): Mark(0, 0)})
            )
        records = list(transport.read(TopicPartition(topic, 0), 0, 10))
        assert [record.value for record in records] == [b"0", b"1", b"2", b"3", b"4"]
        assert [record.offset for record in records] == [0, 2, 4, 6, 8]
        assert [record.offset for record in transport.read(TopicPartition(topic, 0), 1, 5)] == [2, 4]
        assert list(transport.read(TopicPartition(topic, 0), 4, 4)) == []

    def test_two_ranges_at_once(self, make: Any, name: str) -> None:
        transport = make()
        transport.append(numbered(name, 50, 0) + numbered(name, 50, 1))
        both = zip(
            transport.read(TopicPartition(name, 0), 0, 50), transport.read(TopicPartition(name, 1), 0, 50), strict=True
        )
        assert all((a.offset, a.value, a.partition, b.partition) == (b.offset, b.value, 0, 1) for a, b in both)

    def test_tail(self, make: Any, name: str) -> None:
        transport = make()
        transport.append([Output(name, None, b"%d" % i, timestamp_ms=1000 + i, partition=i % 2) for i in range(100)])
        assert [record.value for record in transport.tail(name, 10)] == [b"%d" % i for i in range(90, 100)]
        assert len(transport.tail(name, 1000)) == 100
        assert transport.tail(f"{name}-unknown", 10) == []

    def test_tail_of_an_uneven_topic(self, make: Any, name: str) -> None:
        transport = make()
        transport.append(numbered(name, 95, 0) + numbered(name, 5, 1))
        assert len(transport.tail(name, 60)) == 60

    def test_lag(self, make: Any, name: str) -> None:
        transport = make()
        joined(transport, name)
        transport.append(numbered(name, 30))
        until(lambda: transport.lag() == {TopicPartition(name, 0): 30, TopicPartition(name, 1): 0})
        taken: list[Record] = []
        until(lambda: taken.extend(transport.poll(10, 0.1)) or len(taken) == 10)
        assert transport.lag()[TopicPartition(name, 0)] == 20
        drain(transport, 20)
        assert transport.lag()[TopicPartition(name, 0)] == 0


class TestAppend:
    def test_from_many_threads(self, make: Any, name: str, kafka_broker: KafkaBroker) -> None:
        transport = make()
        outputs = [[Output(name, b"k", b"%d-%d" % (thread, i)) for i in range(50)] for thread in range(8)]
        threads = [threading.Thread(target=transport.append, args=(mine,)) for mine in outputs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        found = Counter(record.value for record in visible(kafka_broker.address, name))
        assert found == Counter(output.value for mine in outputs for output in mine)

    def test_a_key_stays_in_its_partition(self, make: Any, name: str, kafka_broker: KafkaBroker) -> None:
        transport = make(partitions=4)
        transport.append([Output(name, b"k%d" % (i % 9), b"") for i in range(90)])
        places = {(record.key, record.partition) for record in visible(kafka_broker.address, name)}
        assert len(places) == 9


class TestOldOffsets:
    """Retention deleted what was still wanted: say so, count it, go on. What the log lost at its end is an error."""

    def start(self, make: Any, name: str, mark: Mark) -> KafkaTransport:
        first = make()
        joined(first, name)
        first.append(numbered(name, 100))
        drain(first, 100)
        first.commit(Commit([], {TopicPartition(name, 0): mark}))
        first.close()
        return make()

    def test_committed_offset_below_the_log(self, make: Any, name: str) -> None:
        transport = self.start(make, name, Mark(20, 10))
        transport._prepared()._admin.delete_records({KafkaPartition(name, 0): 50})
        joined(transport, name)
        assert transport.mark(TopicPartition(name, 0)) == Mark(50, 50)
        assert [record.offset for record in drain(transport, 50)] == list(range(50, 100))
        assert transport.lost_records == 30

    def test_committed_offset_beyond_the_log(self, make: Any, name: str) -> None:
        transport = self.start(make, name, Mark(120, 10))
        with pytest.raises(TransportError, match="offset 120 is wanted, but the log ends at 100"):
            joined(transport, name)

    def test_only_the_replay_is_cut(self, make: Any, name: str) -> None:
        transport = self.start(make, name, Mark(70, 10))
        transport._prepared()._admin.delete_records({KafkaPartition(name, 0): 50})
        joined(transport, name)
        assert transport.mark(TopicPartition(name, 0)) == Mark(70, 50)
        assert [record.offset for record in transport.read(TopicPartition(name, 0), 10, 70)] == list(range(50, 70))
        assert drain(transport, 30)[0].offset == 70
        assert transport.lost_records == 0

    def test_the_log_is_cut_while_it_is_read(self, make: Any, name: str) -> None:
        transport = make(options={})
        joined(transport, name)
        transport.append(numbered(name, 20))
        drain(transport, 20)
        transport._group._consumer.pause(KafkaPartition(name, 0))
        transport.append(numbered(name, 80))
        transport._prepared()._admin.delete_records({KafkaPartition(name, 0): 90})
        transport._group._consumer.resume(KafkaPartition(name, 0))
        offsets = [record.offset for record in drain(transport, 10)]
        if offsets[0] != 20:  # else they had been fetched before
            assert offsets == list(range(90, 100))
            assert transport.lost_records == 70


class TestGroup:
    def test_partitions_move_with_their_state_while_workers_come_and_go(
        self, options: Options, name: str, kafka_broker: KafkaBroker
    ) -> None:
        options = options.model_copy(update={"partitions": 4})
        sink = f"{name}.out"
        feeder = KafkaTransport(options)
        sent = 0

        def send() -> None:
            nonlocal sent
            feeder.append([Output(name, b"k%d" % i, b"%d" % i) for i in range(sent, sent + 200)])
            sent += 200

        send()
        relays = [Relay(options, name, sink).run()]
        for step in range(12):
            for _ in range(4):
                send()
                time.sleep(0.2)
            if step % 3 == 2:
                relays.pop(0).stop()
            if len(relays) < 3 and step < 9:
                relays.append(Relay(options, name, sink).run())
        try:
            until(lambda: time.sleep(0.3) or len(visible(kafka_broker.address, sink)) >= sent)
        finally:
            for relay in relays:
                relay.stop()
            feeder.close()
        assert_relayed(kafka_broker.address, name, sink, sent)


class TestTrouble:
    def test_a_hung_commit_is_uncertain_in_bounded_time(self, make: Any, name: str, kafka_broker: KafkaBroker) -> None:
        transport = make(commit_timeout=2)
        listener = joined(transport, name)
        commit = Commit([Output(f"{name}.out", None, b"x")], {TopicPartition(name, 0): Mark(0, 0)}, [])
        transport.commit(commit)
        kafka_broker.pause()
        try:
            began = time.monotonic()
            with pytest.raises(CommitUncertain):
                transport.commit(Commit(commit.outputs, {TopicPartition(name, 0): Mark(0, 0)}, []))
            assert time.monotonic() - began < 15  # the client itself would wait for as long as the broker is silent
            transport.rebuild()
        finally:
            kafka_broker.resume()
        listener.owned.clear()
        until(lambda: transport.poll(1, 0.1) or len(listener.owned) == 2)
        before = len(visible(kafka_broker.address, f"{name}.out"))
        transport.commit(commit)
        assert len(visible(kafka_broker.address, f"{name}.out")) == before + 1

    def test_the_broker_restarts(self, options: Options, name: str, kafka_broker: KafkaBroker) -> None:
        sink = f"{name}.out"
        feeder = KafkaTransport(options)
        feeder.append([Output(name, b"k%d" % i, b"%d" % i) for i in range(500)])
        relay = Relay(options.model_copy(update={"commit_timeout": 3}), name, sink, endures=(TransportError,)).run()
        until(lambda: relay.commits > 3)
        kafka_broker.down()
        time.sleep(4)
        kafka_broker.up()
        feeder.append([Output(name, b"k%d" % i, b"%d" % i) for i in range(500, 1000)])
        try:
            until(lambda: time.sleep(0.3) or len(visible(kafka_broker.address, sink)) >= 1000, 180)
        finally:
            relay.stop()
            feeder.close()
        assert_relayed(kafka_broker.address, name, sink, 1000)

    def test_no_broker(self) -> None:
        with pytest.raises(TransportError, match=r"(?s)no Kafka broker answers.*127.0.0.1:1.*make kafka-up"):
            KafkaTransport(Options(bootstrap="127.0.0.1:1")).start(["x"], Recorder())

    def test_a_missing_topic_where_none_may_be_made(self, make: Any, name: str) -> None:
        with pytest.raises(TransportError, match=r"(?s)does not exist.*transport.create_topics"):
            make(create_topics=False).start([name], Recorder())

    def test_a_topic_made_anew(self, make: Any, name: str) -> None:
        first = make()
        joined(first, name)
        first.append(numbered(name, 10))
        drain(first, 10)
        old = [Snapshot(TopicPartition(name, 0), series, b"old") for series in ("a", "new")]
        first.commit(Commit([], {TopicPartition(name, 0): Mark(10, 10)}, old))
        first.close()
        second = make()
        admin = second._prepared()._admin
        admin.delete_topics([name])
        until(lambda: time.sleep(0.2) or not second._prepared().exists(name))
        joined(second, name)
        assert second.mark(TopicPartition(name, 0)) is None
        assert list(second.snapshots(TopicPartition(name, 0))) == []
        second.append(numbered(name, 3))
        assert [record.offset for record in drain(second, 3)] == [0, 1, 2]
        new = Snapshot(TopicPartition(name, 0), "new", b"1")
        second.commit(Commit([], {TopicPartition(name, 0): Mark(3, 3)}, [new]))
        second.close()
        third = make()
        joined(third, name)
        assert list(third.snapshots(TopicPartition(name, 0))) == [new]


def assert_relayed(address: str, source: str, sink: str, count: int) -> None:
    """Each input came out exactly once, with the number it has in its partition."""
    expected = Counter()
    seen: Counter[int] = Counter()
    for record in visible(address, source):
        seen[record.partition] += 1
        expected[b"%s %d" % (record.value, seen[record.partition])] += 1
    assert sum(expected.values()) == count
    assert Counter(record.value for record in visible(address, sink)) == expected
