"""What people look at: the newest results of every series and the alert episodes, in bounded memory.

Filled after every commit with whole batches, so that adding costs no Python per field; read by the API from any thread.
Everything that is returned is a copy.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final, NamedTuple

import numpy as np

from liquid.results import STATES
from stream.catalogue import LATEST, Array, Catalogue, Filter
from stream.coverage import INTERVALS, held
from stream.drifts import Drift, Drifts
from stream.drifts import changes as drifts_in
from stream.episodes import Episode, Episodes, raised
from stream.events import AlertRecord, DriftRecord
from stream.feedback import FeedbackRecord
from stream.rings import Rings

#: What is kept of every result.
ROW: Final = np.dtype(
    [
        *((name, "f8") for name in ("time", "value", "expected")),
        *((name, "f8") for interval in INTERVALS.values() for name in (interval.lower, interval.upper)),
        ("score", "f8"),
        ("severity", "u1"),
        ("state", "u1"),
    ],
    align=True,
)

SPARKLINE_POINTS: Final = 60


class Batch(NamedTuple):
    """What was added at once, as subscribers see it."""

    feed: str
    ids: list[str]
    results: Array
    episodes: list[Episode]


class Page(NamedTuple):
    """A part of the list of series.

    names : (feed, id). latest : dtype LATEST. times, values : the newest points where `real`, (n, SPARKLINE_POINTS).
    total : series that pass the filter.
    """

    names: list[tuple[str, str]]
    latest: Array
    alerts: list[Episode | None]
    times: Array
    values: Array
    real: Array
    total: int


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many of `n` values fell inside the interval that promised to hold a share `promised` of them."""

    promised: float
    inside: int
    n: int


