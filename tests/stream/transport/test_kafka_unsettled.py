"""A worker that waits for committed offsets, with clients that answer what the test says."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from kafka import errors

from stream.transport import kafka, kafka_writer
from stream.transport.base import Mark, TopicPartition, TransportError
from stream.transport.kafka import KafkaTransport, Options
from stream.transport.kafka_group import Group, Unsettled
from stream.transport.kafka_leftovers import hashed
from stream.transport.kafka_topics import Topics
from stream.transport.kafka_writer import initialise

FIRST, SECOND = TopicPartition("t", 0), TopicPartition("t", 1)


class FakeGroup:
    """Every new one gets the next script: the partitions that arrive, look by look. `unsettled`: have no mark yet."""

    scripts: list[list[list[TopicPartition]]]
    unsettled: set[TopicPartition]

    def __init__(self, *_: Any) -> None:
        self.owned: set[TopicPartition] = set()
        self.closed = False
        self._script = self.scripts.pop(0)

    def take_arrivals(self) -> list[TopicPartition]:
        arrivals = self._script.pop(0) if self._script else []
        self.owned.update(arrivals)
        return arrivals

    def committed(self, partition: TopicPartition) -> Mark:
        if partition in self.unsettled:
            raise Unsettled(f"the committed offset of {partition} is unknown")
        return Mark(7, 3)

    def bounds(self, partitions: list[TopicPartition]) -> dict[TopicPartition, range]:
        return {p: range(0, 10) for p in partitions}

    def poll(self, *_: Any) -> list[Any]:
        return []

    def start_at(self, partition: TopicPartition, offset: int) -> None:
        assert offset == 7

    def close(self) -> None:
        self.closed = True


class Heard:
    def __init__(self) -> None:
        self.events: list[tuple[str, list[TopicPartition]]] = []

    def __getattr__(self, name: str) -> Any:
        return lambda partitions: self.events.append((name, list(partitions)))


@pytest.fixture
def transport(monkeypatch: pytest.MonkeyPatch) -> KafkaTransport:
    topics = SimpleNamespace(
        input_limit=1 << 20,
        prepare_inputs=lambda _: 1,
        prepare_snapshots=lambda _: None,
        prepare_outputs=lambda _: None,
    )
    monkeypatch.setattr(kafka, "Topics", lambda _: topics)
    monkeypatch.setattr(kafka, "Group", FakeGroup)
    transport = KafkaTransport(Options())
    transport._load = lambda _: None  # type: ignore[method-assign]
    transport.taken, transport.abandoned_ended = [], 0  # type: ignore[attr-defined]

    def take_over(transactional_id: str, *_: Any) -> Any:
        transport.taken.append(transactional_id)  # type: ignore[attr-defined]
        return SimpleNamespace(close=lambda: None)

    def end_abandoned(_: int) -> None:
        transport.abandoned_ended += 1  # type: ignore[attr-defined]

    transport._leftovers.take_over = take_over  # type: ignore[method-assign,assignment]
    transport._leftovers.end_abandoned = end_abandoned  # type: ignore[method-assign]
    return transport


def test_it_loses_what_it_had_and_connects_anew_under_the_same_id(transport: Any) -> None:
    FakeGroup.scripts, FakeGroup.unsettled = [[[FIRST], [], [SECOND]], [[FIRST, SECOND]]], {SECOND}
    heard = Heard()
    transport.start(["t"], heard)
    assert transport.poll(1, 0) == []
    former = transport._group
    assert transport.poll(1, 0) == []
    assert (former.closed, transport._group) == (True, None)
    assert heard.events == [("assigned", [FIRST]), ("lost", [FIRST])]
    assert transport.abandoned_ended == 1
    FakeGroup.unsettled = set()
    assert transport.poll(1, 0) == []
    assert heard.events[2:] == [("assigned", [FIRST, SECOND])]
    assert transport.mark(SECOND) == Mark(7, 3)
    assert len(transport.taken) == 2
    assert len(set(transport.taken)) == 1


def test_patience_ends_and_begins_again(transport: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    FakeGroup.scripts, FakeGroup.unsettled = [[[FIRST]] for _ in range(5)], {FIRST}
    transport.start(["t"], Heard())
    assert transport.poll(1, 0) == []
    monkeypatch.setattr(kafka, "UNSETTLED", -1.0)
    with pytest.raises(TransportError, match="the committed offset of t/0 is unknown"):
        transport.poll(1, 0)
    monkeypatch.setattr(kafka, "UNSETTLED", 600.0)
    transport.rebuild()
    assert transport.poll(1, 0) == []
    FakeGroup.unsettled = set()
    assert transport.poll(1, 0) == []
    assert transport.mark(FIRST) == Mark(7, 3)
    assert transport._unsettled_since is None


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (errors.UnstableOffsetCommitError(), "a transaction on it has not ended"),
        (errors.CoordinatorLoadInProgressError(), "CoordinatorLoadInProgressError"),
        (None, "KafkaTimeoutError"),
    ],
)
def test_what_the_client_waits_for_is_told(answer: Exception | None, told: str) -> None:
    """The client itself says no more than that time is up."""
    asked = []

    def committed(*_: Any, timeout_ms: float, **__: Any) -> None:
        asked.append(timeout_ms)
        raise errors.KafkaTimeoutError

    def run(*_: Any) -> None:
        if answer is not None:
            raise answer

    group = Group.__new__(Group)
    group.options = Options(commit_timeout=100)
    coordinator = SimpleNamespace(_send_offset_fetch_request=None)
    group._consumer = SimpleNamespace(committed=committed, _net=SimpleNamespace(run=run), _coordinator=coordinator)
    with pytest.raises(Unsettled, match=rf"(?s)committed offset of t/0 is unknown.*{told}.*find-hanging"):
        group.committed(FIRST)
    assert asked[0] > 101_000  # longer than any transaction may take


def test_a_slow_coordinator_is_given_time_however_short_commits_are(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def init_transactions() -> None:
        asked.append(1)
        if len(asked) < 4:
            raise errors.KafkaTimeoutError

    producer = SimpleNamespace(init_transactions=init_transactions)
    initialise(producer)
    assert len(asked) == 4
    asked.clear()
    monkeypatch.setattr(kafka_writer, "INITIALISING", -1.0)
    with pytest.raises(errors.KafkaTimeoutError):
        initialise(producer)


def test_an_admin_client_outlives_the_broker_being_away() -> None:
    """The one that failed is given up only when there is another."""

    class Admin:
        def __init__(self, answer: Any) -> None:
            self.answer, self.closed = answer, False

        def ask(self) -> Any:
            assert not self.closed, "asked after it was closed"
            if isinstance(self.answer, Exception):
                raise self.answer
            return self.answer

        def close(self) -> None:
            self.closed = True

    first, second = Admin(errors.KafkaConnectionError("gone")), Admin("fine")
    clients: list[Any] = [first, errors.KafkaTimeoutError("still gone"), second]

    def admin() -> Any:
        client = clients.pop(0)
        if isinstance(client, Exception):
            raise client
        return client

    topics = Topics(SimpleNamespace(admin=admin, bootstrap="b:1", options={}))  # type: ignore[arg-type]
    with pytest.raises(TransportError, match="no Kafka broker answers"):
        topics.ask(Admin.ask)
    assert topics.ask(Admin.ask) == "fine"
    assert first.closed
    assert not second.closed


@pytest.mark.parametrize(("group", "value"), [("a", 97), ("polygenelubricants", 0), ("liquidstream", 124_740_676)])
def test_a_group_lies_where_the_broker_puts_it(group: str, value: int) -> None:
    """As Java's String.hashCode without sign; that of the second is the smallest int, which has no positive twin."""
    assert hashed(group) == value
