"""Cells by name and width, whatever their classes call the width."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from liquid.cells import CELLS, Cell
from liquid.wirings import FullyConnected

WIDTHS = ("units", "width", "modes")
"""Names of the width, the first that a class has."""


def sized(name: str, inputs: int, units: int, dtype: str, options: Mapping[str, Any] | None) -> Cell:
    """A cell of `CELLS`.

    Parameters
    ----------
    units : its width. A class that takes only a wiring gets a fully connected one of so many neurons. Without effect
        where `options` decide the width, and for cells that have none of their own, such as stacks.
    options : further fields of the class.

    >>> sized("mamba", inputs=2, units=8, dtype="float64", options=None).outputs
    8
    """
    if name not in CELLS:
        raise ValueError(f"there is no cell named {name!r}: choose one of {', '.join(CELLS)}")
    known = {field.name for field in fields(CELLS[name]) if field.init}
    given = dict(options or {})
    if unknown := given.keys() - known:
        raise ValueError(
            f"cell_options has {', '.join(sorted(unknown))}, but {name} has only {', '.join(sorted(known))}"
        )
    width = next((field for field in WIDTHS if field in known), None)
    if width is not None and width not in given and "wiring" not in given:
        given[width] = units
    elif width is None and "wiring" in known and "wiring" not in given:
        given["wiring"] = FullyConnected(units, units)
    return CELLS[name](**{**given, "inputs": inputs, "dtype": dtype})
