"""Checks of a cell's configuration, with the wording that all cells share."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real
from typing import Any


def one_of(cell: Any, **known: Sequence[str]) -> None:
    """Raise ValueError unless each named field is one of its known values."""
    for name, values in known.items():
        if getattr(cell, name) not in values:
            raise ValueError(f"{name} is {getattr(cell, name)!r}, but must be one of {', '.join(values)}")


def at_least(cell: Any, **smallest: float) -> None:
    """Raise ValueError unless each named field reaches its smallest value, TypeError if it is no number."""
    for name, least in smallest.items():
        value = getattr(cell, name)
        is_number = isinstance(value, Real)
        if not is_number:
            raise TypeError(f"{name} is {value!r}, but must be a number")
        if not value >= least:
            raise ValueError(f"{name} is {value}, but must be at least {least}")
