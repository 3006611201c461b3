"""Size and cost of every registered cell at one width: the table of docs/cells.md.

    python -m benchmarks.all_cells [--width 16] [--samples 200] [--rounds 10]

One sequence of two inputs, irregular gaps, one thread. `run` is a compiled pass, `stepper` one sample from Python with
`Stepper`, `gradient` a forward and backward pass, all in microseconds per sample: the best of the rounds.
"""

from __future__ import annotations

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.cells import costs
from liquid.cells import CELLS, Cell, make
from liquid.estimators.sized import sized
from liquid.wirings import AutoNCP

INPUTS = 2


def cells(width: int) -> dict[str, Cell]:
    """All but stacks, which are what one makes of them."""
    found = {name: sized(name, INPUTS, width, "float64", None) for name in CELLS if name not in ("stack", "hybrid")}
    found["hybrid"] = make("hybrid", inputs=INPUTS, width=width)
    if width >= 8:
        wiring = AutoNCP(width, width // 4)
        found |= {f"{name}, AutoNCP": make(name, inputs=INPUTS, wiring=wiring) for name in ("ltc", "wired_cfc")}
    return dict(sorted(found.items()))


def main(width: int = 16, samples: int = 200, rounds: int = 10) -> None:
    table = Table(title=f"Microseconds per sample, width {width}")
    for column in ("cell", "state", "parameters", "run", "stepper", "gradient"):
        table.add_column(column, justify="left" if column == "cell" else "right")
    for name, cell in track(cells(width).items(), description="measuring"):
        us = costs(cell, samples, rounds).values()
        figures = (f"{figure:.2g}" if figure < 10 else f"{figure:.0f}" for figure in us)
        table.add_row(name, f"{cell.state_size:,}", f"{cell.param_count:,}", *figures)
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
