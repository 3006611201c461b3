"""The worker on the real embedded log, stopped and killed at every kind of moment."""

import random
import threading
from collections import Counter

import pytest

from liquid.feedback import MARKS
from stream.config import CommitSettings, FeedSettings, ModelSettings
from stream.engine import FeedEngine
from stream.failures import ATTEMPTS, WorkerError
from stream.feedback import Feedback, requests
from stream.metrics import Metrics
from stream.transport.base import CommitUncertain, Output, TopicPartition, TransportError
from stream.transport.sqlite import Options, SqliteTransport
from stream.worker import Worker
from tests.stream.rows import leaves

FEEDS = [
    FeedSettings(name="one", topics=["a", "b"], horizons=[60, 3600]),
    FeedSettings(name="two", topics=["c"], values=["x", "y"], joint=True, horizons=[10]),
]
TOPICS = ["a", "b", "c"]
OUTPUTS = [
    f"{feed.name}.{kind}" for feed in FEEDS for kind in ("results", "forecasts", "alerts", "drift", "feedback", "dlq")
]
EVERYTHING = 10**6
EVENTS = 600
RECORDS = EVENTS + EVENTS // 29  # with feedback


class Kill(BaseException):
    """The process is gone."""


class Log(SqliteTransport):
    """The embedded log that ends its worker when all is done, or kills it at a chosen moment.

    moments : how many calls of poll and commit, each counted before and after it took effect, are survived.
    """

    def __init__(self, path, moments=EVERYTHING, partitions=2):
        super().__init__(Options(path=path, partitions=partitions, synchronous="normal"))
        self.moments = moments
        self.worker = None
        self.failing = []

    def poll(self, max_records, timeout):
        self._moment()
        records = super().poll(max_records, 0)
        self._moment()
        if not records:
            self.worker.stop()
        return records

    def commit(self, commit):
        self._moment()
        if self.failing:
            raise self.failing.pop()
        super().commit(commit)
        self._moment()

    def _moment(self):
        self.moments -= 1
        if self.moments <= 0:
            raise Kill


def live(path, *, moments=EVERYTHING, max_events=40, snapshot_rows=3, engines=None, deliver=None, prepare=None):
    """One life of a worker: until all is processed, or killed. Returns it and whether it ended by itself."""
    log = Log(path, moments)
    log.worker = worker = Worker(
        log,
        engines or {feed.name: FeedEngine(feed) for feed in FEEDS},
        CommitSettings(interval=3600, max_events=max_events, snapshot_rows=snapshot_rows),
        Metrics(),
        deliver or (lambda emitted: None),
    )
    if prepare:
        prepare(worker, log)
    try:
        worker.run()
    except Kill:
        return worker, False
    return worker, True


def write(path, events=EVENTS, seed=1):
    """Events of all kinds: several fields, bad records, times that stand still or run back; and feedback of all kinds:
    on one series, on a pattern, on a series that is not there, and one that cannot be read."""
    rng = random.Random(seed)
    log = SqliteTransport(Options(path=path, partitions=2))
    outputs = []
    for i in range(events):
        name = f"s{rng.randrange(25)}"
        time = 1.6e9 + 10 * i - rng.choice([0, 0, 0, 50])
        kind = rng.random()
        if kind < 0.08:
            body = rng.choice([b"nonsense", b"", b'{"series":"x"}', b'{"series":"x","time":1,"value":NaN}'])
        elif kind < 0.3:
            body = b'{"series":"%s","time":%f,"values":{"p":%f,"q":%d}}' % (name.encode(), time, rng.gauss(0, 1), i % 7)
        elif kind < 0.6:
            y = b"null" if i % 7 == 0 else b"%d" % (i % 5)
            body = b'{"series":"%s","time":%f,"x":%f,"y":%s}' % (name.encode(), time, rng.gauss(0, 1), y)
        else:
            body = b'{"series":"%s","time":%f,"value":%f}' % (name.encode(), time, 500 if i == 500 else rng.gauss(0, 1))
        outputs.append(Output("c" if b'"x":' in body else rng.choice("ab"), name.encode(), body, timestamp_ms=i))
        if i % 29 == 28:
            series, pattern = rng.choice([(name, False), ("s1*", True), ("*:p", True), ("nobody", False)])
            said = Feedback(series, rng.choice(MARKS), time, {"level": rng.random(), "gap": 0.1}, pattern=pattern)
            (request,) = requests(said, [TopicPartition(rng.choice("abc"), None)])
            request = request._replace(timestamp_ms=i)
            outputs.append(request if i % 5 else request._replace(value=b"{}"))
    log.append(outputs)
    log.close()


