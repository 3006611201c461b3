"""Size and cost of every registered cell at one width: the table of docs/cells.md.

    python -m benchmarks.all_cells [--width 16] [--samples 200] [--rounds 10]

One sequence of two inputs, irregular gaps, one thread. `run` is a compiled pass, `stepper` one sample from Python with
`Stepper`, `gradient` a forward and backward pass, all in microseconds per sample: the best of the rounds.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from liquid.cells import CELLS, Cell, Stepper, make
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


def microseconds(work: Callable[[], object], samples: int, rounds: int) -> float:
    work()
    best = np.inf
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return 1e6 * best / samples


def measure(cell: Cell, samples: int, rounds: int) -> tuple[float, float, float]:
    rng = np.random.default_rng(0)
    x, gaps = rng.normal(size=(1, samples, INPUTS)), rng.exponential(size=(1, samples))
    params, dy = cell.init(0), np.ones((1, samples, cell.outputs))
    stepper = Stepper(cell, params)

    def steps() -> None:
        for u, gap in zip(x[0], gaps[0], strict=True):
            stepper.step(u, gap)

    works = (lambda: cell.run(params, x, gaps), steps, lambda: cell.grad(params, x, gaps, dy))
    run, stepped, gradient = (microseconds(work, samples, rounds) for work in works)
    return run, stepped, gradient


def main(width: int = 16, samples: int = 200, rounds: int = 10) -> None:
    table = Table(title=f"Microseconds per sample, width {width}")
    for column in ("cell", "state", "parameters", "run", "stepper", "gradient"):
        table.add_column(column, justify="left" if column == "cell" else "right")
    for name, cell in track(cells(width).items(), description="measuring"):
        figures = (f"{figure:.2g}" if figure < 10 else f"{figure:.0f}" for figure in measure(cell, samples, rounds))
        table.add_row(name, f"{cell.state_size:,}", f"{cell.param_count:,}", *figures)
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
