"""Prometheus metrics. A series id is never a label: there may be millions."""

from __future__ import annotations

import platform
import time
from functools import partial
from importlib.metadata import version

import numpy as np
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

from liquid.drift import DRIFTS
from liquid.results import OPENED, READY, SEVERITIES
from stream.coverage import INTERVALS, held
from stream.engine import FeedEngine
from stream.pipeline import Work
from stream.transport.base import TopicPartition
from stream.units import duration

# A second line for every counter, of no use here.
disable_created_metrics()  # type: ignore[no-untyped-call]

_SECONDS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)

#: Coverage looks back over about this many events of a feed.
_COVERAGE_EVENTS = 10_000

#: What the intervals of all series held is summed up this often.
_HELD_SECONDS = 30.0


class Metrics:
    """One registry per service, so that two in one process do not share their counts."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        build = Info("liquidstream_build", "What is running", registry=registry)
        build.info({"version": version("liquidstream"), "python": platform.python_version()})
        self.consumed = Counter(
            "liquidstream_records_consumed_total",
            "Records read and committed",
            ["topic", "partition"],
            registry=registry,
        )
        self.waiting = Gauge(
            "liquidstream_records_waiting",
            "Committed records not processed yet",
            ["topic", "partition"],
            registry=registry,
        )
        self.lost = Gauge(
            "liquidstream_records_lost",
            "Records deleted by the log's retention before they were read, since the start",
            registry=registry,
        )
        self.rejected = Counter(
            "liquidstream_records_rejected_total", "Dead letters", ["feed", "reason"], registry=registry
        )
        self.events = Counter(
            "liquidstream_events_total", "Events with a committed result", ["feed"], registry=registry
        )
        self.alerts = Counter(
            "liquidstream_alerts_total", "Alerts opened, by severity then", ["feed", "severity"], registry=registry
        )
        self.notifications = Counter(
            "liquidstream_notifications_total", "Alerts that became worth waking somebody", ["feed"], registry=registry
        )
        self.event_lag = Gauge(
            "liquidstream_event_lag_seconds", "Age of the newest committed event", ["feed"], registry=registry
        )
        self.coverage = Gauge(
            "liquidstream_interval_coverage_ratio",
            "Share of the recent values of ready series inside their interval",
            ["feed", "level"],
            registry=registry,
        )
        self.held = Gauge(
            "liquidstream_forecast_coverage_ratio",
            "Share of values inside the interval of the forecast, all series, in the week before their newest event",
            ["feed", "horizon", "level"],
            registry=registry,
        )
        self.drifts = Counter("liquidstream_drifts_total", "Drifts begun, by kind", ["feed", "kind"], registry=registry)
        self.drift_series = Gauge(
            "liquidstream_drift_series",
            "Series with a drift now, by kind",
            ["feed", "kind"],
            registry=registry,
        )
        self.series = Gauge("liquidstream_series_active", "Series with state in memory", ["feed"], registry=registry)
        self.state_bytes = Gauge("liquidstream_state_bytes", "Size of that state", ["feed"], registry=registry)
        self.step_seconds = Histogram(
            "liquidstream_step_duration_seconds", "Model time of a batch", buckets=_SECONDS, registry=registry
        )
        self.commit_seconds = Histogram(
            "liquidstream_commit_duration_seconds", "Time of a transaction", buckets=_SECONDS, registry=registry
        )
        self.transactions = Counter(
            "liquidstream_transactions_total", "Transactions by outcome", ["outcome"], registry=registry
        )
        self.committed = self.transactions.labels("committed")
        self.fenced = self.transactions.labels("fenced")
        self.uncertain = self.transactions.labels("uncertain")
        self.restore_seconds = Gauge(
            "liquidstream_restore_seconds", "Duration of the last restore of state", registry=registry
        )
        self.rebalances = Counter(
            "liquidstream_rebalances_total", "Changes of the partitions this worker owns", registry=registry
        )
        self.history_dropped = Counter(
            "liquidstream_history_dropped_total",
            "Results that the charts missed since they were busy",
            registry=registry,
        )

    def page(self) -> tuple[bytes, str]:
        """The text for a scrape, and its content type."""
        return generate_latest(self.registry), CONTENT_TYPE_LATEST


class FeedMetrics:
    """A feed's own children, looked up once."""

    def __init__(self, metrics: Metrics, feed: str) -> None:
        self._feed, self._metrics = feed, metrics
        self._events = metrics.events.labels(feed)
        self._event_lag = metrics.event_lag.labels(feed)
        self._alerts = {i: metrics.alerts.labels(feed, name) for i, name in enumerate(SEVERITIES) if i}
        self._notifications = metrics.notifications.labels(feed)
        self._drifts = [metrics.drifts.labels(feed, kind) for kind in DRIFTS]
        self._coverage = {level: _Coverage(metrics.coverage.labels(feed, level)) for level in INTERVALS}
        self._series = metrics.series.labels(feed)
        self._state_bytes = metrics.state_bytes.labels(feed)
        self._watched = False
        self._consumed: dict[TopicPartition, Counter] = {}
        self._held_after = 0.0

    def committed(self, source: TopicPartition, work: Work) -> None:
        """Count what a commit made visible of one partition."""
        child = self._consumed.get(source)
        if child is None:
            child = self._consumed[source] = self._metrics.consumed.labels(source.topic, source.partition)
        child.inc(work.records)
        for emitted in work.emitted:
            if len(emitted.results):  # none where there was only feedback
                self._count(emitted.results)
        for reason, count in work.rejected.items():
            self._metrics.rejected.labels(self._feed, reason).inc(count)

    def state(self, engine: FeedEngine) -> None:
        """Take over what holds for all series. Coverage, which reads every row, at most once in `_HELD_SECONDS`."""
        self._series.set(len(engine))
        self._state_bytes.set(engine.state_bytes)
        if not self._watched:  # counted when somebody asks: it looks at every row
            self._watched = True
            for kind in DRIFTS:
                self._metrics.drift_series.labels(self._feed, kind).set_function(partial(engine.drifting, kind))
        if time.monotonic() >= self._held_after:
            self._held_after = time.monotonic() + _HELD_SECONDS
            self._coverage_ahead(engine)

    def _coverage_ahead(self, engine: FeedEngine) -> None:
        n, inside = engine.held_by_all("week")
        horizons = ["next", *map(duration, engine.feed.horizons)]
        for horizon, many, counts in zip(horizons, n.tolist(), inside.tolist(), strict=True):
            for level, count in zip(INTERVALS, counts, strict=True):
                share = count / many if many > 0 else float("nan")
                self._metrics.held.labels(self._feed, horizon, level).set(share)

    def _count(self, results: np.ndarray) -> None:
        self._events.inc(len(results))
        self._event_lag.set(time.time() - float(results["time"][-1]))
        if results["alert"].any():
            opened = results["severity"][results["alert"] == OPENED]
            for severity, child in self._alerts.items():
                child.inc(int((opened == severity).sum()))
            self._notifications.inc(int(np.count_nonzero(results["notify"])))
        changed = results["drift"][results["drift"] >= 16]
        for k, drifts in enumerate(self._drifts):
            drifts.inc(int(np.count_nonzero(changed >> k & changed >> (k + 4) & 1)))
        ready = results[results["state"] == READY]
        for level, interval in INTERVALS.items():
            self._coverage[level].add(*held(ready, interval))


class _Coverage:
    """A share over the recent past: weights fall by a factor e every `_COVERAGE_EVENTS` events."""

    def __init__(self, gauge: Gauge) -> None:
        self._gauge, self._inside, self._events = gauge, 0.0, 0.0
        gauge.set(float("nan"))

    def add(self, inside: int, events: int) -> None:
        if events:
            keep = np.exp(-events / _COVERAGE_EVENTS)
            self._inside, self._events = self._inside * keep + inside, self._events * keep + events
            self._gauge.set(self._inside / self._events)
