"""What the scripts of this folder share: results by seed, tables with error bars, their place in docs/claims.md."""

from __future__ import annotations

import os
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean, stdev
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table as Printed

from benchmarks import pages

PAGE = Path(__file__).parents[2] / "docs" / "claims.md"
PEERS_MISSING = "torch and ncps are needed here: pip install -e '.[peers]'"

Seeds = Annotated[int, typer.Option(min=1, help="Repetitions, each from another random start; tables have mean ± sd.")]
Quick = Annotated[bool, typer.Option(help="A small version that only shows that everything runs.")]
Write = Annotated[bool, typer.Option(help="Put the tables into docs/claims.md.")]


@dataclass
class Table:
    """Values by row, column and seed; a cell shows mean ± standard deviation over its values.

    digits : format of one number. formats : other formats, by column."""

    title: str
    rows_are: str
    digits: str = ".3f"
    formats: dict[str, str] = field(default_factory=dict)
    values: dict[str, dict[str, list[float]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(list)))

    def add(self, row: str, column: str, value: float) -> None:
        self.values[row][column].append(value)

    def mean(self, row: str, column: str) -> float:
        return fmean(self.values[row][column])

    def columns(self) -> list[str]:
        return list(dict.fromkeys(column for row in self.values.values() for column in row))

    def cell(self, row: str, column: str) -> str:
        values = self.values[row].get(column)
        if not values:
            return "–"
        digits = self.formats.get(column, self.digits)
        mean = format(fmean(values), digits)
        return f"{mean} ± {format(stdev(values), digits)}" if len(values) > 1 else mean

    def markdown(self) -> str:
        columns = self.columns()
        lines = [
            f"**{self.title}**",
            "",
            f"| {self.rows_are} | " + " | ".join(columns) + " |",
            "|---|" + "---|" * len(columns),
            *(f"| {row} | " + " | ".join(self.cell(row, column) for column in columns) + " |" for row in self.values),
        ]
        return "\n".join(lines)

    def show(self, console: Console) -> None:
        printed = Printed(title=self.title)
        columns = self.columns()
        printed.add_column(self.rows_are)
        for column in columns:
            printed.add_column(column, justify="right")
        for row in self.values:
            printed.add_row(row, *(self.cell(row, column) for column in columns))
        console.print(printed)


def report(name: str, settings: str, tables: list[Table], write: bool) -> None:
    """Print the tables, and put them between the marks of that name in docs/claims.md if `write`."""
    console = Console()
    for table in tables:
        table.show(console)
    console.print(settings)
    if write:
        PAGE.write_text(replaced(PAGE.read_text(), name, settings, tables))
        console.print(f"written: {PAGE}")


def replaced(page: str, name: str, settings: str, tables: list[Table]) -> str:
    body = "\n\n".join([f"`python -m benchmarks.claims.{name}` · {settings}", *(t.markdown() for t in tables)])
    return pages.replaced(page, name, body, PAGE)


def only(given: str, known: Iterable[str]) -> list[str]:
    """The one that was asked for on the command line, or all if none was."""
    names = list(known)
    if given and given not in names:
        raise typer.BadParameter(f"{given!r} is none of {', '.join(names)}")
    return [given] if given else names


def best_of(action: Callable[[], Any], rounds: int) -> float:
    """Seconds of the fastest of several runs, which is what a busy machine disturbs least."""
    found = []
    for _ in range(rounds):
        start = time.perf_counter()
        action()
        found.append(time.perf_counter() - start)
    return min(found)


def one_thread() -> None:
    """Before torch is imported: both sides of a comparison get one thread."""
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, "1")
