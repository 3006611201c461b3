"""`liquidstream demo`: a year of New York's airports and this machine, under one command."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.live import Live
from rich.text import Text

if TYPE_CHECKING:
    from stream.config import Settings
    from stream.demo_summary import Tally
    from stream.runtime import Service
    from stream.transport.base import Record

CONFIG = Path(__file__).with_name("demo.yaml")
STATE = Path("data/demo")
LOG = "log.db"

#: Of the seconds that a timed demo has, the share in which the year is to pass; the rest is for catching up.
REPLAY_SHARE = 0.6
REFRESH_SECONDS = 0.25


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("demo", epilog=EXAMPLES)(command)


EXAMPLES = """Examples:

  liquidstream demo

  liquidstream demo --seconds 30 --fresh"""


def command(
    seconds: Annotated[float | None, typer.Option(min=1, help="End after so long, with a summary.")] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Of the dashboard; the next free one if taken.")] = 8080,
    state: Annotated[Path, typer.Option(help="Folder of the log; the next start goes on from it.")] = STATE,
    fresh: Annotated[bool, typer.Option("--fresh", help="Forget earlier runs.")] = False,
) -> None:
    """Watch real series being forecast and scored: New York's airports in 2013, replayed, and this machine, live."""
    from stream import logs
    from stream.demo_summary import Tally
    from stream.files import FileError
    from stream.runtime import EXIT_FAILED, Service
    from stream.server import AddressError
    from stream.transport.base import TransportError
    from stream.warmup import warm_up

    errors = Console(stderr=True, highlight=False, soft_wrap=True)
    console = Console(highlight=False, soft_wrap=True)
    if fresh:
        forget(state)
    settings = settings_for(state, port, seconds)
    logs.configure(settings.log)
    try:
        warm_up(settings, errors)
        tally = Tally(settings.feeds)
        service = Service(settings, tally.add)
        with _ends_on_signals(service):
            began = time.monotonic()
            try:
                service.start()
                introduce(console, service, state, seconds)
                watch(console, service, seconds)
            finally:
                elapsed = time.monotonic() - began
                code = service.stop()
    except (TransportError, AddressError) as error:
        text = f"the demo cannot run\n{error}\nis another one running? choose another --state or --port"
        errors.print(text, style="red", markup=False)
        raise typer.Exit(EXIT_FAILED) from None
    except FileError as error:
        errors.print(str(error), style="red", markup=False)
        raise typer.Exit(EXIT_FAILED) from None
    if service.failure:
        text = f"the demo ended early\n{service.failure}\nstart it again, which goes on from here, or with --fresh"
        errors.print(text, style="red", markup=False)
    elif seconds is not None:
        conclude(console, service, tally, elapsed)
    raise typer.Exit(code)


def settings_for(state: Path, port: int, seconds: float | None) -> Settings:
    """The demo's settings: the file beside this one, and what the command line says."""
    from stream.configfile import load

    sources: list[dict[str, Any]] = []
    settings = load(CONFIG)
    for source in settings.sources:
        options = {"kind": source.kind, "feed": source.feed, **source.options}
        if seconds is not None and "lasting" in options:
            options["lasting"] = seconds * REPLAY_SHARE
        sources.append(options)
    changes = {"transport": {"path": str(state / LOG)}, "api": {"port": port}, "sources": sources}
    return load(CONFIG, changes)


def forget(state: Path) -> None:
    """Remove the log of earlier runs, and nothing else that may lie there."""
    for path in state.glob(f"{LOG}*"):
        path.unlink()


@contextmanager
def _ends_on_signals(service: Service) -> Iterator[None]:
    signals = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, lambda *_: service.end()) for number in signals}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def introduce(console: Console, service: Service, state: Path, seconds: float | None) -> None:
    """Four lines; the fifth is the live one."""
    pace = "three minutes" if seconds is None else f"about {seconds * REPLAY_SHARE:.0f} s"
    ended = "Ctrl-C" if seconds is None else f"Ctrl-C, or wait {seconds:g} s"
    console.print(f"[bold]liquidstream demo[/]  New York's flights of 2013 in {pace}, and this machine, live")
    console.print(f"dashboard  {service.address}")
    console.print(f"kept in    {state} (the next start goes on from there; --fresh starts anew)")
    console.print(f"stop with  {ended}")


def watch(console: Console, service: Service, seconds: float | None) -> None:
    """Show the counters until the end is asked for or the time is over."""
    deadline = time.monotonic() + (seconds if seconds is not None else float("inf"))
    with Live(console=console, auto_refresh=False) as live:
        while not service.wait(min(REFRESH_SECONDS, max(deadline - time.monotonic(), 0.0))):
            live.update(counters(service), refresh=console.is_terminal)
            if time.monotonic() >= deadline:
                break
        live.update(counters(service))


def counters(service: Service) -> Text:
    ready, state = service.ready()
    if not ready:
        return Text(f"{state} ...")
    stats = service.stats()
    parts = [
        f"{stats['events']:,} events",
        f"{stats['events_per_second']:,.0f}/s",
        f"{stats['series']:,} series",
        f"{stats['open_alerts']:,} open alerts",
        f"lag {stats['lag']:,}",
    ]
    if reached := replayed_until(service.tail):
        parts.insert(0, f"{reached:%d %b %Y}")
    return Text(" · ".join(parts), no_wrap=True, overflow="ellipsis")


def replayed_until(tail: Callable[[str, int], list[Record]]) -> datetime | None:
    """Time of the newest flight that has a result."""
    newest = tail("flights.results", 1)
    if not newest or not newest[-1].value:
        return None
    return datetime.fromtimestamp(msgspec.json.decode(newest[-1].value)["time"], UTC)


def conclude(console: Console, service: Service, tally: Tally, elapsed: float) -> None:
    """The summary."""
    from stream import demo_summary, transport

    settings = service.settings
    log = transport.create(settings.transport.kind, settings.transport.options)
    try:
        summary = demo_summary.summarise(log, settings.feeds)
        reached = replayed_until(log.tail)
        kept = sum(record.offset + 1 for feed in settings.feeds for record in log.tail(feed.results, 1))
    finally:
        log.close()
    stats = service.stats()
    rejected = ", ".join(f"{count:,} {reason}" for reason, count in summary.rejected.most_common()) or "none"
    earlier = f" ({kept:,} with those of earlier runs)" if kept > stats["events"] else ""
    console.print()
    console.print(f"{stats['events']:,} events{earlier} in {elapsed:.1f} s, {stats['events'] / elapsed:,.0f} a second")
    console.print(f"{stats['series']:,} series, {summary.alerts:,} alerts, dead letters: {rejected}")
    if reached:
        console.print(f"the flights are replayed until {reached:%d %B %Y}; a start without --fresh goes on from there")
    wide = Console(highlight=False)
    wide.print(*demo_summary.tables(summary, tally, wide.width))
