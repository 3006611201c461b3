"""What the demo says in the end: alerts by day, how good the forecasts were, what could not be read.

Alerts and dead letters are counted in the topics, so earlier runs are in it; forecasts are those of this run.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
from rich.table import Table

from liquid.results import BANDS
from stream import units
from stream.config import FeedSettings
from stream.events import AlertRecord
from stream.pipeline import Emitted
from stream.scoreboard import Scoreboard
from stream.tables import forecast_cells, table
from stream.transport.base import Record, TopicPartition, Transport

#: Dates are those of the airports.
ZONE: Final = ZoneInfo("America/New_York")

_DAYS: Final = 15
_SERIES: Final = 8
_END: Final = 1 << 62


class Tally:
    """Scores the forecasts of every feed while results come in."""

    def __init__(self, feeds: Sequence[FeedSettings]) -> None:
        self.boards = {feed.name: Scoreboard(feed.horizons) for feed in feeds}

    def add(self, emitted: Iterable[Emitted]) -> None:
        for feed, ids, results, *_ in emitted:
            rows: dict[str, list[int]] = defaultdict(list)
            for i, series in enumerate(ids):
                rows[series].append(i)
            forecasts = np.stack([results[name] for name in BANDS], axis=-1)
            for series, at in rows.items():
                self.boards[feed].add(series, results["time"][at], results["value"][at], forecasts[at])


@dataclass
class Day:
    """Alerts that began on a date. peaks : highest score by series."""

    alerts: int = 0
    peaks: dict[str, float] = field(default_factory=dict)

    @property
    def weight(self) -> float:
        """Sum over the series of their highest scores."""
        return sum(self.peaks.values())


@dataclass
class Summary:
    alerts: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    days: dict[date, Day] = field(default_factory=lambda: defaultdict(Day))
    by_series: Counter[str] = field(default_factory=Counter)


def summarise(transport: Transport, feeds: Sequence[FeedSettings], partitions: int = 1) -> Summary:
    """Read the alerts and the dead letters of feeds from their beginning."""
    summary = Summary()
    decode = msgspec.json.Decoder(AlertRecord).decode
    for feed in feeds:
        add_alerts(summary, (decode(record.value or b"") for record in _read(transport, feed.alerts, partitions)))
        for record in _read(transport, feed.dlq, partitions):
            summary.rejected[dict(record.headers).get("dlq.error", b"unknown").decode()] += 1
    return summary


def _read(transport: Transport, topic: str, partitions: int) -> Iterator[Record]:
    for partition in range(partitions):
        yield from transport.read(TopicPartition(topic, partition), 0, _END)


def add_alerts(summary: Summary, records: Iterable[AlertRecord]) -> None:
    """Count alerts by the date of their begin, and keep how high they went."""
    for record in records:
        day = summary.days[datetime.fromtimestamp(record.begin, ZONE).date()]
        day.peaks[record.series] = max(day.peaks.get(record.series, 0.0), record.peak)
        if record.change == "opened":
            summary.alerts += 1
            day.alerts += 1
            summary.by_series[record.series] += 1


def tables(summary: Summary, tally: Tally, width: int = 80) -> list[Table]:
    """For people: the days whose alerts weigh most, the series with most alerts, the forecasts."""
    days = table("day", "alerts", "sum of peaks", no_wrap=True)
    days.add_column("highest scores", no_wrap=True, overflow="ellipsis", max_width=max(width - 45, 20))
    heaviest = sorted(summary.days.items(), key=lambda item: (-item[1].weight, item[0]))[:_DAYS]
    for when, day in heaviest:
        worst = sorted(day.peaks.items(), key=lambda item: -item[1])[:3]
        named = ", ".join(f"{series} ({peak:.1f})" for series, peak in worst)
        days.add_row(f"{when:%a %d %b %Y}", f"{day.alerts}", f"{day.weight:.1f}", named)
    series = table("series", "alerts", no_wrap=True)
    for name, count in summary.by_series.most_common(_SERIES):
        series.add_row(name, f"{count:,}")
    forecasts = table("feed", "horizon", "scored", "error / last value", "in 80 %", "in 95 %", no_wrap=True)
    for feed, board in tally.boards.items():
        for score in board.scores():
            forecasts.add_row(feed, units.duration(score.seconds), *forecast_cells(score))
    return [days, series, forecasts]
