"""The demo as a real process: it ends by itself, and kill -9 costs nothing."""

import itertools
import json
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from liquid.results import result_dtype
from stream.config import FeedSettings
from stream.demo import forget, settings_for
from stream.demo_summary import Summary, Tally, add_alerts, tables
from stream.events import AlertRecord
from stream.pipeline import Emitted
from stream.transport.base import TopicPartition
from stream.transport.sqlite import Options, SqliteTransport


def alert(series: str, change: str, begin: float, peak: float) -> AlertRecord:
    return AlertRecord(series, change, begin, begin, peak, begin, "minor", "above", 1.0, 0.0, 0.0, 0.0, {}, "why")


def test_alerts_count_on_the_day_when_they_began_in_new_york() -> None:
    summary = Summary()
    late = 1360380600.0  # 2013-02-08 22:30 there, already the 9th in UTC
    add_alerts(
        summary,
        [
            alert("a", "opened", late, 1.2),
            alert("a", "escalated", late, 2.5),
            alert("a", "closed", late, 2.5),
            alert("b", "opened", late, 1.1),
            alert("b", "opened", late + 86400, 1.0),
        ],
    )
    assert summary.alerts == 3
    assert summary.by_series == {"a": 1, "b": 2}
    day = summary.days[date(2013, 2, 8)]
    assert (day.alerts, day.weight) == (2, pytest.approx(3.6))
    shown = tables(summary, Tally([]))[0]
    assert list(shown.columns[0].cells) == ["Fri 08 Feb 2013", "Sat 09 Feb 2013"]


def test_the_tally_scores_every_feed_on_its_own() -> None:
    feeds = [FeedSettings(name=name, horizons=(60.0,)) for name in "ab"]
    tally = Tally(feeds)
    results = np.zeros(100, result_dtype(1))
    results["time"] = np.repeat(np.arange(50) * 60.0, 2)
    results["value"] = np.arange(100) // 2
    results["mean"][:, 0] = results["value"] + 1.5
    results["lo95"][:, 0], results["hi95"][:, 0] = results["value"], results["value"] + 2
    for part in (slice(0, 33), slice(33, 100)):
        ids = ["x", "y"] * 50
        tally.add([Emitted("a", ids[part], results[part], [])])
    (a,), (b,) = tally.boards["a"].scores(), tally.boards["b"].scores()
    assert (a.scored, a.series, a.relative_error, a.coverage95) == (98, 2, pytest.approx(0.5), 1.0)
    assert b.scored == 0


def test_settings(tmp_path: Path) -> None:
    settings = settings_for(tmp_path, 9000, 30)
    assert settings.transport.options["path"] == str(tmp_path / "log.db")
    assert (settings.api.port, settings.api.next_free_port) == (9000, True)
    assert settings.sources[0].options["lasting"] < 30
    assert settings_for(tmp_path, 0, None).sources[0].options["lasting"] == "3m"


def test_fresh_removes_the_log_and_nothing_else(tmp_path: Path) -> None:
    for name in ("log.db", "log.db-wal", "mine.txt"):
        (tmp_path / name).touch()
    forget(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@contextmanager
def demo(state: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A running demo and the address that it printed."""
    program = Path(sys.executable).with_name("liquidstream")
    command = [program, "demo", "--state", state, "--port", "18080", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        head = "".join(itertools.islice(process.stdout, 4))
        found = re.search(r"http://127\.0\.0\.1:\d+", head)
        assert found, head
        yield process, found[0]
    finally:
        process.kill()
        process.communicate()


def get(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return json.load(answer)


def wait_for_events(address: str, count: int) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if get(f"{address}/v1/stats")["events"] >= count:
            return
        time.sleep(0.1)
    pytest.fail(f"no {count} events in two minutes")


@pytest.mark.slow
def test_it_ends_by_itself_with_a_summary(tmp_path: Path) -> None:
    with demo(tmp_path, "--seconds", "15") as (process, address):
        wait_for_events(address, 5_000)
        with demo(tmp_path / "another", "--seconds", "60") as (_, another):
            assert another != address
        series = get(f"{address}/v1/series?limit=500")
        assert {one["feed"] for one in series["series"]} == {"flights", "cancelled", "weather", "machine"}
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        assert "Traceback" not in err
    for words in ("a second", "alerts, dead letters", "sum of peaks", "Jan 2013", "error / last value", "flights"):
        assert words in out


@pytest.mark.slow
def test_ctrl_c_ends_it_cleanly(tmp_path: Path) -> None:
    with demo(tmp_path) as (process, address):
        wait_for_events(address, 100)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
        assert "Traceback" not in out + err


@pytest.mark.slow
def test_after_kill_9_it_goes_on_from_where_it_was(tmp_path: Path) -> None:
    for events in (3_000, 9_000):
        with demo(tmp_path, "--seconds", "600") as (process, address):
            wait_for_events(address, events // 2)
            process.kill()
    with demo(tmp_path, "--seconds", "8") as (process, _):
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        assert "with those of earlier runs" in out
    log = SqliteTransport(Options(path=tmp_path / "log.db"))
    feeds = ("flights", "cancelled", "weather")
    inputs = [record for feed in feeds for record in log.read(TopicPartition(feed, 0), 0, 1 << 40)]
    places = sorted(int(dict(record.headers)["ce_id"]) for record in inputs)
    assert places == list(range(len(places)))
    assert len(places) > 6_000
    for feed in feeds:
        mark = log.mark(TopicPartition(feed, 0))
        results = [
            dict(r.headers)["ce_id"].decode() for r in log.read(TopicPartition(f"{feed}.results", 0), 0, 1 << 40)
        ]
        assert len(set(results)) == len(results)
        assert mark
        assert {int(name.split("/")[2]) for name in results} == set(range(mark.next_offset))
    log.close()
