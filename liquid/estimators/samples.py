"""What estimators accept as samples: rows of a table, or sequences with a time stamp in each of their rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from liquid.cells.params import Array
from liquid.estimators.dates import are_dates, nanoseconds


@dataclass(frozen=True)
class Samples:
    """Sequences of inputs and gaps, padded behind their ends.

    x : (n, longest, inputs). gaps : (n, longest). lengths : (n,).
    """

    x: Array
    gaps: Array
    lengths: Array

    def __len__(self) -> int:
        return len(self.x)

    @property
    def here(self) -> Array:
        """(n, longest), where there is a sample and no padding."""
        present: Array = np.arange(self.x.shape[1]) < self.lengths[:, None]
        return present

    def subset(self, chosen: Array) -> Samples:
        return Samples(self.x[chosen], self.gaps[chosen], self.lengths[chosen])

    @classmethod
    def of_rows(cls, x: Array) -> Samples:
        """Each row ``x (n, inputs)`` a sequence of one sample after one unit of time."""
        return cls(x[:, None], np.ones((len(x), 1)), np.ones(len(x), np.int64))


@dataclass(frozen=True)
class Timed:
    """Sequences as they came: inputs (length_i, inputs), and gaps (length_i - 1,) or None if they bear no times."""

    inputs: list[Array]
    gaps: list[Array] | None
    columns: int

    def usual_gap(self, counted: Array) -> float:
        """The median of the gaps above 0 in the sequences that count (n,), 1 without any."""
        gaps = np.concatenate(
            [g for g, counts in zip(self.gaps or (), counted, strict=False) if counts] or [np.empty(0)]
        )
        gaps = gaps[gaps > 0]
        return float(np.median(gaps)) if gaps.size else 1.0

    def samples(self, unit: float) -> Samples:
        """Padded, with times in `unit`. The first sample of a sequence comes after one unit: with no gap at all, cells
        that follow a differential equation would not see it."""
        lengths = np.array([len(x) for x in self.inputs])
        x = np.zeros((len(lengths), lengths.max(), self.inputs[0].shape[1]))
        gaps = np.ones(x.shape[:2])
        for i, length in enumerate(lengths):
            x[i, :length] = self.inputs[i]
            if self.gaps is not None:
                gaps[i, 1:length] = self.gaps[i] / unit
        return Samples(x, gaps, lengths)


def is_sequences(X: Any) -> bool:
    """Whether X is a 3-D array, or a list or array of 2-D ones. Anything else is left to scikit-learn's checks."""
    if isinstance(X, np.ndarray):
        return X.ndim == 3 or (X.dtype == object and X.ndim == 1 and len(X) > 0 and np.ndim(X[0]) == 2)
    return isinstance(X, (list, tuple)) and len(X) > 0 and not np.isscalar(X[0]) and np.ndim(X[0]) == 2


def timed(X: Sequence[Any], time_column: int | None) -> Timed:
    """Read sequences ``(length_i, columns)``.

    Parameters
    ----------
    time_column : which column holds times: real numbers, or dates, then counted in seconds; None if there is none.

    Raises
    ------
    ValueError : sequences without samples, of unequal columns, with nothing but times, with numbers that are not
        finite, or with times that run back.
    """
    if not len(X):
        raise ValueError("X holds no sequences")
    inputs, gaps = [], []
    columns = np.shape(X[0])[1]
    if time_column is not None and not -columns <= time_column < columns:
        raise ValueError(f"time_column is {time_column}, but the sequences have {columns} columns")
    if time_column is not None and columns == 1:
        raise ValueError("the only column of the sequences is their time: at least one more is needed")
    for i, one in enumerate(X):
        table = np.asarray(one)
        if table.ndim != 2 or table.shape[1] != columns or not len(table):
            raise ValueError(
                f"X[{i}] has shape {table.shape}, but (samples, columns) = (at least 1, {columns}) is needed"
            )
        if time_column is None:
            inputs.append(_numbers(f"X[{i}]", table))
        else:
            inputs.append(_numbers(f"X[{i}]", np.delete(table, time_column, axis=1)))
            gaps.append(_gaps(f"X[{i}]", table[:, time_column]))
    return Timed(inputs, None if time_column is None else gaps, columns)


def _numbers(name: str, table: Array) -> Array:
    if table.dtype.kind == "c":
        raise ValueError(f"{name} holds complex numbers: give their parts as columns")
    try:
        numbers = table.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} holds something that is no real number: {error}") from error
    if not np.isfinite(numbers).all():
        row = int(np.argmin(np.isfinite(numbers).all(axis=1)))
        raise ValueError(
            f"{name} has NaN or infinity in its sample {row}: leave the sample out (times may be irregular), or fill it"
        )
    return numbers


def _gaps(name: str, times: Array) -> Array:
    """Differences of times; in seconds if they are dates, which float64 would round before taking the difference."""
    if are_dates(times):
        gaps = np.diff(nanoseconds(name, times)) * 1e-9
    else:
        gaps = np.diff(_numbers(name, times[:, None])[:, 0])
    if (gaps < 0).any():
        at = int(np.argmax(gaps < 0)) + 1
        raise ValueError(f"{name} runs back in time at its sample {at}: sort its samples by time")
    return gaps
