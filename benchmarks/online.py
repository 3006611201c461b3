"""What learning on a stream costs: microseconds for each sample that is run and learned from, one thread.

The network is a cell with a linear readout of one output, the optimiser AdamW; times include all of Python.
"""

from __future__ import annotations

import time

import numpy as np
import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from liquid.cells import Cell, CfC, LiquidS4
from liquid.training import AdamW, Network, Online

CELLS: dict[str, Cell] = {
    "CfC 16": CfC(inputs=2, units=16, backbone_layers=0),
    "CfC 32": CfC(inputs=2, units=32, backbone_layers=0),
    "CfC 16, backbone 128": CfC(inputs=2, units=16),
    "CfC 32, backbone 128": CfC(inputs=2, units=32),
    "Liquid-S4 64 modes": LiquidS4(inputs=1, modes=64),
}
RULES = ("truncated", "snap1", "rtrl")
LARGEST = 1_000_000
"""Traces of a cell for which exact RTRL is measured too."""


def microseconds(cell: Cell, rule: str | None, samples: int, rounds: int) -> float:
    """Of one sample; without a rule it is only run."""
    network = Network(cell=cell, outputs=1)
    online = Online(network, network.init(0), rule=rule or "truncated", optimiser=AdamW(rate=1e-4, decay=0.0))
    rng = np.random.default_rng(0)
    x, gaps = rng.normal(size=(samples, cell.inputs)), rng.exponential(size=samples)
    target = rng.normal(size=(samples, 1))

    def once(count: int) -> float:
        start = time.perf_counter()
        for t in range(count):
            online.step(x[t], gaps[t])
            if rule:
                online.learn(target[t])
        return (time.perf_counter() - start) / count

    once(2)
    return 1e6 * min(once(samples) for _ in range(rounds))


def main(samples: int = 200, rounds: int = 10) -> None:
    table = Table(title="Microseconds per learned sample")
    for column in ("cell", "parameters", "run only", *RULES):
        table.add_column(column, justify="left" if column == "cell" else "right")
    for name, cell in track(CELLS.items(), description="measuring"):
        row = [f"{microseconds(cell, None, samples, rounds):.0f}"]
        for rule in RULES:
            own_traces = isinstance(cell, LiquidS4)
            few = rule != "rtrl" or own_traces or cell.state_size * cell.param_count <= LARGEST
            row.append(f"{microseconds(cell, rule, samples, rounds):.0f}" if few else "")
        table.add_row(name, f"{cell.param_count:,}", *row)
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
