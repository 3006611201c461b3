"""`python -m stream.demo_kafka`: the whole path over a real Kafka broker, checked.

Brings a broker up if none answers, produces the readings of simulated sensors, lets a worker process have them, reads
everything back as another program would, and counts. What it started and made, it removes.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Annotated

import typer
from kafka import KafkaAdminClient, KafkaConsumer
from kafka import TopicPartition as KafkaPartition
from kafka.errors import KafkaError
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

from stream import logs
from stream.config import OUTPUTS, Settings
from stream.configfile import ConfigError, load
from stream.demo_kafka_summary import Readback, conclude, read_back
from stream.demo_sensors import simulate
from stream.transport.base import TransportError
from stream.transport.kafka import Options, create
from stream.warmup import warm_up

BROKER = Path(__file__).parent.parent / "deploy" / "kafka" / "broker.py"
ADDRESS = "127.0.0.1:9092"
PARTITIONS = 4
CHUNK = 1000
STALLED_SECONDS = 120.0

EXIT_NOT_ONCE = 1
EXIT_ENVIRONMENT = 3

CONFIG = """\
transport: {{kind: kafka, bootstrap: "{bootstrap}", group: {feed}, partitions: {partitions}, session_timeout: 6s}}
commit: {{interval: 200ms, max_events: 1000}}
feeds: [{{name: {feed}, horizons: [1h, 6h], label: Sensors}}]
api: {{enabled: false}}
log: {{level: warning}}
"""


class DemoError(Exception):
    """Why the demo cannot go on, in three lines: what, where, what to do."""


app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def main(
    events: Annotated[int, typer.Option(min=100, help="How many readings to produce.")] = 10_000,
    bootstrap: Annotated[str, typer.Option(help="A broker; the default one is started if it does not run.")] = ADDRESS,
) -> None:
    """Events in, results, forecasts, alerts and dead letters out, over a real Kafka broker, each exactly once."""
    console = Console(highlight=False, soft_wrap=True)
    try:
        with ExitStack() as stack:
            code = _demo(stack, console, events, bootstrap)
    except (DemoError, TransportError, ConfigError) as error:
        Console(stderr=True, highlight=False, soft_wrap=True).print(str(error), style="red", markup=False)
        raise typer.Exit(EXIT_ENVIRONMENT) from None
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    raise typer.Exit(code)


def _demo(stack: ExitStack, console: Console, events: int, bootstrap: str) -> int:
    started = stack.enter_context(broker(bootstrap))
    console.print(f"[bold]liquidstream on Kafka[/]  broker {bootstrap}{' (started for this)' if started else ''}")
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="liquidstream-")))
    feed = f"demo-{uuid.uuid4().hex[:8]}"
    config = folder / "kafka.yaml"
    config.write_text(CONFIG.format(bootstrap=bootstrap, feed=feed, partitions=PARTITIONS))
    settings = load(config)
    logs.configure(settings.log)
    warm_up(settings, console)
    options = Options.model_validate(settings.transport.options)
    stack.enter_context(topics_removed(bootstrap, feed, options))
    transport = create(options)
    stack.callback(transport.close)

    simulation = simulate(feed, events)
    with Progress(
        SpinnerColumn(), TextColumn("{task.description:<9}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        console=console,
    ) as bars:  # fmt: skip
        produced = bars.add_task("produced", total=len(simulation.records))
        for i in range(0, len(simulation.records), CHUNK):
            transport.append(simulation.records[i : i + CHUNK])
            bars.update(produced, completed=i + len(simulation.records[i : i + CHUNK]))
        committed = bars.add_task("committed", total=len(simulation.records))
        with worker(config, folder / "worker.log") as process:
            rate = watch(bars, committed, process, settings, len(simulation.records))
    back = Readback(len(simulation.records))
    read_back(back, transport, feed, PARTITIONS)
    conclude(console, back, simulation.faults, rate)
    return 0 if back.exactly_once else EXIT_NOT_ONCE


@contextmanager
def broker(bootstrap: str) -> Iterator[bool]:
    """A broker that answers; True if it was started here, then it is stopped in the end."""
    if bootstrap != ADDRESS or _broker("status").returncode == 0:
        yield False
        return
    if not BROKER.exists():
        raise DemoError(
            f"no broker answers\nwhere: {bootstrap}; starting one needs the project's folder, not only its package\n"
            "do: start a broker, and name it with --bootstrap"
        )
    if (up := _broker("up")).returncode:
        raise DemoError(up.stderr.strip())
    try:
        yield True
    finally:
        _broker("down")


def _broker(command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, str(BROKER), command], capture_output=True, text=True)


@contextmanager
def topics_removed(bootstrap: str, feed: str, options: Options) -> Iterator[None]:
    """Delete in the end what this demo made in the broker, if that is still there."""
    try:
        yield
    finally:
        with suppress(KafkaError), KafkaAdminClient(bootstrap_servers=bootstrap, bootstrap_timeout_ms=2000) as admin:
            wanted = {feed, options.snapshots_topic, *(f"{feed}.{kind}" for kind in OUTPUTS)}
            if there := sorted(wanted.intersection(admin.list_topics())):
                admin.delete_topics(there)


@contextmanager
def worker(config: Path, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`liquidstream run`; in the end it is asked to stop, as a service manager would, and must do so cleanly."""
    command = [str(Path(sys.executable).with_name("liquidstream")), "run", "--config", str(config)]
    with log.open("wb") as stream:
        process = subprocess.Popen(command, stdout=stream, stderr=stream)
    try:
        yield process
        process.send_signal(signal.SIGTERM)
        if code := process.wait(timeout=60):
            raise _worker_failed(code, log)
    except DemoError:
        raise _worker_failed(process.poll(), log) from None
    finally:
        process.kill()
        process.wait()


def _worker_failed(code: int | None, log: Path) -> DemoError:
    tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
    return DemoError(f"the worker failed (exit code {code})\nwhere: its log ends with\n{tail}\ndo: see docs/kafka.md")


def watch(bars: Progress, task: TaskID, process: subprocess.Popen[bytes], settings: Settings, total: int) -> float:
    """Show how far the group has committed until it is through; gives records a second."""
    group = settings.transport.options["group"]
    partitions = [KafkaPartition(settings.feeds[0].topics[0], p) for p in range(PARTITIONS)]
    first: tuple[float, int] | None = None
    changed, done = time.monotonic(), 0
    with KafkaConsumer(
        bootstrap_servers=settings.transport.options["bootstrap"], group_id=group, enable_auto_commit=False
    ) as consumer:
        while done < total:
            time.sleep(0.1)
            now, before = time.monotonic(), done
            done = sum(consumer.committed(partition) or 0 for partition in partitions)
            if done != before:
                changed = now
                first = first or (now, done)
                bars.update(task, completed=done)
            if process.poll() is not None or now - changed > STALLED_SECONDS:
                raise DemoError("the worker does not get through")
    assert first is not None
    # One commit holds everything when there is little: then the rate cannot be told from commits.
    return (total - first[1]) / (changed - first[0]) if changed > first[0] else float("nan")


if __name__ == "__main__":
    app()