class History:
    """Newest results and alert episodes of every series of every feed. Thread-safe.

    Parameters
    ----------
    per_series : results kept of one series.
    max_rows : results kept of all series together (88 bytes each, touched only when used).
    max_alerts : alert episodes kept, as many records of feedback, and series whose drifts are kept.
    """

    def __init__(self, per_series: int = 2000, *, max_rows: int = 2_000_000, max_alerts: int = 10_000) -> None:
        self._lock = Lock()
        self._catalogue = Catalogue()
        self._rings = Rings(ROW, per_series=per_series, max_rows=max_rows)
        self._episodes = Episodes(max_alerts)
        self._feedback: deque[tuple[str, FeedbackRecord]] = deque(maxlen=max_alerts)
        self._drifts = Drifts(max_alerts)
        self._subscribers: list[Callable[[Batch], None]] = []

    def add(
        self,
        feed: str,
        ids: list[str],
        results: Array,
        changes: Iterable[AlertRecord] = (),
        feedback: Iterable[FeedbackRecord] = (),
    ) -> None:
        """Take in emitted results, and tell the subscribers.

        Parameters
        ----------
        ids : series of each result.
        results : structured array as `Model.run` gives it.
        changes : the steps of alert episodes among them.
        feedback : what people said of alerts, and what it changed.
        """
        episodes = self.fill(feed, ids, results, changes) + self.hear(feed, feedback)
        with self._lock:
            subscribers = list(self._subscribers)
        batch = Batch(feed, ids, results, episodes)
        for subscriber in subscribers:
            subscriber(batch)

    def fill(self, feed: str, ids: list[str], results: Array, changes: Iterable[AlertRecord] = ()) -> list[Episode]:
        """Take in old results (fields: those of ROW, and those of LATEST that are known) without telling anybody."""
        with self._lock:
            number = self._catalogue.numbers(feed, ids)
            rows = np.empty(len(ids), ROW)
            for name in ROW.names or ():
                rows[name] = results[name]
            self._rings.append(number, rows)
            latest = self._catalogue.latest
            for name in LATEST.names or ():
                if name in (results.dtype.names or ()):
                    latest[name][number] = results[name]
            if "drift" in (results.dtype.names or ()):
                self._drifts.apply(feed, (record for _, record in drifts_in(ids, results)))
            return [self._apply(feed, change) for change in changes]

    def hear(self, feed: str, feedback: Iterable[FeedbackRecord]) -> list[Episode]:
        """Take in what people said without telling anybody; gives the episodes that it was about."""
        with self._lock:
            found: dict[str, Episode] = {}
            for said in feedback:
                self._feedback.append((feed, said))
                if said.alert and (episode := self._episodes.mark(said.alert, said.mark)):
                    found[said.alert] = self._with_peak(episode)
            return list(found.values())

    def feedback(self, feed: str | None = None, series: str | None = None) -> list[tuple[str, FeedbackRecord]]:
        """What people said (feed, record), the newest first."""
        with self._lock:
            kept = list(self._feedback)
        return [
            (name, said)
            for name, said in reversed(kept)
            if (feed is None or name == feed) and (series is None or said.series == series)
        ]

    def alert(self, id: str) -> Episode | None:
        """The alert of that id."""
        with self._lock:
            episode = self._episodes.get(id)
            return None if episode is None else self._with_peak(episode)

    def fill_drifts(self, feed: str, records: Iterable[DriftRecord]) -> None:
        """Take in old drifts."""
        with self._lock:
            self._drifts.apply(feed, records)

    def raise_peaks(self, feed: str, peaks: Iterable[tuple[str, float, float]]) -> None:
        """Take in old peaks (series, time, peak) of alerts that are still open."""
        with self._lock:
            for series, time, peak in peaks:
                self._episodes.raise_peak(feed, series, time, peak)

    def introduce(self, feed: str, facts: Mapping[str, Mapping[str, Any]]) -> None:
        """Make known the series that have state but no result here (after a restart); facts as of `Model.describe`."""
        with self._lock:
            new = [series for series in facts if self._catalogue.number(feed, series) is None]
            for k, series in zip(self._catalogue.numbers(feed, new).tolist(), new, strict=True):
                row, fact = self._catalogue.latest[k], facts[series]
                row["time"], row["value"], row["events"] = fact["time"], fact["value"], fact["events"]
                row["state"] = STATES.index(fact["state"])

    def subscribe(self, subscriber: Callable[[Batch], None]) -> Callable[[], None]:
        """Call `subscriber` with all that is added from now on, in the adding thread; returns what ends that."""
        with self._lock:
            self._subscribers.append(subscriber)

        def end() -> None:
            with self._lock:
                if subscriber in self._subscribers:
                    self._subscribers.remove(subscriber)

        return end

    def feeds_of(self, series: str) -> list[str]:
        """Feeds that have a series of this id."""
        with self._lock:
            return self._catalogue.feeds_of(series)

    def count(self, feed: str | None = None) -> int:
        """Number of known series."""
        with self._lock:
            return len(self._catalogue) if feed is None else self._catalogue.count(feed)

    def rows(self, feed: str, series: str, *, since: float = -np.inf, until: float = np.inf, limit: int = -1) -> Array:
        """The newest `limit` (-1: all) results with since <= time <= until, in order of arrival (dtype ROW)."""
        with self._lock:
            number = self._catalogue.number(feed, series)
            rows = np.empty(0, ROW) if number is None else self._rings.read(number)
        rows = rows[(rows["time"] >= since) & (rows["time"] <= until)]
        return rows if limit < 0 else rows[max(len(rows) - limit, 0) :]

    def numbered(self, feed: str, series: str) -> tuple[Array, int]:
        """All kept results of a series (dtype ROW), and the number of its newest event, 1 for the first; 0: unknown."""
        with self._lock:
            number = self._catalogue.number(feed, series)
            if number is None:
                return np.empty(0, ROW), 0
            return self._rings.read(number), int(self._catalogue.latest["events"][number])

    def coverage(self, feed: str, series: str) -> dict[str, Coverage]:
        """What the intervals held, over the results that are kept, by level."""
        rows = self.rows(feed, series)
        return {level: Coverage(one.promised, *held(rows, one)) for level, one in INTERVALS.items()}

    def select(self, filter: Filter, *, limit: int = 100, skip: int = 0) -> Page:
        """`limit` series that pass, after the first `skip`."""
        with self._lock:
            chosen, total = self._catalogue.select(filter, skip + limit)
            chosen = chosen[skip:]
            self._rings.reserve(len(self._catalogue))
            (times, values), real = self._rings.newest(chosen, SPARKLINE_POINTS, ["time", "value"])
            names = [self._catalogue.names[k] for k in chosen.tolist()]
            alerts = [self._open_alert(*name) for name in names]
            return Page(names, self._catalogue.latest[chosen], alerts, times, values, real, total)

    def alerts(
        self,
        *,
        feed: str | None = None,
        series: str | None = None,
        is_open: bool | None = None,
        notified: bool | None = None,
    ) -> list[Episode]:
        """Alert episodes, newest first."""
        with self._lock:
            found = [
                self._with_peak(episode)
                for episode in self._episodes
                if (feed is None or episode.feed == feed)
                and (series is None or episode.series == series)
                and (is_open is None or (episode.end is None) == is_open)
                and (notified is None or (episode.notified is not None) == notified)
            ]
        return sorted(found, key=lambda episode: (-episode.begin, episode.id))

    def drifts(self, feed: str, series: str) -> list[Drift]:
        """Drifts of a series, the newest first."""
        with self._lock:
            return self._drifts.of(feed, series)

    def open_alerts(self, feed: str | None = None) -> int:
        """Number of open alerts."""
        with self._lock:
            return self._episodes.open(feed)

    def _apply(self, feed: str, change: AlertRecord) -> Episode:
        episode = self._episodes.apply(feed, change)
        number = int(self._catalogue.numbers(feed, [change.series])[0])
        self._catalogue.latest["alerting"][number] = episode.end is None
        return episode

    def _open_alert(self, feed: str, series: str) -> Episode | None:
        episode = self._episodes.open_of(feed, series)
        return None if episode is None else self._with_peak(episode)

    def _with_peak(self, episode: Episode) -> Episode:
        """An open episode with the peak that the newest result knows, which may be above that of the last change."""
        number = self._catalogue.number(episode.feed, episode.series)
        if episode.end is not None or number is None:
            return episode
        latest = self._catalogue.latest[number]
        if latest["alert_begin"] != episode.begin:
            return episode
        return raised(episode, float(latest["alert_peak"]), float(latest["alert_peak_time"]))
