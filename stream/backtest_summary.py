"""What a backtest says in the end: alerts against labels, forecasts against what came."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from rich.table import Table

from stream.backtest_run import Array, Scored
from stream.evaluate import Hits, hits, period, vus_pr
from stream.scoreboard import HorizonScore, Scoreboard, merged
from stream.tables import forecast_cells, number, table
from stream.units import SECONDS


@dataclass
class FileSummary:
    """vus_pr : mean over the file's series that have a labelled event, nan when none has."""

    name: str
    rows: int = 0
    unread: int = 0  # rows without a time or without any value
    alerts: int = 0
    hits: Hits | None = None
    notified: int = 0
    notifications: Hits | None = None
    vus_pr: float = math.nan
    boards: list[Scoreboard] = field(default_factory=list)
    first_unread: int = 0  # the first of the unread rows, counted from 1
    back: int = 0  # rows older than one before them in their series
    gaps: Array = field(default_factory=lambda: np.empty(0))  # seconds between rows of a series, of the first block


class Evaluation:
    """Collects what one file's summary needs while its blocks go by."""

    def __init__(self, name: str, horizons: tuple[float, ...]) -> None:
        self._summary = FileSummary(name, boards=[Scoreboard(horizons)] if horizons else [])
        self._labels: list[npt.NDArray[np.bool_]] = []
        self._series: list[npt.NDArray[np.int64]] = []
        self._scores: list[Array] = []  # score, alert_score, notify, first value: (n, 4)
        self._newest: dict[int, float] = {}

    def add(self, scored: Scored, label: Array | None) -> None:
        summary = self._summary
        unread = np.asarray(~np.isfinite(scored.values).any(axis=1), bool)
        if unread.any() and not summary.unread:
            summary.first_unread = summary.rows + int(unread.argmax()) + 1
        summary.rows += len(scored.times)
        summary.unread += int(np.count_nonzero(unread))
        self._rhythm(scored, ~unread)
        top = {name: np.fmax.reduce(scored.fields[name], axis=1) for name in ("score", "alert_score", "notify")}
        summary.alerts += int(np.count_nonzero(top["alert_score"] >= 1.0))
        summary.notified += int(np.count_nonzero(top["notify"] >= 1.0))
        if label is not None:
            self._labels.append(label > 0)
            self._series.append(scored.series)
            self._scores.append(np.column_stack((*top.values(), scored.values[:, 0])))
        for board in summary.boards:
            self._forecasts(board, scored)

    def _rhythm(self, scored: Scored, event: npt.NDArray[np.bool_]) -> None:
        gaps = []
        for series in np.unique(scored.series[event]).tolist():
            times = scored.times[event & (scored.series == series)]
            newest = np.maximum.accumulate(np.append(self._newest.get(series, -np.inf), times))
            self._summary.back += int(np.count_nonzero(times < newest[:-1]))
            self._newest[series] = float(newest[-1])
            gaps.append(np.diff(newest[1:]))
        if gaps and not len(self._summary.gaps):
            self._summary.gaps = np.concatenate(gaps)

    def _forecasts(self, board: Scoreboard, scored: Scored) -> None:
        for series in np.unique(scored.series).tolist():
            rows = scored.series == series
            for j in range(scored.values.shape[1]):
                event = rows & np.isfinite(scored.values[:, j])
                board.add((series, j), scored.times[event], scored.values[event, j], scored.forecasts[event, j])

    def summary(self) -> FileSummary:
        if self._labels:
            self._against_labels()
        return self._summary

    def _against_labels(self) -> None:
        label, series = np.concatenate(self._labels), np.concatenate(self._series)
        score, alert_score, notify, value = np.concatenate(self._scores).T
        counts, told, volumes = [], [], []
        for one in np.unique(series).tolist():
            rows = series == one
            window = period(value[rows])
            counts.append(hits(label[rows], alert_score[rows], slack=window // 2))
            told.append(hits(label[rows], notify[rows], after=max(10, window // 4)))
            if counts[-1].events:
                volumes.append(vus_pr(label[rows], score[rows], window))
        self._summary.hits, self._summary.notifications = added(counts), added(told)
        self._summary.vus_pr = float(np.mean(volumes)) if volumes else math.nan


def added(counts: Sequence[Hits]) -> Hits:
    return Hits(*(sum(getattr(c, name) for c in counts) for name in ("events", "alerts", "hits", "false_alerts")))


def total(files: Sequence[FileSummary]) -> FileSummary:
    """All files as one: counts added, VUS-PR averaged over the files that have one."""
    volumes = [f.vus_pr for f in files if not math.isnan(f.vus_pr)]
    counts = [f.hits for f in files if f.hits]
    told = [f.notifications for f in files if f.notifications]
    return FileSummary(
        "total",
        sum(f.rows for f in files),
        sum(f.unread for f in files),
        sum(f.alerts for f in files),
        added(counts) if counts else None,
        sum(f.notified for f in files),
        added(told) if told else None,
        float(np.mean(volumes)) if volumes else math.nan,
        [board for f in files for board in f.boards],
        back=sum(f.back for f in files),
    )


def as_tables(files: Sequence[FileSummary], horizons: Mapping[str, float]) -> list[Table]:
    """For people: a line a file and, for several, a total; and the forecasts of all files, a line a horizon."""
    shown = [*files, total(files)] if len(files) > 1 else list(files)
    labelled = any(f.hits for f in files)
    columns = ("events", "hits", "false\nalerts", "told\nof", "told\nright", "VUS-PR") if labelled else ()
    alerts = table("file", "rows", "alerts", "notified", *columns, overflow="fold", min_width=10)
    for f in shown:
        if f is shown[-1] and len(shown) > 1:
            alerts.add_section()
        alerts.add_row(f.name, *_cells(f, labelled))
    if not horizons:
        return [alerts]
    forecasts = table("horizon", "forecasts scored", "error / last value", "in 80 %", "in 95 %", overflow="fold")
    scores = _by_seconds(shown[-1])
    for name, seconds in horizons.items():
        forecasts.add_row(name, *forecast_cells(scores[seconds]))
    return [alerts, forecasts]


def notes(files: Sequence[FileSummary], horizons: Mapping[str, float]) -> list[str]:
    """What somebody should know who looks at these figures: a line each."""
    found = []
    for f in files:
        if f.unread:
            which = f"{f.unread:,} of {f.rows:,} rows"
            found.append(f"{f.name}: {which} without a time or a number, the first is row {f.first_unread:,}")
        if f.back:
            found.append(f"{f.name}: {f.back:,} rows run back in time; they count as events of the newest time before")
        scores = _by_seconds(f)
        empty = [name for name, seconds in horizons.items() if not scores[seconds].scored]
        steps = f.gaps[f.gaps > 0]
        if empty and len(steps):
            gap = float(np.median(steps))
            unit = next((unit for unit in "dhms" if gap >= SECONDS[unit]), "ms")
            apart = f"{gap / SECONDS[unit]:.3g}{unit}"
            found.append(f"{f.name}: no forecasts scored for {', '.join(empty)}; rows are {apart} apart")
    return found


def _cells(f: FileSummary, labelled: bool) -> list[str]:
    cells = [f"{f.rows:,}", f"{f.alerts:,}", f"{f.notified:,}"]
    if labelled and f.hits and f.notifications:
        told = f.notifications
        cells += [f"{f.hits.events:,}", f"{f.hits.hits:,}", f"{f.hits.false_alerts:,}"]
        cells += [f"{told.hits:,}", f"{told.alerts - told.false_alerts:,}", number(f.vus_pr, "{:.3f}")]
    elif labelled:
        cells += ["-"] * 6
    return cells


def _by_seconds(f: FileSummary) -> dict[float, HorizonScore]:
    return {score.seconds: score for score in merged(f.boards)}


def as_json(files: Sequence[FileSummary], horizons: Mapping[str, float]) -> dict[str, Any]:
    """For machines; null where there is no number."""
    return {"files": [_object(f, horizons) for f in files], "total": _object(total(files), horizons)}


def _object(f: FileSummary, horizons: Mapping[str, float]) -> dict[str, Any]:
    out: dict[str, Any] = {"file": f.name, "rows": f.rows, "rows_without_event": f.unread}
    out |= {"rows_back_in_time": f.back, "alerts": f.alerts}
    out["notifications"] = f.notified
    if f.hits:
        out |= {"events": f.hits.events, "hits": f.hits.hits, "false_alerts": f.hits.false_alerts}
        out["vus_pr"] = _or_none(f.vus_pr)
    if f.notifications:
        out["events_told_of"] = f.notifications.hits
        out["notifications_right"] = f.notifications.alerts - f.notifications.false_alerts
    scores = _by_seconds(f)
    out["horizons"] = {
        name: {
            "scored": scores[seconds].scored,
            "relative_error": _or_none(scores[seconds].relative_error),
            "coverage50": _or_none(scores[seconds].coverage50),
            "coverage80": _or_none(scores[seconds].coverage80),
            "coverage95": _or_none(scores[seconds].coverage95),
        }
        for name, seconds in horizons.items()
    }
    return out


def _or_none(value: float) -> float | None:
    return None if math.isnan(value) else value
