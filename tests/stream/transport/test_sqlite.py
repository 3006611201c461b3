import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time

import pytest

from stream import transport
from stream.transport.base import Commit, CommitUncertain, Mark, Output, Snapshot, TopicPartition, TransportError
from stream.transport.sqlite import Options, SqliteTransport

A = TopicPartition("in", 0)


class Owner:
    """Takes what is assigned."""

    def __init__(self):
        self.partitions = []

    def assigned(self, partitions):
        self.partitions = list(partitions)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "folder" / "log.db"


@pytest.fixture
def connect(path):
    made = []

    def make(**options):
        made.append(SqliteTransport(Options(path=path, **options)))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def log(connect):
    one = connect()
    one.start(["in"], Owner())
    return one


def outputs(*values, topic="in", key=b"k"):
    return [Output(topic, key, value) for value in values]


def test_the_registry_makes_it(path):
    one = transport.create("sqlite", {"path": path})
    assert isinstance(one, SqliteTransport)
    one.close()


def test_records_come_back_as_they_were(log):
    sent = Output("in", b"\x00key", b"\x00value", (("a", b"\x00"), ("b", b"")), 123)
    log.append([sent, Output("in", None, b"")])
    first, second = log.poll(10, 0)
    assert first == ("in", 0, 0, 123, b"\x00key", b"\x00value", (("a", b"\x00"), ("b", b"")))
    assert (second.offset, second.key, second.value, second.headers) == (1, None, b"", ())
    assert abs(second.timestamp_ms / 1000 - time.time()) < 60
    assert log.poll(10, 0) == []


def test_poll_takes_a_bounded_number_and_goes_on(log):
    log.append(outputs(*(b"%d" % i for i in range(7))))
    assert [record.value for record in log.poll(3, 0)] == [b"0", b"1", b"2"]
    assert log.lag() == {A: 4}
    assert [record.value for record in log.poll(100, 0)] == [b"3", b"4", b"5", b"6"]
    assert log.lag() == {A: 0}


def test_an_append_wakes_poll_at_once(log):
    log.poll(1, 0)
    threading.Timer(0.2, log.append, [outputs(b"x")]).start()
    began = time.monotonic()
    assert len(log.poll(1, 20)) == 1
    assert time.monotonic() - began < 5


def test_what_another_process_appends_is_seen(log, connect):
    assert log.poll(1, 0) == []
    connect().append(outputs(b"x"))
    assert len(log.poll(1, 5)) == 1


def test_the_same_key_goes_to_the_same_partition(connect):
    one, owner = connect(partitions=4), Owner()
    one.start(["in"], owner)
    one.append([Output("in", b"key-%d" % (i % 20), b"%d" % i) for i in range(200)])
    records = one.poll(1000, 0)
    assert owner.partitions == [TopicPartition("in", p) for p in range(4)]
    homes = {}
    for record in records:
        homes.setdefault(record.key, set()).add(record.partition)
    assert len(records) == 200
    assert all(len(home) == 1 for home in homes.values())
    assert len(set.union(*homes.values())) == 4


def test_no_partition_starves(connect):
    one = connect(partitions=2)
    one.start(["in"], Owner())
    one.append([Output("in", None, b"%d" % i, partition=0) for i in range(100)])
    one.append([Output("in", None, b"x", partition=1)])
    assert {record.partition for record in one.poll(10, 0)} == {0, 1}


def test_partitions_are_kept_for_topics_that_exist(connect):
    connect(partitions=3).append(outputs(b"x"))
    one, owner = connect(partitions=1), Owner()
    one.start(["in"], owner)
    one.poll(1, 0)
    assert len(owner.partitions) == 3


def commit_of(n):
    return Commit(
        outputs(b"out-%d" % n, topic="f.results"),
        {A: Mark(n, n - 1)},
        [Snapshot(A, "series", b"state-%d" % n), Snapshot(A, f"s{n}", b"x")],
    )


def test_a_commit_is_all_there_after_a_restart(log, connect):
    log.append(outputs(b"1", b"2", b"3"))
    log.poll(2, 0)
    log.commit(commit_of(1))
    log.commit(commit_of(2))
    log.close()
    again = connect()
    again.start(["in"], Owner())
    assert again.mark(A) == Mark(2, 1)
    assert {s.key: s.data for s in again.snapshots(A)} == {"series": b"state-2", "s1": b"x", "s2": b"x"}
    assert [record.value for record in again.tail("f.results", 10)] == [b"out-1", b"out-2"]
    assert [record.value for record in again.poll(10, 0)] == [b"3"]
    assert [record.value for record in again.read(A, 1, 3)] == [b"2", b"3"]


def test_nothing_of_a_commit_that_fails_is_there(log, path):
    log.append(outputs(b"1"))
    log.poll(1, 0)
    good = commit_of(1)
    bad = Commit([*good.outputs, Output("f.results", None, object())], good.marks, good.snapshots)
    with pytest.raises(CommitUncertain):
        log.commit(bad)
    assert log.tail("f.results", 9) == []
    assert log.mark(A) is None
    assert list(log.snapshots(A)) == []
    log.commit(good)
    assert len(log.tail("f.results", 9)) == 1


