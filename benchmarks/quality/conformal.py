"""Rolling-quantile conformal intervals: the band is a quantile of the latest absolute errors of the same forecasts.

The yardstick for the width of intervals (Vovk et al. 2005; rolling as in Gibbs & Candès 2021, section 2). An error
enters only once an event at or after the moment forecast has come, and only where an event lies within a tenth of the
horizon of that moment: elsewhere nobody knows what the series was."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from math import ceil

import numpy as np

WINDOW = 300
LEVELS = (0.8, 0.95)
NEAR = 0.1  # of the horizon


def quantile(ordered: list[float], level: float) -> float:
    """The conformal quantile of n sorted errors: the ceil((n + 1) level)-th, at most the largest; nan of none."""
    n = len(ordered)
    return ordered[min(ceil((n + 1) * level), n) - 1] if n else float("nan")


def bands(
    time: np.ndarray, value: np.ndarray, horizons: tuple[float, ...], mean: np.ndarray, window: int = WINDOW
) -> np.ndarray:
    """Intervals around forecasts.

    Parameters
    ----------
    mean : (n, 1 + horizons), as `prequential.Forecasts.mean`.

    Returns
    -------
    (n, 1 + horizons, 4), lower and upper end at 80 % and at 95 %.
    """
    n = len(time)
    out = np.full((*mean.shape, 2 * len(LEVELS)), np.nan)
    for m in range(mean.shape[1]):
        if m == 0:
            errors, known = np.abs(value - mean[:, 0]), np.arange(n)
        else:
            due = time + horizons[m - 1]
            known = np.searchsorted(time, due, side="left")
            after, before = time[np.minimum(known, n - 1)], time[np.maximum(known - 1, 0)]
            near = np.minimum(np.abs(after - due), np.abs(due - before)) <= NEAR * horizons[m - 1]
            errors = np.where(near, np.abs(np.interp(due, time, value) - mean[:, m]), np.nan)
        width = _widths(errors.tolist(), known.tolist(), window, of_itself=m > 0)
        for k in range(len(LEVELS)):
            out[:, m, 2 * k], out[:, m, 2 * k + 1] = mean[:, m] - width[:, k], mean[:, m] + width[:, k]
    return out


def _widths(errors: list[float], known: list[int], window: int, of_itself: bool) -> np.ndarray:
    """Quantiles at each row. known : the row with which an error is known; `of_itself` : also at that row already."""
    ordered: list[float] = []
    order_of_arrival: deque[float] = deque()
    out = np.full((len(errors), len(LEVELS)), np.nan)
    i = 0
    for row in range(len(errors)):
        while i < row + of_itself and known[i] < row + of_itself:
            e = errors[i]
            i += 1
            if e != e:
                continue
            insort(ordered, e)
            order_of_arrival.append(e)
            if len(order_of_arrival) > window:
                del ordered[bisect_left(ordered, order_of_arrival.popleft())]
        out[row] = [quantile(ordered, level) for level in LEVELS]
    return out
