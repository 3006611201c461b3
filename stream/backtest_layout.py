"""Which column of a file is what, and how it is written."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np

from stream import reading
from stream.files import Columns, FileError, Table
from stream.reading import AmbiguousError, Cell, Floats

#: Names of columns, without case, spaces and signs; the first that is there is taken.
TIME_NAMES: Final = ("timestamp", "time", "datetime", "date", "ts", "ds", "year")
LABEL_NAMES: Final = ("label", "labels", "isanomaly", "anomaly", "isoutlier", "outlier", "groundtruth")
SERIES_NAMES: Final = ("series", "seriesid", "uniqueid", "itemid")
ROW_NAMES: Final = ("", "index", "id", "row", "rowid", "unnamed0", "nr", "no")  # where they number the rows


class Asked(NamedTuple):
    """What somebody says of a file's columns; what is None or empty is found. time_format : of `datetime.strptime`."""

    time: str | None = None
    values: tuple[str, ...] = ()
    label: str | None = None
    series: str | None = None
    time_format: str = ""


@dataclass(frozen=True)
class Layout:
    """Names of a file's columns. series : the column that tells series apart, label : 1 where a row is anomalous.

    form : see `stream.reading.times`. comma : see `stream.reading.numbers`."""

    time: str
    values: tuple[str, ...]
    series: str | None
    label: str | None
    form: str = field(default="", kw_only=True)
    comma: bool = field(default=False, kw_only=True)

    def times(self, block: Columns) -> Floats:
        """Epoch seconds of a block's rows, (n,); nan where there is none."""
        return reading.times(block[self.time], self.form)

    def numbers(self, block: Columns, name: str) -> Floats:
        """A column of a block, (n,); nan where there is no number."""
        return reading.numbers(block[name], self.comma)


#: Everything is found.
ANYTHING: Final = Asked()


def find(table: Table, asked: Asked = ANYTHING) -> Layout:
    """The layout of a table: what is asked for, and for the rest what the names and the first rows suggest.

    Values are the columns in which most of the filled cells are numbers, and any column called `value`; not those that
    only number the rows.

    Raises FileError, also where times or numbers cannot be read or rows run back in time."""
    for wanted in (asked.time, asked.label, asked.series, *asked.values):
        if wanted is not None and wanted not in table.names:
            raise FileError(f"no column {wanted!r}", f"{table.path}:1", f"its columns are: {_listed(table.names)}")
    first, comma = table.first(), table.delimiter == ";"
    time, form = _time(table, asked)
    names = {_plain(name): name for name in reversed(table.names) if name != time}
    label = asked.label or next((names[n] for n in LABEL_NAMES if n in names and _flags(n, first[names[n]])), None)
    if label in asked.values:
        raise FileError(f"{label!r} is the label: the model must not see it", str(table.path), "drop it from --values")
    series = asked.series or next((names[n] for n in SERIES_NAMES if n in names), None)
    if series in (label, *asked.values):
        series = None
    values = asked.values or _values(table, comma, [n for n in table.names if n not in (time, label, series)])
    if not values:
        raise FileError("no column of numbers", str(table.path), "name the value columns with --values")
    layout = Layout(time, tuple(values), series, label, form=form, comma=comma)
    for name in values:
        _must_hold_numbers(table, layout, name)
    _must_go_on(table, layout)
    return layout


def _time(table: Table, asked: Asked) -> tuple[str, str]:
    """The column of times and how they are written."""
    first = table.first()
    plain = {_plain(name): name for name in reversed(table.names)}
    named = [plain[name] for name in TIME_NAMES if name in plain]
    if asked.time is None and not named:
        named = [n for n in table.names if _text(first[n]) and _form(table, n, asked.time_format) is not None][:1]
    name = asked.time or (named[0] if named else None)
    if asked.time is None and all(_number_or_time(n) for n in table.names):
        raise FileError("no header line", str(table.path), "the first line must name the columns: timestamp,value")
    if name is None:
        raise FileError(
            "no time column", f"{table.path}:1", f"name it with --time-column, one of: {_listed(table.names)}"
        )
    form = _form(table, name, asked.time_format)
    if form is None:
        cell = next(str(cell) for cell in first[name] if cell not in ("", None))
        what, remedy = f"times that cannot be read in column {name!r}: {cell!r}", "say how with --time-format %H:%M"
        if asked.time_format:
            remedy = f"they are not of the form {asked.time_format!r}"
        elif re.fullmatch(r"\d\d?:\d\d(:\d\d(\.\d*)?)?", cell.strip()):
            remedy = "put date and time of day into one column"
        else:
            remedy = "write them like 2024-03-30T17:30:00Z, or say how with --time-format, e.g. '%d.%m.%Y %H:%M'"
        raise FileError(what, str(table.path), remedy)
    return name, form


def _form(table: Table, name: str, asked: str) -> str | None:
    cells = table.first()[name]
    if asked:
        filled = [cell for cell in cells if cell not in ("", None)]
        return asked if not filled or np.isfinite(reading.times(filled, asked)).any() else None
    try:
        return reading.form_of(cells, years=_plain(name) == "year")
    except AmbiguousError as error:
        raise FileError(
            f"which is the day and which the month in column {name!r}?",
            str(table.path),
            "say it with --time-format " + " or ".join(f"{form!r}" for form in error.args),
        ) from None


def _values(table: Table, comma: bool, others: Sequence[str]) -> Sequence[str]:
    first = table.first()
    if not len(first[table.names[0]]):
        return others
    found = [name for name in others if name.lower() == "value" or _numeric(first[name], comma)]
    return [name for name in found if not (_plain(name) in ROW_NAMES and _counts(first[name]))] or found


def _must_hold_numbers(table: Table, layout: Layout, name: str) -> None:
    cells = [cell for cell in table.first()[name] if cell not in ("", None)]
    if cells and np.isnan(reading.numbers(cells, layout.comma)).all():
        remedy = "name the columns of numbers with --values"
        raise FileError(f"no numbers in column {name!r}: {str(cells[0])!r}", str(table.path), remedy)


def _must_go_on(table: Table, layout: Layout) -> None:
    """Newest first is how many exports are sorted; to the model all of their rows would come at once."""
    first = table.first()
    at = layout.times(first)
    if layout.series is not None and len(at):
        at = at[[cell == first[layout.series][0] for cell in first[layout.series]]]
    steps = np.sign(np.diff(at[np.isfinite(at)]))
    if steps.sum() < 0 and len(steps) > 1:
        raise FileError("most rows are older than the row before them", str(table.path), "sort them, the oldest first")


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "", name.lower())


def _flags(name: str, cells: Sequence[Cell]) -> bool:
    """Whether a column is one of labels; one called `label` is, whatever it holds."""
    known = reading.numbers(cells)
    return name == "label" or bool(np.isin(known[np.isfinite(known)], (0.0, 1.0)).all())


def _numeric(cells: Sequence[Cell], comma: bool) -> bool:
    filled = sum(cell not in ("", None) for cell in cells)
    return 2 * int(np.count_nonzero(np.isfinite(reading.numbers(cells, comma)))) > filled


def _counts(cells: Sequence[Cell]) -> bool:
    """Whether a column only numbers the rows."""
    known = reading.numbers(cells)
    return known[0] in (0.0, 1.0) and bool((np.diff(known) == 1.0).all())


def _text(cells: Sequence[Cell]) -> bool:
    return not _numeric(cells, comma=True) and any(cell not in ("", None) for cell in cells)


def _number_or_time(text: str) -> bool:
    return bool(np.isfinite(reading.times([text])[0]))


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:20]) + (", ..." if len(names) > 20 else "")