def test_unknown_topics_are_empty(log):
    assert log.tail("nothing", 5) == []
    assert list(log.read(TopicPartition("nothing", 0), 0, 5)) == []
    assert log.mark(TopicPartition("nothing", 0)) is None


def test_tail_merges_partitions_by_time(connect):
    one = connect(partitions=3)
    one.append([Output("t", None, b"%d" % i, timestamp_ms=i, partition=i % 3) for i in range(30)])
    assert [record.value for record in one.tail("t", 5)] == [b"25", b"26", b"27", b"28", b"29"]


def test_old_outputs_go_and_needed_inputs_stay(connect):
    one = connect(retain=1000)
    one.start(["in"], Owner())
    one.append(outputs(*[b"x"] * 5000))
    assert len(one.poll(10_000, 0)) == 5000
    many = outputs(*[b"y"] * 3000, topic="f.results")
    one.commit(Commit(many, {A: Mark(5000, 200)}))
    assert len(one.tail("f.results", 10_000)) == 1000
    assert next(one.read(A, 0, 9999)).offset == 200
    one.commit(Commit([], {A: Mark(5000, 5000)}))
    assert next(one.read(A, 0, 9999)).offset == 4000
    one.append(outputs(b"next"))
    assert one.poll(1, 0)[0].offset == 5000


def test_only_one_worker_at_a_time(log, connect):
    with pytest.raises(TransportError, match=rf"process {os.getpid()}.*transport\.path"):
        connect().start(["in"], Owner())
    log.close()
    connect().start(["in"], Owner())


def test_rebuild_assigns_anew_from_what_is_committed(log):
    log.append(outputs(b"1", b"2", b"3"))
    log.poll(1, 0)
    log.commit(Commit([], {A: Mark(1, 0)}))
    log.poll(2, 0)
    log.rebuild()
    assert [record.value for record in log.poll(9, 0)] == [b"2", b"3"]


def test_an_assignment_that_fails_is_repeated(path, connect):
    class Fails(Owner):
        tries = 0

        def assigned(self, partitions):
            self.tries += 1
            if self.tries == 1:
                raise RuntimeError("restore failed")

    one, owner = connect(), Fails()
    one.start(["in"], owner)
    one.append(outputs(b"x"))
    with pytest.raises(RuntimeError):
        one.poll(1, 0)
    assert len(one.poll(1, 0)) == 1
    assert owner.tries == 2


def test_many_writers(log, connect):
    def write(number, one):
        for i in range(50):
            one.append([Output("in", None, b"%d/%d/%d" % (number, i, k)) for k in range(3)])

    writers = [threading.Thread(target=write, args=(n, log if n % 2 else connect())) for n in range(6)]
    for writer in writers:
        writer.start()
    values = []
    while len(values) < 900:
        got = log.poll(100, 10)
        assert got
        values += [record.value for record in got]
        log.commit(Commit(outputs(b"o", topic="f.results"), {A: Mark(got[-1].offset + 1, 0)}))
    for writer in writers:
        writer.join()
    assert len(set(values)) == 900
    for n in range(6):
        assert [v for v in values if v.startswith(b"%d/" % n)] == [
            b"%d/%d/%d" % (n, i, k) for i in range(50) for k in range(3)
        ]


def test_foreign_files_and_other_versions_are_refused(path):
    path.parent.mkdir()
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE mine (x)")
    db.close()
    with pytest.raises(TransportError, match="database of something else"):
        SqliteTransport(Options(path=path))
    path.write_bytes(b"not a database at all" * 100)
    with pytest.raises(TransportError, match=r"log\.db: file is not a database"):
        SqliteTransport(Options(path=path))
    path.unlink()
    SqliteTransport(Options(path=path)).close()
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(TransportError, match="layout 99"):
        SqliteTransport(Options(path=path))


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(TransportError, match="cannot make the folder"):
        SqliteTransport(Options(path=tmp_path / "file" / "log.db"))


def test_errors_after_close_are_transport_errors(log):
    log.close()
    with pytest.raises(TransportError):
        log.append(outputs(b"x"))


APPENDING = """
import sys
from stream.transport.base import Output
from stream.transport.sqlite import Options, SqliteTransport
log = SqliteTransport(Options(path=sys.argv[1]))
for i in range(1_000_000):
    log.append([Output("in", None, b"%d/%d" % (i, k)) for k in range(3)])
    print(i, flush=True)
"""


def test_what_is_acknowledged_survives_kill_9(path, connect):
    process = subprocess.Popen([sys.executable, "-c", APPENDING, str(path)], stdout=subprocess.PIPE, text=True)
    for _ in range(25):
        process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    acknowledged = [25, *map(int, process.stdout.read().split())][-1]
    process.wait()
    process.stdout.close()
    records = connect().tail("in", 10**6)
    assert len(records) >= 3 * acknowledged
    assert [record.value for record in records] == [b"%d/%d" % (i // 3, i % 3) for i in range(len(records))]
    assert len(records) % 3 == 0
