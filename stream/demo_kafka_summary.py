"""What the Kafka demo finds in the output topics, and the tables it prints of that."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime

import msgspec
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from stream.demo_sensors import Fault
from stream.events import AlertRecord
from stream.transport.base import Record, TopicPartition
from stream.transport.kafka import KafkaTransport

#: An alert this soon after a fault began is taken as its.
SOON = 6 * 3600.0

SHOWN_ALERTS = 8


@dataclass
class Readback:
    """What came out for `inputs` records. answers : results and dead letters of each input."""

    inputs: int
    results: int = 0
    forecasts: int = 0
    answers: Counter[bytes] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)
    alerts: list[AlertRecord] = field(default_factory=list)

    @property
    def exactly_once(self) -> bool:
        return len(self.answers) == self.inputs and set(self.answers.values()) <= {1}


def read_back(back: Readback, transport: KafkaTransport, feed: str, partitions: int) -> None:
    """Read the output topics from their beginning, as any committed reader would."""
    alert = msgspec.json.Decoder(AlertRecord).decode
    for record in _all(transport, f"{feed}.results", partitions):
        back.results += 1
        back.answers[dict(record.headers)["ce_id"]] += 1
    for record in _all(transport, f"{feed}.dlq", partitions):
        headers = dict(record.headers)
        back.rejected[headers["dlq.error"].decode()] += 1
        back.answers[b"/".join(headers[f"dlq.{part}"] for part in ("topic", "partition", "offset"))] += 1
    back.forecasts = len(_all(transport, f"{feed}.forecasts", partitions))
    back.alerts = [alert(record.value or b"") for record in _all(transport, f"{feed}.alerts", partitions)]
    back.alerts.sort(key=lambda one: one.time)


def _all(transport: KafkaTransport, topic: str, partitions: int) -> list[Record]:
    ends = [transport.written_end(TopicPartition(topic, p)) for p in range(partitions)]
    return [record for p, end in enumerate(ends) for record in transport.read(TopicPartition(topic, p), 0, end)]


def conclude(console: Console, back: Readback, faults: list[tuple[Fault, float]], rate: float) -> None:
    opened = [alert for alert in back.alerts if alert.change == "opened"]
    missing = back.inputs - len(back.answers)
    repeated = sum(count > 1 for count in back.answers.values())
    verdict = "[green]yes[/]" if back.exactly_once else f"[red]no: {missing} without, {repeated} with several[/]"
    table = Table(box=SIMPLE_HEAD, show_header=False)
    table.add_column(style="bold")
    table.add_column(justify="right")
    table.add_row("records in", f"{back.inputs:,}")
    table.add_row("results", f"{back.results:,}")
    table.add_row("dead letters", f"{back.rejected.total():,}")
    table.add_row("each input answered exactly once", verdict)
    table.add_row("forecasts", f"{back.forecasts:,}")
    table.add_row("alerts opened", f"{len(opened):,}")
    table.add_row("records a second, committed", "-" if math.isnan(rate) else f"{rate:,.0f}")
    console.print(table)
    reasons = ", ".join(f"{reason} {count}" for reason, count in sorted(back.rejected.items()))
    console.print(f"dead letters by reason: {reasons}")
    console.print(_faults(back.alerts, faults))
    console.print(_alerts(opened))


def _faults(alerts: list[AlertRecord], faults: list[tuple[Fault, float]]) -> Table:
    """A fault counts as seen when an alert opens soon after, or one that is open already gets more severe."""
    table = Table("fault put in", "sensor", "began", "alert", box=SIMPLE_HEAD)
    for fault, begin in faults:
        until = begin + fault.lasts + SOON
        answer = "none"
        for alert in alerts:
            if alert.series == fault.series and begin <= alert.time < until and alert.change != "closed":
                answer = f"{alert.change} after {(alert.time - begin) / 60:.0f} min, {alert.severity}"
                break
        table.add_row(fault.kind, fault.series, _date(begin), answer)
    return table


def _alerts(opened: list[AlertRecord]) -> Table:
    title = f"the first {SHOWN_ALERTS} of {len(opened)} alerts" if len(opened) > SHOWN_ALERTS else "alerts"
    table = Table("when", "severity", "why", title=title, title_justify="left", box=SIMPLE_HEAD)
    for alert in opened[:SHOWN_ALERTS]:
        table.add_row(_date(alert.time), alert.severity, f"{alert.series}: {alert.why}")
    return table


def _date(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%a %d %b %H:%M}"
