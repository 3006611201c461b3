"""Which series there are and the newest result of each, as columns that can be searched and sorted at once."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np

from liquid.results import SEVERITIES, STATES

Array = np.ndarray[Any, Any]

#: What is known of the newest result of a series; numbers are nan where unknown.
LATEST: Final = np.dtype(
    [
        *((name, "f8") for name in ("time", "value", "gap", "expected", "lower50", "upper50", "lower80", "upper80")),
        *((name, "f8") for name in ("lower", "upper")),
        *((name, "f8") for name in ("score", "alert_begin", "alert_peak", "alert_peak_time")),
        ("events", "i8"),
        ("severity", "u1"),
        ("state", "u1"),
        ("direction", "i1"),
        ("alerting", "?"),
    ],
    align=True,
)

Sort = Literal["worst", "name", "time"]


@dataclass(frozen=True, slots=True)
class Filter:
    """Which series to list, in which order.

    series : only this id. search : part of the id, or a whole pattern with * and ?; letter case does not matter.
    severity : at least this one. sort : `worst` is open alerts first, then by severity and score; `time` newest first.
    """

    feed: str | None = None
    series: str | None = None
    search: str = ""
    state: str | None = None
    severity: str | None = None
    sort: Sort = "worst"


class Catalogue:
    """Series are numbered 0, 1, 2, ... as they appear. Not thread-safe."""

    def __init__(self) -> None:
        self.names: list[tuple[str, str]] = []  # (feed, id)
        self._index: dict[str, dict[str, int]] = {}
        self._folded: list[str] = []
        self._latest = np.zeros(0, LATEST)
        self._feed = np.zeros(0, np.int32)  # position of the feed in _index
        self._by_name = np.zeros(0, np.int64)  # series numbers, sorted when asked for

    def __len__(self) -> int:
        return len(self.names)

    @property
    def latest(self) -> Array:
        """The newest results by series number (dtype LATEST); a view that may be written to."""
        return self._latest[: len(self.names)]

    def number(self, feed: str, series: str) -> int | None:
        return self._index.get(feed, {}).get(series)

    def feeds_of(self, series: str) -> list[str]:
        return [feed for feed, index in self._index.items() if series in index]

    def count(self, feed: str) -> int:
        return len(self._index.get(feed, ()))

    def numbers(self, feed: str, ids: Sequence[str]) -> Array:
        """The series numbers of `ids`; unknown ones become known."""
        index = self._index.setdefault(feed, {})
        numbers = [index.get(series, -1) for series in ids]
        if -1 in numbers:
            position = list(self._index).index(feed)
            for i, series in enumerate(ids):
                if numbers[i] < 0:
                    numbers[i] = index[series] if series in index else self._new(feed, position, series)
        return np.array(numbers, np.int64)

    def select(self, filter: Filter, stop: int) -> tuple[Array, int]:
        """The first `stop` series numbers that pass, in order, and how many pass in all."""
        mask, latest = self._mask(filter), self.latest
        if filter.sort == "name":
            order = self._sorted_by_name()
            found = order[mask[order]]
            return found[:stop], len(found)
        found = np.flatnonzero(mask)
        if filter.sort == "time":
            key = latest["time"][found]
        else:
            score = np.nan_to_num(latest["score"][found], nan=0.0, posinf=99.0)
            key = 1000.0 * latest["alerting"][found] + 100.0 * latest["severity"][found] + np.minimum(score, 99.0)
        key = -np.nan_to_num(key, nan=-np.inf)
        if stop < len(found):
            nearest = np.argpartition(key, stop)[: stop + 1]
            nearest = np.flatnonzero(key <= key[nearest].max())
        else:
            nearest = np.arange(len(found))
        return found[nearest[np.argsort(key[nearest], kind="stable")]][:stop], len(found)

    def _mask(self, filter: Filter) -> Array:
        latest = self.latest
        n = len(latest)
        mask = np.ones(n, bool)
        if filter.series is not None:
            mask[:] = False
            mask[[index[filter.series] for index in self._index.values() if filter.series in index]] = True
        if filter.feed is not None:
            mask &= self._feed[:n] == (list(self._index).index(filter.feed) if filter.feed in self._index else -1)
        if filter.state is not None:
            mask &= latest["state"] == STATES.index(filter.state)
        if filter.severity is not None:
            mask &= latest["severity"] >= SEVERITIES.index(filter.severity)
        if filter.search:
            mask &= np.fromiter(map(_matcher(filter.search), self._folded), bool, n)
        return mask

    def _sorted_by_name(self) -> Array:
        if len(self._by_name) != len(self.names):
            order = sorted(range(len(self.names)), key=lambda k: (self._folded[k], *self.names[k]))
            self._by_name = np.array(order, np.int64)
        return self._by_name

    def _new(self, feed: str, position: int, series: str) -> int:
        number = len(self.names)
        if number == len(self._latest):
            more = max(number, 64)
            blank = np.zeros(more, LATEST)
            for name in LATEST.names or ():
                if LATEST[name].kind == "f":
                    blank[name] = np.nan
            self._latest = np.concatenate([self._latest, blank])
            self._feed = np.concatenate([self._feed, np.zeros(more, np.int32)])
        self._index[feed][series] = number
        self.names.append((feed, series))
        self._folded.append(series.casefold())
        self._feed[number] = position
        return number


def _matcher(search: str) -> Callable[[str], bool]:
    folded = search.casefold()
    if "*" in folded or "?" in folded:
        found = re.compile(fnmatch.translate(folded)).match
        return lambda name: found(name) is not None
    return lambda name: folded in name
