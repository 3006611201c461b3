"""Recursive least squares on lags and calendar, one readout for the next event and one for each horizon.

Inputs: the series at 18 unit lags and one and seven seasons before the target (straight lines between events), less the
last value, in running standard deviations; day (two harmonics) and week of the target by the clock. Targets: the series
at the horizon, known once an event at or after it has come, less the last value. Errors beyond four mean errors weigh
less (Huber). Forecasts are cut off one range of the series beyond its extremes, as for the other linear ones."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from math import ceil, cos, pi, sin, sqrt

import numpy as np
from numba import njit

from benchmarks.quality.forecasters.base import Forecaster, Hints
from benchmarks.quality.sets import DAY

LAGS = 18
RECENT = 64  # events that lags may reach back over
FORGET = 0.9999
PRIOR = 1.0
HUBER = 4.0


@njit(cache=True)
def update(P, w, x, target, forget, typical):
    """One step of forgetting least squares; P stays symmetric. typical : [mean absolute error, number of errors]."""
    error = target - w @ x
    typical[1] += 1.0
    weight = 1.0
    if typical[1] > 30.0 and abs(error) > HUBER * typical[0]:
        weight = HUBER * typical[0] / abs(error)
    typical[0] += max(1.0 / typical[1], 0.01) * (weight * abs(error) - typical[0])
    weight = max(weight, 1e-6)
    k = P @ x
    gain = k / (forget / weight + x @ k)
    w += gain * error
    for i in range(len(x)):
        for j in range(len(x)):
            P[i, j] = (P[i, j] - gain[i] * k[j]) / forget
    # What is never excited would grow without bound.
    if np.trace(P) > 1e6 * len(x):
        P *= 0.5


class Rls(Forecaster):
    def __init__(self, hints: Hints) -> None:
        super().__init__(hints)
        self.times: list[float] = []
        self.values: list[float] = []
        self.mean = self.square = 0.0
        seasons = 2 * (hints.period is not None)
        scaled = [False] + LAGS * [True] + [False] + seasons * [True] + 6 * hints.clock * [False]
        self.scaled = np.array(scaled)
        heads = range(1 + len(hints.horizons))
        self.P = [PRIOR * np.eye(len(scaled)) for _ in heads]
        self.w = [np.zeros(len(scaled)) for _ in heads]
        self.typical = [np.zeros(2) for _ in heads]
        self.waiting: list[deque[tuple[float, float, np.ndarray]]] = [deque() for _ in hints.horizons]
        self.rows: list[np.ndarray] = []

    def learn(self, time: float, value: float) -> None:
        last, before = (self.values[-1], self.time) if self.times else (value, time)
        row = self._row(time) if self.times else None
        self._take(time, value)
        if row is not None:
            self._teach(0, row, value - last)
            for head, waiting in enumerate(self.waiting, 1):
                while waiting and waiting[0][0] <= time:
                    due, origin, row = waiting.popleft()
                    came = last + (value - last) * (due - before) / (time - before)
                    self._teach(head, row, came - origin)
        self.rows = [self._row(time + h) for h in self.hints.horizons]
        for h, waiting, row in zip(self.hints.horizons, self.waiting, self.rows, strict=True):
            waiting.append((time + h, value, row))

    def next(self, time: float) -> float:
        return self._made(0, self._row(time))

    def ahead(self) -> list[float]:
        return [self._made(head, row) for head, row in enumerate(self.rows, 1)]

    def _teach(self, head: int, row: np.ndarray, change: float) -> None:
        if self.scale > 0.0:
            x = np.where(self.scaled, row / self.scale, row)
            update(self.P[head], self.w[head], x, change / self.scale, FORGET, self.typical[head])

    def _made(self, head: int, row: np.ndarray) -> float:
        last = self.values[-1]
        if not self.scale > 0.0:
            return last
        made = last + self.scale * float(self.w[head] @ np.where(self.scaled, row / self.scale, row))
        width = self.high - self.low
        return min(max(made, self.low - width), self.high + width)

    def _take(self, time: float, value: float) -> None:
        self.time = time
        self.times.append(time)
        self.values.append(value)
        n = len(self.times)
        before = self.mean
        self.mean += (value - self.mean) / n
        self.square += (value - before) * (value - self.mean)
        self.scale = sqrt(self.square / n)
        self.low, self.high = (min(self.low, value), max(self.high, value)) if n > 1 else (value, value)
        ages = time - self.hints.unit * np.arange(1, LAGS + 1)
        past = np.interp(ages, self.times[-RECENT:], self.values[-RECENT:]) - value
        self.past = [1.0, *past.tolist()]

    def _row(self, time: float) -> np.ndarray:
        """Inputs of the forecast for `time`, lags in the units of the series."""
        row = [*self.past, min((time - self.time) / self.hints.unit, 100.0) / 10.0]
        if self.hints.period is not None:
            row += [self._before(time, self.hints.period * k) for k in (1, 7)]
        if self.hints.clock:
            day, week = 2 * pi * time / DAY, 2 * pi * time / (7 * DAY)
            row += [sin(day), cos(day), sin(2 * day), cos(2 * day), sin(week), cos(week)]
        return np.array(row)

    def _before(self, time: float, period: float) -> float:
        """The series seasons before, less the last value; 0 where it had not begun."""
        then = time - period * max(1, ceil((time - self.time) / period))
        if then < self.times[0] or len(self.times) < 2:
            return 0.0
        k = min(max(bisect_left(self.times, then), 1), len(self.times) - 1)
        a, b = self.times[k - 1], self.times[k]
        value = self.values[k - 1] + (then - a) / (b - a) * (self.values[k] - self.values[k - 1])
        return value - self.values[-1]
