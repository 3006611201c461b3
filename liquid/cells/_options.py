"""Checks of a cell's configuration, with the wording that all cells share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def one_of(cell: Any, **known: Sequence[str]) -> None:
    """Raise ValueError unless each named field is one of its known values."""
    for name, values in known.items():
        if getattr(cell, name) not in values:
            raise ValueError(f"{name} is {getattr(cell, name)!r}, but must be one of {', '.join(values)}")


def at_least(cell: Any, **smallest: float) -> None:
    """Raise ValueError unless each named field reaches its smallest value."""
    for name, least in smallest.items():
        if not getattr(cell, name) >= least:
            raise ValueError(f"{name} is {getattr(cell, name)}, but must be at least {least}")
