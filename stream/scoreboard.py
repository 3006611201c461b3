"""How good the forecasts were, kept up to date while events come in.

A forecast made at t for t + h is compared with the event nearest to t + h, if there is one within 10 % of h; else it
is not scored. Its error is set against that of the last value (the value at t). Interval coverage is the share of
scored forecasts whose interval held the value.

At most `PENDING` forecasts of a series and horizon wait at a time, evenly spread over h.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

PENDING: Final = 1024
TOLERANCE: Final = 0.1
ENOUGH: Final = 20  # scored forecasts that a series needs before its relative error counts

# Columns of a waiting forecast and of the sums.
_DUE, _NOW, _MEAN, _LO50, _HI50, _LO80, _HI80, _LO95, _HI95 = range(9)
_COUNT, _ERROR, _NAIVE, _IN50, _IN80, _IN95 = range(6)


@dataclass(frozen=True)
class HorizonScore:
    """scored : forecasts compared. series : series with enough of them. relative_error : mean absolute error over that
    of the last value (rMAE), geometric mean over series. coverage50, coverage80, coverage95 : over all scored
    forecasts. nan where nothing was scored."""

    seconds: float
    scored: int
    series: int
    relative_error: float
    coverage50: float
    coverage80: float
    coverage95: float


class Scoreboard:
    """Scores of forecasts at fixed horizons over many series; a few array operations per call and horizon.

    Parameters
    ----------
    horizons : seconds.
    """

    def __init__(self, horizons: Sequence[float]) -> None:
        self.horizons = tuple(horizons)
        self._series: dict[Hashable, _Series] = {}

    def add(self, series: Hashable, times: Floats, values: Floats, forecasts: Floats) -> None:
        """Events of one series in order, each with the forecasts made at it.

        Parameters
        ----------
        times, values : shape (n,). forecasts : (n, horizons, 7): as `liquid.results.BANDS`; nan where none was
        made.
        """
        if not len(times):
            return
        state = self._series.get(series)
        if state is None:
            state = self._series[series] = _Series(self.horizons)
        state.add(times, values, forecasts)

    def scores(self) -> list[HorizonScore]:
        return merged([self])


class _Series:
    def __init__(self, horizons: Sequence[float]) -> None:
        self.horizons = horizons
        self.sums = np.zeros((len(horizons), 6))
        self.waiting = [np.empty((0, 9)) for _ in horizons]
        self.bins = [-np.inf for _ in horizons]
        self.time, self.value = np.empty(0), np.empty(0)  # the newest event

    def add(self, times: Floats, values: Floats, forecasts: Floats) -> None:
        start = self.time[0] if len(self.time) else -np.inf
        # Time that runs back stands still instead, as it does in the model.
        times = np.maximum.accumulate(np.maximum(times, start))
        seen_times, seen_values = np.append(self.time, times), np.append(self.value, values)
        for k, horizon in enumerate(self.horizons):
            waiting = np.concatenate((self.waiting[k], self._made(k, times, values, forecasts[:, k])))
            due = waiting[:, _DUE] <= seen_times[-1]
            self.sums[k] += _compare(waiting[due], seen_times, seen_values, TOLERANCE * horizon)
            self.waiting[k] = waiting[~due]
        self.time, self.value = seen_times[-1:], seen_values[-1:]

    def _made(self, k: int, times: Floats, values: Floats, forecasts: Floats) -> Floats:
        """The forecasts that will wait: the first of every 1/PENDING of the horizon."""
        made = np.isfinite(forecasts[:, 0])
        times, values, forecasts = times[made], values[made], forecasts[made]
        bins = np.floor(times / (self.horizons[k] / PENDING))
        keep = np.diff(bins, prepend=self.bins[k]) > 0
        if len(bins):
            self.bins[k] = bins[-1]
        return np.column_stack((times[keep] + self.horizons[k], values[keep], forecasts[keep]))


def _compare(made: Floats, times: Floats, values: Floats, tolerance: float) -> Floats:
    """Sums over the forecasts that have an event near enough to when they were due."""
    due = made[:, _DUE]
    after = np.searchsorted(times, due, side="left")
    before = np.maximum(after - 1, 0)
    nearest = np.where(times[after] - due <= due - times[before], after, before)
    scored = np.abs(times[nearest] - due) <= tolerance
    made, value = made[scored], values[nearest[scored]]
    return np.array(
        [
            len(value),
            np.abs(value - made[:, _MEAN]).sum(),
            np.abs(value - made[:, _NOW]).sum(),
            np.count_nonzero((made[:, _LO50] <= value) & (value <= made[:, _HI50])),
            np.count_nonzero((made[:, _LO80] <= value) & (value <= made[:, _HI80])),
            np.count_nonzero((made[:, _LO95] <= value) & (value <= made[:, _HI95])),
        ]
    )


def merged(boards: Sequence[Scoreboard]) -> list[HorizonScore]:
    """One table over boards of the same horizons."""
    if not boards:
        return []
    return [
        _score(
            seconds, np.array([state.sums[k] for board in boards for state in board._series.values()]).reshape(-1, 6)
        )
        for k, seconds in enumerate(boards[0].horizons)
    ]


def _score(seconds: float, sums: Floats) -> HorizonScore:
    total = sums.sum(axis=0)
    enough = sums[(sums[:, _COUNT] >= ENOUGH) & (sums[:, _NAIVE] > 0) & (sums[:, _ERROR] > 0)]
    count = total[_COUNT]
    return HorizonScore(
        seconds,
        int(count),
        len(enough),
        float(np.exp(np.mean(np.log(enough[:, _ERROR] / enough[:, _NAIVE])))) if len(enough) else float("nan"),
        *(float(total[held] / count) if count else float("nan") for held in (_IN50, _IN80, _IN95)),
    )
