"""Which column of a file is what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from stream.files import Cell, FileError, Table, numbers

TIME_NAMES: Final = ("timestamp", "time", "datetime", "date", "ts")
LABEL: Final = "label"
SERIES: Final = "series"


@dataclass(frozen=True)
class Layout:
    """Names of a file's columns. series : the column that tells series apart, label : 1 where a row is anomalous."""

    time: str
    values: tuple[str, ...]
    series: str | None
    label: str | None


def find(table: Table, time: str | None = None, values: Sequence[str] = (), label: str | None = None) -> Layout:
    """The layout of a table: what is asked for, and for the rest what the names and the first rows suggest.

    Values are the columns in which most of the filled cells are numbers, and any column called `value`."""
    names = {name.lower(): name for name in reversed(table.names)}
    for wanted in (time, label, *values):
        if wanted is not None and wanted not in table.names:
            raise FileError(f"no column {wanted!r}", f"{table.path}:1", f"its columns are: {_listed(table.names)}")
    time = time or next((names[name] for name in TIME_NAMES if name in names), None)
    if time is None:
        raise FileError(
            "no time column", f"{table.path}:1", f"name it with --time-column, one of: {_listed(table.names)}"
        )
    label = label or names.get(LABEL)
    series = names.get(SERIES)
    if series in (time, label, *values):
        series = None
    if label in values:
        raise FileError(f"{label!r} is the label: the model must not see it", str(table.path), "drop it from --values")
    if not values:
        others = [name for name in table.names if name not in (time, label, series)]
        first = table.first()
        values = [name for name in others if name.lower() == "value" or _numeric(first[name])]
        if not first[time]:
            values = others
    if not values:
        raise FileError("no column of numbers", str(table.path), "name the value columns with --values")
    return Layout(time, tuple(values), series, label)


def _numeric(cells: Sequence[Cell]) -> bool:
    filled = sum(cell not in ("", None) for cell in cells)
    return 2 * int(np.count_nonzero(np.isfinite(numbers(cells)))) > filled


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:20]) + (", ..." if len(names) > 20 else "")
