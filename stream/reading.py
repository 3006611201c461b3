"""What the cells of a file say: numbers and times, as people and programs write them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import product
from typing import Final

import numpy as np
import numpy.typing as npt

from stream.feeds import LATEST

Cell = str | float | bool | list[object] | dict[str, object] | None
Floats = npt.NDArray[np.float64]

_TRUTH: Final = {"true": 1.0, "false": 0.0}
_POINT: Final = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d*)?")
_COMMA: Final = re.compile(r"[+-]?(\d{1,3}([. \u00a0\u202f]\d{3})+|\d*)(,\d*)?([eE][+-]?\d+)?")

_ZONE: Final = re.compile(r"\s*(?:(UTC|GMT|Z)|([+-]\d\d:?\d\d))$")
_DATES: Final = (
    "%d.%m.%Y", "%d.%m.%y", "%d/%m/%Y", "%m/%d/%Y", "%d/%m/%y", "%m/%d/%y", "%d-%m-%Y", "%m-%d-%Y", "%m/%Y", "%Y.%m.%d",
    "%d %b %Y", "%d-%b-%Y", "%d-%b-%y", "%b %d, %Y", "%b %d %Y", "%d %B %Y", "%B %d, %Y", "%b %Y", "%B %Y", "%Y %b",
)  # fmt: skip
_CLOCKS: Final = ("", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", " %I:%M %p", " %I:%M:%S %p", ", %H:%M", ", %H:%M:%S")
#: Times of digits only, by their number.
_DIGITS: Final = {8: "%Y%m%d", 10: "%Y%m%d%H", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}
_YEARS: Final = (1900, 2100)
_SAMPLE: Final = 300


class AmbiguousError(ValueError):
    """More than one form fits, and they do not mean the same: its two arguments."""


def numbers(cells: Sequence[Cell], comma: bool = False) -> Floats:
    """Cells as float64; what is not a finite number is nan, `true` is 1.

    Parameters
    ----------
    comma : decimals come after a comma (1.234,5), else after a point (1,234.5).
    """
    try:
        out = np.array(cells, dtype=np.float64)
        if out.ndim != 1:
            raise ValueError
    except (ValueError, TypeError, OverflowError):
        out = np.fromiter((_number(cell, comma) for cell in cells), np.float64, len(cells))
    out[~np.isfinite(out)] = np.nan
    return out


def _number(cell: Cell, comma: bool) -> float:
    if isinstance(cell, list | dict) or cell is None:
        return np.nan
    try:
        return float(cell)
    except (ValueError, OverflowError):
        pass
    text = str(cell).strip()
    if comma and "," in text and _COMMA.fullmatch(text):
        text = re.sub(r"[. \u00a0\u202f]", "", text).replace(",", ".")
    elif not comma and _POINT.fullmatch(text):
        text = text.replace(",", "")
    else:
        return _TRUTH.get(text.lower(), np.nan)
    try:
        return float(text)
    except ValueError:
        return np.nan


def times(cells: Sequence[Cell], form: str = "") -> Floats:
    """Cells as epoch seconds; nan where there is no time in it.

    As in a feed, a number is s, ms, us or ns, whichever puts it before 2200 first, and text is ISO 8601 with or
    without `T` and offset (without one it is UTC). Unlike in a feed, times before 1970 are welcome, slashes may stand
    in a date and the day may be left out.

    Parameters
    ----------
    form : of `datetime.strptime`, where times are written otherwise.
    """
    if form:
        return np.fromiter((_formed(cell, form) for cell in cells), np.float64, len(cells))
    out = numbers(cells)
    for _ in ("ms", "us", "ns"):
        out[np.abs(out) >= LATEST] /= 1e3
    out[np.abs(out) >= LATEST] = np.nan
    for i in np.flatnonzero(np.isnan(out)).tolist():
        out[i] = _iso(cells[i])
    return out


def _iso(cell: Cell) -> float:
    if not isinstance(cell, str):
        return np.nan
    text = cell.strip()
    try:
        return _seconds(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        pass
    text = _ZONE.sub(lambda zone: zone[2] or "+00:00", text.replace("/", "-"))
    if re.fullmatch(r"\d{4}-\d\d", text):
        text += "-01"
    try:
        return _seconds(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        return np.nan


def _formed(cell: Cell, form: str) -> float:
    try:
        return _seconds(datetime.strptime(str(cell).strip(), form))
    except (ValueError, OverflowError, re.error):
        return np.nan


def _seconds(moment: datetime) -> float:
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def form_of(cells: Sequence[Cell], years: bool = False) -> str | None:
    """How the times of a column are written: "" as numbers or ISO 8601, else a form of `datetime.strptime`; None where
    most cells hold no time.

    Parameters
    ----------
    years : whole numbers of four digits are years.

    Raises AmbiguousError where day and month cannot be told apart.
    """
    filled = list(dict.fromkeys(str(cell).strip() for cell in cells if cell not in ("", None)))
    if not filled:
        return ""
    sample = [filled[i] for i in np.unique(np.linspace(0, len(filled) - 1, _SAMPLE).astype(int)).tolist()]
    of_digits = _form_of_digits([text for text in sample if text.isdecimal()], years)
    if of_digits:
        return of_digits
    if 2 * np.count_nonzero(np.isfinite(times(list[Cell](sample)))) > len(sample):
        return ""
    best: dict[str, Floats] = {}
    most = len(sample) // 2
    for date, clock in product(_DATES, _CLOCKS):
        found = times(list[Cell](sample), date + clock)
        known = int(np.count_nonzero(np.isfinite(found)))
        if known > most:
            best, most = {}, known
        if known == most and known > len(sample) // 2:
            best[date + clock] = found
    forms = list(best)
    for other in forms[1:]:
        if not np.array_equal(best[forms[0]], best[other], equal_nan=True):
            raise AmbiguousError(forms[0], other)
    return forms[0] if forms else None


def _form_of_digits(sample: Sequence[str], years: bool) -> str:
    """Dates like 20240330, which are no epoch seconds: those would all lie in some weeks of 1970 and be valid dates."""
    size = len(sample[0]) if sample else 0
    form = "%Y" if years and size == 4 else _DIGITS.get(size, "")
    if not form or any(len(text) != size for text in sample):
        return ""
    first, last = (0, 9999) if form == "%Y" else _YEARS
    if not all(first <= int(text[:4]) < last for text in sample):
        return ""
    return form if np.isfinite(times(list[Cell](sample), form)).all() else ""
