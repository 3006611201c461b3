"""What each step from the embedded log and back to it costs, per event.

    python -m benchmarks.embedded [--events 100000] [--series 1000]

JSON events of 50 bytes, horizons 1h and 1d, a commit every 20,000 events with 2,000 saved series, in /tmp. CPU time of
this process, so that other programs disturb it little; waits for the disk are in the last line only.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from stream import codec
from stream.config import FeedSettings
from stream.engine import FeedEngine
from stream.runtime import tune_collector
from stream.transport.base import Commit, Mark, Output, TopicPartition
from stream.transport.sqlite import Options, SqliteTransport
from stream.warmup import warm_up

COMMIT_EVENTS = 20_000
SNAPSHOT_ROWS = 2_000
SOURCE = TopicPartition("f", 0)

T = TypeVar("T")


class Stopwatch:
    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def __call__(self, name: str, work: Callable[..., T], *arguments: Any) -> T:
        began = time.process_time()
        result = work(*arguments)
        self.seconds[name] = self.seconds.get(name, 0.0) + time.process_time() - began
        return result


class Owner:
    """Owns what it is given."""

    def assigned(self, partitions: object) -> None: ...


def run(events: int = 100_000, series: int = 1_000) -> None:
    feed = FeedSettings(name="f")
    warm_up(None, Console(stderr=True))
    tune_collector()
    values = np.random.default_rng(0).normal(size=events)
    outputs = [
        Output("f", None, b'{"series":"s%d","time":%d.25,"value":%.4f}' % (i % series, 1_600_000_000 + i, value))
        for i, value in enumerate(values)
    ]
    watch, engine, one = Stopwatch(), FeedEngine(feed), codec.create(feed)
    with tempfile.TemporaryDirectory() as folder:
        log = SqliteTransport(Options(path=Path(folder) / "log.db"))
        log.start(["f"], Owner())  # type: ignore[arg-type]
        watch("append the inputs", log.append, outputs)
        wall, forecasts = time.perf_counter(), 0
        while records := watch("poll", log.poll, COMMIT_EVENTS, 0.0):
            batch, _ = watch("decode", one.decode, SOURCE, records)
            results = watch("model", engine.step, batch)
            out = watch("encode results", one.results, batch, results)
            made = watch("encode forecasts", one.forecasts, batch, results)
            alerts, _ = watch("encode alerts", one.alerts, batch, results)
            forecasts += len(made)
            done = records[-1].offset + 1
            snapshots = engine.snapshots(SNAPSHOT_ROWS)
            mark = Mark(done, engine.dirty.replay_from(SOURCE, done))
            watch("commit", log.commit, Commit(out + made + alerts, {SOURCE: mark}, snapshots))
        wall = time.perf_counter() - wall
        log.close()
    table = Table(f"{events} events, {series} series, {forecasts} forecast records", "us an event")
    for name, seconds in watch.seconds.items():
        table.add_row(name, f"{seconds / events * 1e6:.2f}")
    table.add_section()
    total = sum(seconds for name, seconds in watch.seconds.items() if name != "append the inputs")
    table.add_row("all but the inputs", f"{total / events * 1e6:.2f}")
    table.add_row("the same by the clock", f"{wall / events * 1e6:.2f}")
    Console().print(table)


if __name__ == "__main__":
    typer.run(run)