def read(path):
    """Every output by its identity, and every saved row."""
    log = SqliteTransport(Options(path=path))
    outputs = []
    for topic in OUTPUTS:
        for record in log.tail(topic, EVERYTHING):
            identity = dict(record.headers)
            outputs.append(((topic, identity.get("ce_id"), identity.get("dlq.topic"), identity.get("dlq.partition"),
                             identity.get("dlq.offset")), (record.key, record.value, record.headers)))  # fmt: skip
    dtypes = {topic: FeedEngine(feed).model.row_dtype for feed in FEEDS for topic in feed.topics}
    rows = {
        (topic, partition, snapshot.key): leaves(snapshot.data, dtypes[topic])
        for topic in TOPICS
        for partition in range(2)
        for snapshot in log.snapshots(TopicPartition(topic, partition))
    }
    marks = {(topic, p): log.mark(TopicPartition(topic, p)) for topic in TOPICS for p in range(2)}
    log.close()
    assert max(Counter(identity for identity, _ in outputs).values()) == 1
    return dict(outputs), rows, marks


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """What one life without any trouble makes of the events."""
    path = tmp_path_factory.mktemp("undisturbed") / "log.db"
    write(path)
    _, ended = live(path, max_events=EVERYTHING, snapshot_rows=EVERYTHING)
    assert ended
    return read(path)


@pytest.fixture
def path(tmp_path):
    write(tmp_path / "log.db")
    return tmp_path / "log.db"


def test_every_event_has_one_result_and_every_bad_record_one_dead_letter(undisturbed):
    outputs, rows, marks = undisturbed
    counts = Counter(topic for topic, *_ in outputs)
    assert counts["one.results"] > 300
    assert counts["two.results"] > 200
    assert counts["one.dlq"] > 30
    assert counts["one.forecasts"] > 100
    assert counts["one.feedback"] > 10
    assert counts["two.feedback"] > 5
    assert len(rows) > 50
    assert sum(mark.next_offset for mark in marks.values()) == RECORDS
    assert all(mark.next_offset == mark.replay_from for mark in marks.values())
    read_again = {identity[1].rsplit(b"/", 1)[0] for identity in outputs if identity[0] == "two.results"}
    fields = Counter(identity[1].rsplit(b"/", 1)[1] for identity in outputs if identity[0] == "two.results")
    assert len(read_again) == fields[b"x"] > fields[b"y"] > fields[b"joint"] > 50


@pytest.mark.parametrize("snapshot_rows", [1, 3, 10_000])
@pytest.mark.parametrize("max_events", [7, 150])
def test_how_it_is_cut_changes_nothing(path, undisturbed, max_events, snapshot_rows):
    assert live(path, max_events=max_events, snapshot_rows=snapshot_rows)[1]
    assert read(path) == undisturbed


@pytest.mark.parametrize("seed", range(12))
def test_killed_at_any_moment_it_goes_on_as_if_nothing_had_been(path, undisturbed, seed):
    rng = random.Random(seed)
    for _ in range(rng.randrange(3, 9)):
        live(
            path,
            moments=rng.randrange(1, 40),
            max_events=rng.choice([5, 37, 200]),
            snapshot_rows=rng.choice([1, 3, 50]),
        )
    assert live(path)[1]
    assert read(path) == undisturbed


def test_a_clean_stop_leaves_nothing_to_replay(path):
    live(path, moments=25, snapshot_rows=3)
    assert live(path, snapshot_rows=3)[1]
    replayed = []

    def watch(worker, log):
        inner = log.read
        log.read = lambda *args: replayed.extend(inner(*args)) or iter(replayed)

    live(path, prepare=watch)
    assert replayed == []


@pytest.mark.parametrize("error", [CommitUncertain("who knows"), TransportError("broker away")])
def test_a_commit_that_fails_is_repeated_from_the_last_one(path, undisturbed, error):
    _, ended = live(path, prepare=lambda worker, log: log.failing.extend([error, error]))
    assert ended
    assert read(path) == undisturbed


