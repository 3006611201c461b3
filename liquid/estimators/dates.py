"""Dates among the samples: numpy's, Python's or pandas', with a time zone or without (then taken as UTC)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import numpy as np

from liquid.cells.params import Array


def are_dates(times: Array) -> bool:
    """Whether a vector holds dates; of objects the first one decides."""
    if times.dtype == object:
        return times.ndim == 1 and len(times) > 0 and isinstance(times[0], (date, np.datetime64))
    return times.dtype.kind == "M"


def nanoseconds(name: str, times: Array) -> Array:
    """Since 1970, as whole numbers ``(n,)``.

    Raises
    ------
    ValueError : something that is no date, a missing one (NaT), or one before 1678 or after 2261; it says `name`.
    """
    try:
        if times.dtype == object:
            times = np.array([_plain(one) for one in times])
        exact = times.astype("datetime64[us]")
        fine = exact.astype("datetime64[ns]") if (exact == times).all() else times.astype("datetime64[ns]")
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} has something that is no date among its times: {error}") from error
    if np.isnat(fine).any():
        raise ValueError(f"{name} has no time in its sample {int(np.argmax(np.isnat(fine)))}")
    if (fine.astype("datetime64[us]") != exact).any():
        raise ValueError(f"{name} has a time before 1678 or after 2261, which nanoseconds do not reach")
    return fine.astype(np.int64)


def with_seconds(X: Any, column: int | None) -> Any:
    """X with the dates in one of its columns, or in the only one of a vector, as seconds since 1970.

    Anything without dates comes back as it is, and is left to scikit-learn's checks.
    """
    if hasattr(X, "iloc"):  # pandas
        if getattr(X, "ndim", 0) == 1:
            return with_seconds(X.to_numpy(), column)
        if column is None or not -X.shape[1] <= column < X.shape[1]:
            return X
        times = X.iloc[:, column].to_numpy()
        if are_dates(times):
            X = X.copy()
            X.isetitem(column % X.shape[1], nanoseconds("X", times) * 1e-9)
        return X
    if not isinstance(X, (np.ndarray, list, tuple)):
        return X
    try:
        table = np.asarray(X)
    except ValueError:  # ragged
        return X
    if table.ndim == 1 and are_dates(table):
        return nanoseconds("X", table) * 1e-9
    if table.ndim != 2 or column is None or not -table.shape[1] <= column < table.shape[1] or not len(table):
        return X
    if are_dates(table[:, column]):
        numbers = nanoseconds("X", table[:, column]) * 1e-9
        if table.dtype != object:
            return numbers[:, None] if table.shape[1] == 1 else X
        table = table.copy()
        table[:, column] = numbers
        return table
    return X


def _plain(one: Any) -> np.datetime64:
    if isinstance(one, datetime) and one.tzinfo is not None:
        one = one.astimezone(UTC).replace(tzinfo=None)
    if not isinstance(one, (date, np.datetime64)):
        raise TypeError(f"{one!r}")
    return np.datetime64(one)
