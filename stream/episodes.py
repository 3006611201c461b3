"""Alert episodes: opened, escalated and closed changes put together, the newest ones kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from hashlib import blake2s

from liquid.results import SEVERITIES, severity_of
from stream.events import AlertRecord


@dataclass(frozen=True, slots=True)
class Episode:
    """A time of score >= 1 in one series. Value, expectation, shares and `why` are those of its strongest change;
    `notified` is when it became worth waking somebody; `feedback` what somebody last said of it."""

    id: str
    feed: str
    series: str
    begin: float
    end: float | None
    peak: float
    peak_time: float
    severity: str
    direction: str
    value: float
    expected: float | None
    lower: float | None
    upper: float | None
    shares: dict[str, float]
    why: str
    notified: float | None = None
    feedback: str | None = None


class Episodes:
    """The newest `limit` episodes; open ones are the last to be forgotten. Not thread-safe."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._episodes: dict[str, Episode] = {}
        self._open: dict[tuple[str, str], str] = {}

    def __len__(self) -> int:
        return len(self._episodes)

    def __iter__(self) -> Iterator[Episode]:
        return iter(self._episodes.values())

    def open(self, feed: str | None = None) -> int:
        """Number of open episodes."""
        return len(self._open) if feed is None else sum(name == feed for name, _ in self._open)

    def open_of(self, feed: str, series: str) -> Episode | None:
        """The open episode of a series."""
        key = self._open.get((feed, series))
        return self._episodes[key] if key is not None else None

    def apply(self, feed: str, change: AlertRecord) -> Episode:
        """Take in one change. A missed opening or closing is made up for: no series has two open episodes; a change
        of an episode that is over is one that came twice."""
        key = _episode_id(feed, change)
        before = self._episodes.get(key)
        if before is not None and before.end is not None:
            return before
        other = self.open_of(feed, change.series)
        if other is not None and other.id != key:
            self._episodes[other.id] = replace(other, end=change.begin)
        after = _begun(key, feed, change) if before is None else _merged(before, change)
        self._episodes[key] = after
        if after.end is None:
            self._open[feed, change.series] = key
        else:
            self._open.pop((feed, change.series), None)
        if len(self._episodes) > self.limit:
            self._forget()
        return after

    def raise_peak(self, feed: str, series: str, time: float, peak: float) -> None:
        """The open episode of a series, if it had begun by then, had this peak."""
        episode = self.open_of(feed, series)
        if episode is not None and episode.begin <= time:
            self._episodes[episode.id] = raised(episode, peak, time)

    def mark(self, key: str, mark: str) -> Episode | None:
        """Note what somebody said of an episode, if it is kept."""
        if key not in self._episodes:
            return None
        self._episodes[key] = replace(self._episodes[key], feedback=mark)
        return self._episodes[key]

    def get(self, key: str) -> Episode | None:
        return self._episodes.get(key)

    def _forget(self) -> None:
        oldest = next((e for e in self if e.end is not None), None) or next(iter(self))
        del self._episodes[oldest.id]
        if self._open.get((oldest.feed, oldest.series)) == oldest.id:
            del self._open[oldest.feed, oldest.series]


def raised(episode: Episode, peak: float, peak_time: float) -> Episode:
    """The episode with a peak that may have become higher since its last change, and the severity of that peak."""
    if peak <= episode.peak:
        return episode
    severity = max(episode.severity, severity_of(peak), key=SEVERITIES.index)
    return replace(episode, peak=peak, peak_time=peak_time, severity=severity)


def _begun(key: str, feed: str, change: AlertRecord) -> Episode:
    return Episode(
        id=key,
        feed=feed,
        series=change.series,
        begin=change.begin,
        end=change.time if change.change == "closed" else None,
        peak=change.peak,
        peak_time=change.peak_time,
        severity=change.severity,
        direction=change.direction,
        value=change.value,
        expected=change.expected,
        lower=change.lower,
        upper=change.upper,
        shares=change.shares,
        why=change.why,
        notified=change.time if change.notify else None,
    )


def _merged(before: Episode, change: AlertRecord) -> Episode:
    if change.notify and before.notified is None:
        before = replace(before, notified=change.time)
    if change.change == "closed":
        return replace(raised(before, change.peak, change.peak_time), end=change.time)
    if change.peak < before.peak:
        return before
    severity = max(before.severity, change.severity, key=SEVERITIES.index)
    begun = _begun(before.id, before.feed, change)
    kept = {name: getattr(before, name) for name in ("begin", "end", "notified", "feedback")}
    return replace(begun, severity=severity, **kept)


def _episode_id(feed: str, change: AlertRecord) -> str:
    """The same for an episode before and after a restart."""
    name = f"{feed}\0{change.series}\0{change.begin!r}"
    return blake2s(name.encode(errors="surrogatepass"), digest_size=8).hexdigest()
