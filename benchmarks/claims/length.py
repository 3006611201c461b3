"""Cost of a sequence against its length: recurrent cells are linear, attention over everything is not.

    python -m benchmarks.claims.length [--seeds 5] [--quick] [--write]

One sequence, one compiled pass, width 32, float32, the best of several rounds. The exponent is the slope of
log(time) over log(length) on the upper half of the lengths: 1 is linear, 2 quadratic.
"""

from __future__ import annotations

import numpy as np
import typer
from rich.progress import track

from benchmarks.claims.common import Quick, Seeds, Table, Write, best_of, report
from liquid.cells import Cell, make

WIDTH = 32
LENGTHS = (128, 256, 512, 1024, 2048, 4096)


def cells(length: int) -> dict[str, Cell]:
    def cell(name: str, **config: int) -> Cell:
        return make(name, inputs=WIDTH, dtype="float32", **config)

    return {
        "CfC": cell("cfc", units=WIDTH, backbone_layers=0),
        "LTC": cell("ltc", units=WIDTH),
        "Liquid-S4": cell("liquid_s4", modes=16),
        "Mamba": cell("mamba"),
        "GRU": cell("gru", units=WIDTH),
        "gated convolution": cell("gated_conv"),
        "attention, last 64 samples": cell("attention", heads=2, window=64),
        "attention, all samples": cell("attention", heads=2, window=length),
    }


def main(seeds: Seeds = 5, quick: Quick = False, write: Write = False) -> None:
    """Time of a whole sequence by its length."""
    lengths = LENGTHS[:3] if quick else LENGTHS
    table = Table("Milliseconds per sequence", "cell", ".2f")
    times: dict[str, list[list[float]]] = {}
    for seed in track(range(seeds), description="measuring"):
        rng = np.random.default_rng(seed)
        for length in lengths:
            x = rng.normal(size=(1, length, WIDTH)).astype(np.float32)
            gaps = rng.lognormal(-0.5, 0.6, size=(1, length)).astype(np.float32)
            for name, cell in cells(length).items():
                params = cell.init(seed)
                cell.run(params, x[:, :2], gaps[:, :2])
                seconds = best_of(lambda c=cell, p=params, x=x, g=gaps: c.run(p, x, g), 2 if quick else 5)
                table.add(name, f"{length}", 1e3 * seconds)
                times.setdefault(name, [[] for _ in range(seeds)])[seed].append(seconds)
    half = len(lengths) // 2
    for name, runs in times.items():
        for run in runs:
            slope = np.polyfit(np.log(lengths[half - 1 :]), np.log(run[half - 1 :]), 1)[0]
            table.add(name, "exponent", float(slope))
    report("length", f"{seeds} seeds, width {WIDTH}, float32, one thread", [table], write)


if __name__ == "__main__":
    typer.run(main)
