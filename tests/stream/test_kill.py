"""The promise of exactly once: a real worker process on the embedded log, killed with SIGKILL while it works."""

import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from stream.transport.base import Output
from stream.transport.sqlite import Options, SqliteTransport

pytestmark = pytest.mark.slow

EVENTS, SERIES, PARTITIONS = 20_000, 300, 4
TOPICS = ("f.results", "f.forecasts", "f.alerts", "f.drift", "f.dlq")

CONFIG = """
transport: {{kind: sqlite, path: {path}, partitions: {partitions}}}
commit: {{interval: 100ms, max_events: 300, snapshot_rows: 20}}
feeds: [{{name: f, horizons: [1m, 1h]}}]
api: {{enabled: false}}
"""


def open_log(path):
    return SqliteTransport(Options(path=path, partitions=PARTITIONS))


def prepare(folder):
    """A log of events, the same ones for every folder, and a configuration for it."""
    rng = random.Random(7)
    log = open_log(folder / "log.db")
    log.append(
        [
            Output("f", b"%d" % series, body, timestamp_ms=i)
            for i in range(EVENTS)
            for series in [rng.randrange(SERIES)]
            for body in [
                b'{"series":"s%d","time":%d,"value":%f}' % (series, 1_600_000_000 + i, rng.gauss(0, 1))
                if rng.random() > 0.01
                else b"nonsense"
            ]
        ]
    )
    log.close()
    (folder / "config.yaml").write_text(CONFIG.format(path=folder / "log.db", partitions=PARTITIONS))


def start(folder):
    command = [Path(sys.executable).with_name("liquidstream"), "run", "--config", folder / "config.yaml"]
    return subprocess.Popen(command, stderr=subprocess.PIPE)


def answered(folder):
    """Inputs that have a committed result or dead letter."""
    query = "SELECT COUNT(*) FROM records JOIN topics ON topic = id WHERE name IN ('f.results', 'f.dlq')"
    with closing(sqlite3.connect(folder / "log.db", timeout=30)) as db:
        return db.execute(query).fetchone()[0]


def wait_for(folder, process, results):
    deadline = time.monotonic() + 300
    while answered(folder) < results:
        assert process.poll() is None, process.stderr.read().decode()
        assert time.monotonic() < deadline
        time.sleep(0.02)


def finish(folder):
    """One more life, to the end of the events and a clean stop."""
    process = start(folder)
    wait_for(folder, process, EVENTS)
    process.send_signal(signal.SIGTERM)
    _, log = process.communicate(timeout=60)
    assert process.returncode == 0, log.decode()


def outputs(folder):
    log = open_log(folder / "log.db")
    found = []
    for topic in TOPICS:
        for record in log.tail(topic, EVENTS * 3):
            headers = dict(record.headers)
            place = headers.get("ce_id") or b"/".join(headers[f"dlq.{k}"] for k in ("topic", "partition", "offset"))
            found.append(((topic, place), (record.key, record.value, record.headers)))
    log.close()
    return found


def test_killed_at_random_the_outputs_are_those_of_an_undisturbed_run(tmp_path):
    undisturbed, disturbed = tmp_path / "undisturbed", tmp_path / "disturbed"
    for folder in (undisturbed, disturbed):
        folder.mkdir()
        prepare(folder)
    finish(undisturbed)
    rng = random.Random()
    kills = sorted(rng.sample(range(300, EVENTS * 2 // 3), 5))
    for kill in kills:
        process = start(disturbed)
        wait_for(disturbed, process, kill)
        time.sleep(rng.uniform(0, 0.05))
        process.kill()
        process.communicate()
        assert process.returncode == -signal.SIGKILL
    assert answered(disturbed) < EVENTS, "the last kill came too late to prove anything"
    finish(disturbed)
    expected, got = outputs(undisturbed), outputs(disturbed)
    repeated = [place for place, count in Counter(place for place, _ in got).items() if count > 1]
    assert not repeated, f"killed after {kills}"
    assert dict(got) == dict(expected), f"killed after {kills}"
    assert sum(topic in ("f.results", "f.dlq") for (topic, _), _ in got) == EVENTS
