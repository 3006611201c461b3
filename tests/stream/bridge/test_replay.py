"""A replay brings every recorded event into the log once, in order, whatever interrupts it."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from stream.bridge.recorded import Recorded
from stream.bridge.replay import BATCH, MAX_LAG, Options, Pace, ReplayBridge, arrived, create
from stream.config import FeedSettings
from stream.transport.base import Output, Record, TopicPartition, TransportError
from stream.transport.sqlite import Options as SqliteOptions
from stream.transport.sqlite import SqliteTransport


def recorded(n: int, topics: Sequence[str] = ("a",), spacing: float = 1.0) -> Recorded:
    times = 1.36e9 + spacing * np.arange(n)
    return Recorded(times, [Output(topics[i % len(topics)], b"k%d" % (i % 7), b"%d" % i) for i in range(n)])


class SqliteLog:
    """The log of a service whose worker keeps up."""

    def __init__(self, path: Path, partitions: int = 3) -> None:
        self.transport = SqliteTransport(SqliteOptions(path=path, partitions=partitions))
        self.waiting = 0

    def append(self, outputs: Sequence[Output]) -> None:
        self.transport.append(outputs)

    def tail(self, topic: str, count: int) -> list[Record]:
        return self.transport.tail(topic, count)

    def lag(self) -> int:
        return self.waiting

    def all(self, *topics: str) -> list[Record]:
        found = []
        for topic in topics:
            for partition in range(3):
                found += list(self.transport.read(TopicPartition(topic, partition), 0, 1 << 40))
        return found


@pytest.fixture
def log(tmp_path: Path) -> Iterator[SqliteLog]:
    log = SqliteLog(tmp_path / "log.db")
    yield log
    log.transport.close()


def values(records: Sequence[Record]) -> list[int]:
    return [int(record.value or b"") for record in records]


def run(log: SqliteLog, events: Recorded, pace: Pace | None = None, name: str = "r") -> ReplayBridge:
    bridge = ReplayBridge(name, lambda: events, pace or Pace())
    bridge.run(log, threading.Event())
    return bridge


def test_everything_arrives_once_and_in_order_within_a_key(log: SqliteLog) -> None:
    bridge = run(log, recorded(5000, ("a", "b")))
    records = log.all("a", "b")
    assert sorted(values(records)) == list(range(5000))
    by_key: dict[tuple[str, bytes | None], list[int]] = {}
    for record in records:
        by_key.setdefault((record.topic, record.key), []).append(int(record.value or b""))
    assert all(found == sorted(found) for found in by_key.values())
    assert bridge.position == bridge.total == 5000


def test_a_second_run_adds_only_what_is_new(log: SqliteLog) -> None:
    run(log, recorded(3000))
    run(log, recorded(3000))
    run(log, recorded(3500))
    assert sorted(values(log.all("a"))) == list(range(3500))
    run(log, recorded(10), name="another")
    assert len(log.all("a")) == 3510


def test_records_of_others_do_not_hide_the_position(log: SqliteLog) -> None:
    run(log, recorded(2500))
    log.append([Output("a", b"x", b"-1")] * 50_000)
    run(log, recorded(2600))
    assert sorted(v for v in values(log.all("a")) if v >= 0) == list(range(2600))


class TornLog(SqliteLog):
    """A log that, like a broker without transactions, may keep any part of an append that fails."""

    def __init__(self, path: Path, seed: int) -> None:
        super().__init__(path)
        self.random = random.Random(seed)
        self.failures = 0

    def append(self, outputs: Sequence[Output]) -> None:
        if self.random.random() < 0.5:
            self.failures += 1
            partition_kept = {key: self.random.random() < 0.5 for key in {o.key for o in outputs}}
            super().append([o for o in outputs if partition_kept[o.key]])
            raise TransportError("the connection is gone")
        super().append(outputs)


@pytest.mark.parametrize("seed", range(5))
def test_torn_appends_are_mended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    monkeypatch.setattr(threading.Event, "wait", lambda self, timeout=None: self.is_set())
    log = TornLog(tmp_path / "log.db", seed)
    run(log, recorded(20_000, ("a", "b", "c")))
    assert log.failures > 0
    assert sorted(values(log.all("a", "b", "c"))) == list(range(20_000))
    log.transport.close()


def test_arrived(log: SqliteLog) -> None:
    assert arrived(log, ["a"], "r") == (-1, set())
    run(log, recorded(3 * BATCH, ("a", "b")))
    newest, present = arrived(log, ["a", "b"], "r")
    assert newest == 3 * BATCH - 1
    assert present >= set(range(2 * BATCH, 3 * BATCH))
    assert arrived(log, ["a"], "nobody") == (-1, set())


def test_speed(log: SqliteLog) -> None:
    begin = time.monotonic()
    run(log, recorded(1000), Pace(speed=2000))
    assert 0.4 < time.monotonic() - begin < 5
    begin = time.monotonic()
    run(log, recorded(1000, ("b",)), Pace(lasting="500ms"))
    assert 0.4 < time.monotonic() - begin < 5
    assert len(log.all("a", "b")) == 2000


def test_it_waits_while_too_much_waits(log: SqliteLog) -> None:
    log.waiting = MAX_LAG + 1
    stop = threading.Event()
    bridge = ReplayBridge("r", lambda: recorded(100), Pace())
    thread = threading.Thread(target=bridge.run, args=(log, stop))
    thread.start()
    time.sleep(0.2)
    assert log.all("a") == []
    log.waiting = 0
    thread.join(10)
    assert len(log.all("a")) == 100


def test_stop_ends_a_slow_replay(log: SqliteLog) -> None:
    stop = threading.Event()
    thread = threading.Thread(target=ReplayBridge("r", lambda: recorded(100), Pace(speed=0.01)).run, args=(log, stop))
    thread.start()
    time.sleep(0.2)
    stop.set()
    thread.join(5)
    assert not thread.is_alive()
    assert values(log.all("a")) == [0]


def test_replays_of_other_files_or_feeds_are_others() -> None:
    feeds = [FeedSettings(name=name) for name in "ab"]
    files = [(Path("x/1.csv"),), (Path("y/1.csv"),), (Path("1.csv"), Path("2.csv"))]
    names = [[create(feed, Options(files=paths), {}).name for paths in files] for feed in feeds]
    assert names[0][0] == names[0][1]  # a file may be moved
    assert len({*names[0], *names[1]}) == 4


def test_pace_takes_one_of_both() -> None:
    with pytest.raises(ValidationError, match="not both"):
        Pace(speed=2.0, lasting="1m")
    with pytest.raises(ValidationError):
        Pace(speed=0)
    with pytest.raises(ValidationError):
        Options(files=())


_CHILD = """
import sys, threading
from pathlib import Path
from tests.stream.bridge.test_replay import SqliteLog, recorded
from stream.bridge.replay import Pace, ReplayBridge
log = SqliteLog(Path(sys.argv[1]))
print("go", flush=True)
ReplayBridge("r", lambda: recorded(40_000, ("a", "b")), Pace(lasting="2s")).run(log, threading.Event())
"""


def test_kill_9_at_random_moments(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    random_moment = random.Random(os.getpid())
    for attempt in range(20):
        child = subprocess.Popen([sys.executable, "-c", _CHILD, str(path)], stdout=subprocess.PIPE)
        with child, child.stdout:  # type: ignore[union-attr]
            child.stdout.readline()  # type: ignore[union-attr]
            try:
                assert child.wait(random_moment.uniform(0.05, 0.7) if attempt < 3 else 60) == 0
                break
            except subprocess.TimeoutExpired:
                child.send_signal(signal.SIGKILL)
    else:
        pytest.fail("never finished")
    assert attempt >= 3
    log = SqliteLog(path)
    assert sorted(values(log.all("a", "b"))) == list(range(40_000))
    log.transport.close()