def test_an_engine_that_fails_once_in_the_middle_loses_and_repeats_nothing(path, undisturbed):
    class Flaky(FeedEngine):
        calls = 0

        def step(self, batch):
            Flaky.calls += 1
            if Flaky.calls in (4, 9):
                super().step(batch)  # the rows are changed already
                raise RuntimeError("kernel failed")
            return super().step(batch)

    _, ended = live(path, engines={feed.name: Flaky(feed) for feed in FEEDS})
    assert ended
    assert Flaky.calls > 9
    assert read(path) == undisturbed


def test_an_engine_that_always_fails_at_one_place_ends_the_worker_and_says_where(path, undisturbed):
    class Broken(FeedEngine):
        calls = 0

        def step(self, batch):
            if batch.source.topic == "c":
                Broken.calls += 1
                raise RuntimeError("kernel failed")
            return super().step(batch)

    with pytest.raises(WorkerError, match=r"c/\d after offset 0: RuntimeError\('kernel failed'\)"):
        live(path, engines={feed.name: Broken(feed) for feed in FEEDS}, prepare=without_pauses)
    assert Broken.calls >= ATTEMPTS
    assert live(path)[1]
    assert read(path) == undisturbed


def without_pauses(worker, log):
    worker._failures.add = lambda error, add=worker._failures.add: add(error) * 0


def test_results_are_delivered_after_their_commit(path, undisturbed):
    delivered = []

    def check(emitted):
        other = SqliteTransport(Options(path=path))
        committed = {record.key for record in other.tail(f"{emitted[0].feed}.results", EVERYTHING)}
        other.close()
        assert {name.encode() for name in emitted[0].ids} <= committed
        delivered.extend(emitted)

    live(path, deliver=check)
    outputs, _, _ = undisturbed
    assert sum(len(batch.ids) for batch in delivered) == sum(identity[0].endswith(".results") for identity in outputs)
    assert sum(len(batch.alerts) for batch in delivered) == sum(identity[0].endswith(".alerts") for identity in outputs)


def test_the_metrics_count_what_is_committed(path, undisturbed):
    worker, _ = live(path)
    outputs, rows, _ = undisturbed
    value = worker._metrics.registry.get_sample_value
    for feed in ("one", "two"):
        results = sum(identity[0] == f"{feed}.results" for identity in outputs)
        assert value("liquidstream_events_total", {"feed": feed}) == results
    reasons = Counter(
        (identity[0].split(".")[0], dict(headers)["dlq.error"].decode())
        for identity, (_, _, headers) in outputs.items()
        if identity[0].endswith(".dlq")
    )
    for (feed, reason), count in reasons.items():
        assert value("liquidstream_records_rejected_total", {"feed": feed, "reason": reason}) == count
    assert sum(worker.rejected.values()) == sum(reasons.values())
    consumed = sum(value("liquidstream_records_consumed_total", {"topic": t, "partition": str(p)}) or 0
                   for t in TOPICS for p in range(2))  # fmt: skip
    assert consumed == RECORDS
    assert value("liquidstream_series_active", {"feed": "one"}) == sum(key[0] in "ab" for key in rows)


def test_it_waits_for_new_events_and_stops_when_told(tmp_path):
    path = tmp_path / "log.db"
    log = SqliteTransport(Options(path=path))
    committed = threading.Event()
    engines = {"f": FeedEngine(FeedSettings(name="f"))}
    worker = Worker(log, engines, CommitSettings(interval=0.05), deliver=lambda emitted: committed.set())
    thread = threading.Thread(target=worker.run)
    thread.start()
    log.append([Output("f", None, b'{"series":"a","time":1,"value":1}')])
    assert committed.wait(30)
    assert worker.state == "running"
    worker.stop()
    thread.join(10)
    assert not thread.is_alive()
    assert worker.state == "stopped"
    again = SqliteTransport(Options(path=path))
    assert len(again.tail("f.results", 9)) == 1
    assert len(list(again.snapshots(TopicPartition("f", 0)))) == 1
    again.close()


def test_a_second_worker_on_the_same_log_is_refused(path):
    first = SqliteTransport(Options(path=path))
    first.start(["a"], None)
    with pytest.raises(TransportError, match="another worker"):
        live(path)
    first.close()


def test_settings_that_changed_let_every_series_start_anew(path):
    live(path)
    worker, ended = live(path, engines={feed.name: FeedEngine(feed, ModelSettings(bank="none")) for feed in FEEDS})
    assert ended
    assert all(
        engine.describe(series)["events"] == 0 for engine in [worker._feeds[0].engine] for series in engine.series()
    )
