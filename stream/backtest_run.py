"""One file through the engine of the live service: cells in, arrays out, row for row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from liquid.config import MAX_HORIZONS
from liquid.results import BANDS, LEARNING
from stream.backtest_layout import Layout
from stream.backtest_setup import Setup
from stream.config import FeedSettings
from stream.engine import FeedEngine
from stream.events import EventBatch
from stream.files import Columns
from stream.transport.base import TopicPartition

Array = npt.NDArray[np.float64]

_SOURCE: Final = TopicPartition("backtest", 0)
FIELDS: Final = ("score", "alert_score", "notify", "expected", "lower", "upper")


@dataclass
class Scored:
    """A block of rows with k value columns and h horizons; nan where a row has no event.

    series : number of the row's series, (n,). times : (n,). values, and each of FIELDS in `fields` : (n, k).
    state : (n, k), known also where there is no event. forecasts : (n, k, h, bands), the last axis as BANDS.
    """

    series: npt.NDArray[np.int64]
    times: Array
    values: Array
    fields: dict[str, Array]
    state: npt.NDArray[np.uint8]
    forecasts: Array


def passes(horizons: tuple[float, ...], setup: Setup) -> tuple[FeedSettings, ...]:
    """The feeds that stand for a file, one for each four horizons; without any, the feed that is there by default."""
    groups = [horizons[i : i + MAX_HORIZONS] for i in range(0, len(horizons), MAX_HORIZONS)]
    return tuple(setup.feed(f"pass{i}", group) for i, group in enumerate(groups or [None]))


class Runner:
    """Runs the blocks of one file in order. Each value column of each series is a series of the engine.

    Parameters
    ----------
    horizons : seconds, ascending and distinct. A model keeps four ready, so each further four take one more pass.
    """

    def __init__(self, layout: Layout, horizons: tuple[float, ...], setup: Setup) -> None:
        self.layout = layout
        self.horizons = horizons
        self._engines = [FeedEngine(feed, setup.model) for feed in passes(horizons, setup)]
        self.series: dict[str, int] = {}
        self._ids: list[str] = []
        self._state = np.empty(0, np.uint8)  # newest of each id
        self._rows = 0

    def run(self, block: Columns) -> Scored:
        """Feed a block's events in file order."""
        at = self.layout.times(block)
        values = np.stack([self.layout.numbers(block, name) for name in self.layout.values], axis=1)
        series = self._number(block)
        n, k = values.shape
        codes = series[:, None] * k + np.arange(k)
        events = np.isfinite(values) & np.isfinite(at)[:, None]
        batch = self._batch(codes, events, at, values)
        fields = {name: np.full((n, k), np.nan) for name in FIELDS}
        state = np.full((n, k), LEARNING, np.uint8)
        forecasts = np.full((n, k, len(self.horizons), len(BANDS)), np.nan)
        for number, engine in enumerate(self._engines):
            results = engine.step(batch)
            if number == 0:
                for name, column in fields.items():
                    column[events] = results[name]
                state[events] = results["state"]
            if self.horizons:
                part = slice(number * MAX_HORIZONS, (number + 1) * MAX_HORIZONS)
                forecasts[events, part] = np.stack([results[name] for name in BANDS], axis=-1)
        self._fill(state, codes, events)
        self._rows += n
        return Scored(series, at, np.where(events, values, np.nan), fields, state, forecasts)

    def _number(self, block: Columns) -> npt.NDArray[np.int64]:
        """Number of each row's series, in order of first appearance."""
        if self.layout.series is None:
            cells = [""] * len(block[self.layout.time])
        else:
            cells = [str(cell) for cell in block[self.layout.series]]
        for cell in dict.fromkeys(cells):
            if cell not in self.series:
                self.series[cell] = len(self.series)
                self._ids += [f"{cell}:{name}" for name in self.layout.values]
        fresh = np.full(len(self._ids) - len(self._state), LEARNING, np.uint8)
        self._state = np.concatenate((self._state, fresh))
        return np.fromiter(map(self.series.__getitem__, cells), np.int64, len(cells))

    def _batch(
        self, codes: npt.NDArray[np.int64], events: npt.NDArray[np.bool_], at: Array, values: Array
    ) -> EventBatch:
        rows = np.broadcast_to(np.arange(len(at))[:, None], events.shape)[events]
        ids = [self._ids[code] for code in codes[events].tolist()]
        return EventBatch(_SOURCE, ids, [""] * len(ids), at[rows], values[events], self._rows + rows)

    def _fill(self, state: npt.NDArray[np.uint8], codes: npt.NDArray[np.int64], events: npt.NDArray[np.bool_]) -> None:
        """Give cells without an event the state that their series has at that row."""
        order = np.argsort(codes, axis=None, kind="stable")
        code, known, ordered = codes.ravel()[order], events.ravel()[order], state.ravel()[order]
        begin = np.concatenate(([True], code[1:] != code[:-1])) if len(code) else np.empty(0, bool)
        ordered = np.where(begin & ~known, self._state[code], ordered)
        source = np.maximum.accumulate(np.where(known | begin, np.arange(len(code)), 0))
        ordered = ordered[source]
        state.ravel()[order] = ordered
        last = np.concatenate((begin[1:], [True])) if len(code) else begin
        self._state[code[last]] = ordered[last]
