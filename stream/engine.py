"""A feed's model at work: which row belongs to which series, and what is not saved yet."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from typing import Any

import numpy as np

from liquid import LEVELS, IncompatibleRow, Model
from liquid.feedback import apply
from liquid.learning import coverage
from liquid.model import Held, forecast_row
from liquid.results import OPENED, SKIPPED, as_bytes
from stream.config import FeedSettings, ModelSettings
from stream.earlier import EarlierRows
from stream.events import EventBatch
from stream.feedback import Feedback, FeedbackRecord
from stream.feeds import JOINT, is_joint
from stream.joint import JointRows
from stream.snapshot import DirtyRows
from stream.transport.base import Snapshot, TopicPartition

#: Events in one call of the kernel: bounds how long a reader waits for the lock.
CHUNK = 1024


class FeedEngine:
    """Owns one feed's `Model`. One thread steps it; any thread may read (`series`, `describe`, `forecast`).

    A series that comes in over two partitions has a row in each; readers see the one with the newer event.
    """

    def __init__(self, feed: FeedSettings, model: ModelSettings | None = None) -> None:
        self.feed = feed
        self.model = Model((model or ModelSettings()).config(feed.horizons))
        self.dirty = DirtyRows()
        self._earlier = EarlierRows()
        self._lock = threading.Lock()
        self._tables: dict[TopicPartition, _Slots] = {}
        self._names: list[str] = []  # by slot
        self._free: list[int] = []
        self._joint = JointRows(feed.values or ()) if feed.joint else None

    def step(self, batch: EventBatch) -> np.ndarray:
        """Results of the batch, one per event, in order. Events already applied come back with flag SKIPPED."""
        results = np.zeros(len(batch), self.model.result_dtype)
        if not len(batch):
            return results
        with self._lock:
            table = self._table(batch.source)
            slots = np.fromiter(map(table.__getitem__, batch.ids), np.int64, len(batch))
        if self._joint is None:
            self._run(batch, slots, np.arange(len(batch)), results)
        else:
            joint = self._joint.link(batch, slots)
            self._run(batch, slots, np.flatnonzero(~joint), results)
            self._joint.judge(batch, slots, joint, results, self.model.read(slots[joint])["offset"])
            self._run(batch, slots, np.flatnonzero(joint), results)
        applied = (results["flags"] & SKIPPED) == 0
        self._touch(batch.source, slots[applied], batch.offsets[applied])
        if len(alerting := np.flatnonzero(results["alert"] == OPENED)):
            with self._lock:
                for i in alerting.tolist():
                    self._earlier.pin((batch.source, batch.ids[i]))
        return results

    def heed(self, source: TopicPartition, offset: int, said: Feedback) -> list[FeedbackRecord]:
        """Let feedback at an offset of a partition move the line of the series it names; gives what it changed. Rows
        that have it already are left alone."""
        effects: list[FeedbackRecord] = []
        touched: list[int] = []
        with self._lock:
            table: dict[str, int] = self._tables.get(source, {})
            for series in sorted(_matching(table, said.series)) if said.pattern else [said.series]:
                slot = table.get(series)
                if slot is None:
                    effects.append(said.effect(series))
                    continue
                row = self.model.read(slot)[0]
                if offset > row["offset"]:
                    row["offset"] = offset
                    effects.append(said.effect(series, apply(row, said.mark, said.shares, said.weight(series))))
                    self.model.write(slot, row)
                    touched.append(slot)
        self._touch(source, np.array(touched, np.int64), np.full(len(touched), offset))
        return effects

    def _touch(self, source: TopicPartition, slots: np.ndarray, offsets: np.ndarray) -> None:
        """Rows that changed are to be saved, each with all that is saved together with it."""
        self.dirty.touch(source, slots if self._joint is None else self._joint.leaders(slots), offsets)

    def _run(self, batch: EventBatch, slots: np.ndarray, which: np.ndarray, results: np.ndarray) -> None:
        """Results of some of the batch's events."""
        memory = as_bytes(results)
        for start in range(0, len(which), CHUNK):
            part = which[start : start + CHUNK]
            with self._lock:
                done = self.model.run(slots[part], batch.times[part], batch.values[part], batch.offsets[part])
            memory[part] = as_bytes(done)

    # State that is saved and comes back.

    def snapshots(self, limit: int) -> list[Snapshot]:
        """The oldest unsaved rows, about `limit` of them; they count as saved from here on."""
        taken: list[Snapshot] = []
        for source, leader in self.dirty.take(limit):
            for slot in [leader] if self._joint is None else self._joint.together(leader):
                series, row = self._names[slot], self.model.row_bytes(slot)
                with self._lock:
                    self._earlier.saved((source, series), row)
                if self._joint and is_joint(series):
                    row = self._joint.state(slot) + row
                taken.append(Snapshot(source, series, row))
        return taken

    def restore(self, snapshots: Iterable[Snapshot]) -> tuple[int, int]:
        """Load saved rows; gives how many fit and how many were made by another version or other settings."""
        fit = misfit = 0
        for snapshot in snapshots:
            with self._lock:
                slot = self._table(snapshot.source)[snapshot.key]
                try:
                    row = snapshot.data
                    if self._joint and is_joint(snapshot.key):
                        row, fields = self._joint.load(slot, row)
                        for field in fields:
                            member = f"{snapshot.key.removesuffix(JOINT)}{field}"
                            self._joint.join(slot, self._table(snapshot.source)[member], field)
                    self.model.load_row(slot, row)
                    self._earlier.saved((snapshot.source, snapshot.key), row)
                    fit += 1
                except IncompatibleRow:
                    self._reset(slot)
                    misfit += 1
        return fit, misfit

    def drop(self, source: TopicPartition) -> None:
        """Forget a partition's rows: they belong to somebody else now."""
        self.dirty.forget(source)
        with self._lock:
            table: dict[str, int] = self._tables.pop(source, {})
            self._earlier.forget([(source, series) for series in table])
            for slot in table.values():
                self._reset(slot)
                self._free.append(slot)

    def drop_all(self) -> None:
        for source in list(self._tables):
            self.drop(source)

    # What readers ask.

    def __len__(self) -> int:
        with self._lock:
            return sum(map(len, self._tables.values()))

    def __contains__(self, series: object) -> bool:
        with self._lock:
            return any(series in table for table in self._tables.values())

    def series(self) -> list[str]:
        with self._lock:
            return sorted({series for table in self._tables.values() for series in table})

    def sources(self, series: str, pattern: bool = False) -> list[TopicPartition]:
        """The partitions with rows of a series, or of any series that matches a pattern."""
        with self._lock:
            return [
                source
                for source, table in self._tables.items()
                if (any(_matching(table, series)) if pattern else series in table)
            ]

    def describe(self, series: str) -> dict[str, Any] | None:
        """`Model.describe` of a series, None where it is unknown."""
        with self._lock:
            found = self._find(series)
            return found and found[1]

    def held(self, series: str) -> list[Held]:
        """`Model.held` of a series, empty where it is unknown."""
        with self._lock:
            found = self._find(series)
            return self.model.held(found[0]) if found else []

    def held_by_all(self, window: str) -> tuple[np.ndarray, np.ndarray]:
        """What the intervals of all series held in a window before the newest event of each.

        Returns
        -------
        n : (1 + horizons,) errors; 0 is the next event. inside : (1 + horizons, levels), how many were inside."""
        horizons = 1 + len(self.feed.horizons)
        n, inside = np.zeros(horizons), np.zeros((horizons, len(LEVELS)))
        with self._lock:
            for rows in self.model.parts([slot for table in self._tables.values() for slot in table.values()]):
                held = rows["forecaster"]["held"]
                now, born = rows["clock"]["time"][:, None], rows["forecaster"]["born"][:, None]
                some, some_inside = coverage.recent(held, now, born, window)
                n += some.sum(axis=0)
                inside += some_inside.sum(axis=0)
        return n, inside

    def read(self, series: str) -> tuple[dict[str, Any], np.void, np.void] | None:
        """`Model.describe` of a series and copies of its row and options, of the same event; None where unknown."""
        with self._lock:
            found = self._find(series)
            return found and (found[1], self.model.read(found[0])[0], self.model.options[found[0]].copy())

    def earlier(self, series: str) -> list[Model]:
        """Models of one series each, as it was earlier (the newest first) and with its options as they are now."""
        with self._lock:
            found = self._find(series)
            options = None if found is None else self.model.options[found[0]].copy()
            kept = [row for source in self._tables for row in self._earlier.of((source, series))]
        models = []
        for row in kept if options is not None else ():
            models.append(Model(self.model.config, capacity=1))
            models[-1].options[0] = options
            models[-1].load_row(0, row)
        return sorted(models, key=lambda model: -int(model.rows["clock"]["events"][0]))

    def forecast(
        self, series: str, horizons: Sequence[float], levels: Sequence[float] = LEVELS
    ) -> dict[str, np.ndarray] | None:
        """`Model.forecast` of a series from its newest event, None where it is unknown."""
        found = self.read(series)
        return found and forecast_row(found[1], self.model.config, horizons, levels, found[2])

    def drifting(self, kind: str) -> int:
        """Number of series with a drift of this kind (of `liquid.drift.DRIFTS`) now."""
        with self._lock:
            return sum(int(rows["drift"][kind]["status"]["active"].sum()) for rows in self.model.parts())

    @property
    def state_bytes(self) -> int:
        return len(self) * self.model.row_size

    def _find(self, series: str) -> tuple[int, dict[str, Any]] | None:
        slots = [table[series] for table in self._tables.values() if series in table]
        return max(((slot, self.model.describe(slot)) for slot in slots), key=lambda f: f[1]["time"], default=None)

    def _reset(self, slot: int) -> None:
        self.model.reset_row(slot)
        if self._joint:
            self._joint.reset(slot)

    def _table(self, source: TopicPartition) -> _Slots:
        table = self._tables.get(source)
        if table is None:
            table = self._tables[source] = _Slots(self)
        return table

    def _take_slot(self, series: str) -> int:
        if self._free:
            slot = self._free.pop()
            self._names[slot] = series
        else:
            slot = len(self._names)
            self.model.reserve(slot + 1)
            self._names.append(series)
        if self._joint:
            self._joint.reset(slot)
        self.model.set_options(slot, self.feed.series_options(series))
        return slot


def _matching(names: Iterable[str], pattern: str) -> Iterator[str]:
    """Those that match a pattern of * and ?."""
    return (name for name in names if fnmatchcase(name, pattern))


class _Slots(dict[str, int]):
    """Series id to row number of one partition; a new series gets a row when it is first asked for."""

    def __init__(self, engine: FeedEngine) -> None:
        self._engine = engine

    def __missing__(self, series: str) -> int:
        slot = self[series] = self._engine._take_slot(series)
        return slot
