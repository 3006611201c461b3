"""Tables and pictures of docs/quality.md, each between its own marks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table as Printed

from benchmarks import pages

PAGE = Path(__file__).parents[2] / "docs" / "quality.md"


@dataclass
class Table:
    """Rows of text; the first column is left-aligned. strong : rows printed in bold."""

    title: str
    columns: Sequence[str]
    rows: list[Sequence[str]] = field(default_factory=list)
    strong: set[str] = field(default_factory=set)

    def add(self, *cells: str) -> None:
        self.rows.append(cells)

    def markdown(self) -> str:
        lines = [
            f"**{self.title}**",
            "",
            "| " + " | ".join(self.columns) + " |",
            "|---|" + "---:|" * (len(self.columns) - 1),
        ]
        for row in self.rows:
            cells = [c and f"**{c}**" for c in row] if row[0] in self.strong else row
            lines.append("| " + " | ".join(cells) + " |")
        return "\n".join(lines)

    def show(self, console: Console) -> None:
        printed = Printed(title=self.title)
        for i, column in enumerate(self.columns):
            printed.add_column(column, justify="right" if i else "left")
        for row in self.rows:
            printed.add_row(*row, style="bold" if row[0] in self.strong else None)
        console.print(printed)


def number(x: float, digits: int = 3) -> str:
    """As the tables of the page have it: `.583`, `1.003`, `–` for what does not exist."""
    return "–" if x != x else re.sub(r"^(-?)0\.", r"\1.", f"{x:.{digits}f}")


def replaced(page: str, name: str, body: str) -> str:
    """See `benchmarks.pages.replaced`."""
    return pages.replaced(page, name, body, PAGE)


def write(name: str, parts: Sequence[str], page: Path = PAGE) -> None:
    """Put the parts, paragraphs apart, between the marks of that name."""
    page.write_text(replaced(page.read_text(), name, "\n\n".join(parts)))
