"""What the tables that commands print have in common."""

from __future__ import annotations

import math
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table

from stream.scoreboard import HorizonScore


def table(first: str, *others: str, **options: Any) -> Table:
    """A table with numbers on the right. options : of the first column."""
    made = Table(box=SIMPLE_HEAD, pad_edge=False)
    made.add_column(first, **options)
    for name in others:
        made.add_column(name, justify="right", no_wrap=True)
    return made


def number(value: float, form: str) -> str:
    return "-" if math.isnan(value) else form.format(value)


def forecast_cells(score: HorizonScore) -> list[str]:
    """Forecasts scored, error relative to the last value, shares inside the 80 and the 95 % interval."""
    coverage = [number(100 * share, "{:.1f} %") for share in (score.coverage80, score.coverage95)]
    return [f"{score.scored:,}", number(score.relative_error, "{:.3f}"), *coverage]
