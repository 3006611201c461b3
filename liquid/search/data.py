"""Forecasting the next value of one irregular series, as a task for the search."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from liquid.cells.params import Array
from liquid.search.objectives import Task
from liquid.training import Sequences


def series_task(
    time: Array, values: Array, *, length: int = 64, held_out: float = 0.3, epochs: int = 15, batch_size: int = 32
) -> Task:
    """Windows of a series whose target is the change of its first column until the next sample.

    A sample's inputs are the values, standardised by the training part, and the time until the next sample; its gap
    is that since the last one; both in units of the median gap. Errors are relative to those of the last value.

    Parameters
    ----------
    time : (n,), increasing; other rows are left out, as are those with numbers that are not finite.
    values : (n, columns). length : samples of a window. held_out : share of the series, at its end, for validation.
    """
    if time.ndim != 1 or values.ndim != 2 or len(time) != len(values):
        raise ValueError(f"time {time.shape} and values {values.shape} must be (n,) and (n, columns)")
    fine = np.isfinite(time) & np.isfinite(values).all(axis=1)
    time, values = time[fine].astype(float), values[fine].astype(float)
    later = np.append(True, time[1:] > np.maximum.accumulate(time)[:-1])
    time, values = time[later], values[later]
    windows = (len(time) - 2) // length
    split = round(windows * (1 - held_out))
    if not 1 <= split < windows:
        raise ValueError(f"{len(time)} usable rows make {max(windows, 0)} windows of {length}: at least 2 are needed")
    gaps = np.diff(time) / np.median(np.diff(time))
    known = values[: split * length]
    scaled = (values - known.mean(axis=0)) / np.maximum(known.std(axis=0), 1e-12)
    x = np.column_stack([scaled[1:-1], np.log1p(gaps[1:])])
    change = np.diff(scaled[1:, 0])
    shape = (windows, length)

    def cut(a: Array) -> Array:
        return a[: windows * length].reshape(*shape, *a.shape[1:]).astype(np.float32)

    x, gaps, target = cut(x), cut(gaps[:-1]), cut(change[:, None])
    train, validation = (Sequences(x[p], gaps[p], target[p]) for p in (slice(split), slice(split, None)))
    reference = float(np.abs(validation.target).mean())
    if reference == 0:
        raise ValueError("the value never changes in the part that is held out: there is nothing to forecast")
    return Task(train, validation, "mae", 1, reference, epochs, batch_size)


def read_csv(path: Path, time: str, columns: Sequence[str]) -> tuple[Array, Array]:
    """Columns of a CSV file with a header. Times are numbers or ISO dates; cells that are no numbers become NaN."""
    with path.open(newline="") as file:
        reader = csv.DictReader(file)
        names = reader.fieldnames or []
        if missing := [name for name in (time, *columns) if name not in names]:
            raise ValueError(f"{path} has no column {', '.join(missing)}; it has {', '.join(names)}")
        rows = list(reader)
    return np.array([_time(row[time]) for row in rows]), np.array([[_number(r[c]) for c in columns] for r in rows])


def oscillation(samples: int = 6000, seed: int = 0) -> tuple[Array, Array]:
    """A series to try the search on: two oscillations of changing size with noise, at irregular times."""
    rng = np.random.default_rng(seed)
    time = np.cumsum(rng.lognormal(-0.5, 0.8, samples))
    slow = 1 + 0.5 * np.sin(0.013 * time)
    value = slow * np.sin(0.9 * time) + 0.5 * np.sin(0.31 * time + 1) + 0.1 * rng.normal(size=samples)
    return time, value[:, None]


def _number(text: str | None) -> float:
    try:
        return float(text or "nan")
    except ValueError:
        return float("nan")


def _time(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        try:
            moment = np.datetime64(text.strip().removesuffix("Z").replace("/", "-"), "ms")
        except ValueError:
            return float("nan")
    return float("nan") if np.isnat(moment) else float(moment.astype(np.int64)) / 1000
