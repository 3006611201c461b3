"""Forecasts against the last value, on regular and thinned series, prequential, with strictly delayed feedback.

    python -m benchmarks.quality.forecasts FOLDER [--set metro ...] [--bank ...] [--decoder ...]

A cell is a set in a mode at a horizon: the geometric mean over its series of MAE(model) / MAE(last value), rMAE. The
figure of a set is the geometric mean of its cells. Coverage is taken over series with more than 1,000 scored rows.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from benchmarks.quality.sets import CYCLIC, SETS, Series, series
from liquid import Model, ModelConfig


def truth(s: Series, horizon: float) -> np.ndarray:
    """What the unthinned series was `horizon` after each row (straight line between rows); nan past its end."""
    return np.interp(s.time + horizon, s.full_time, s.full_value, right=np.nan)


def scored(s: Series, config: ModelConfig) -> list[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]]:
    """Per horizon (next event first): forecasts, truth, last value, and intervals (n, 4: lo80 hi80 lo95 hi95)."""
    out = Model(config, capacity=1).run(np.zeros(len(s.time), int), s.time, s.value)
    nxt = np.column_stack([out[k] for k in ("lower80", "upper80", "lower", "upper")])[1:]
    result = [(out["expected"][1:], s.value[1:], s.value[:-1], nxt)]
    for m, h in enumerate(config.horizons):
        bands = np.column_stack([out[k][:, m] for k in ("lo80", "hi80", "lo95", "hi95")])
        result.append((out["mean"][:, m], truth(s, h), s.value, bands))
    return result


def main(
    folder: Path,
    sets: Annotated[list[str] | None, typer.Option("--set", help="only these sets")] = None,
    bank: str = "liquid_s4",
    decoder: str = "cfc",
) -> None:
    """Measure rMAE and interval coverage."""
    console = Console()
    table = Table(
        "set", "rMAE", "next", "h1", "h2", "h3", "80 %: next", "h1", "h2", "h3", "95 %: next", "h1", "h2", "h3"
    )
    cells: dict[str, dict[tuple[str, int], list[float]]] = {}
    for name in sets or [*SETS, *CYCLIC]:
        own: dict[tuple[str, int], list[float]] = defaultdict(list)
        cover: dict[tuple[int, int], list[float]] = defaultdict(list)
        for s in series(folder, name):
            config = ModelConfig(horizons=s.horizons, bank=bank, decoder=decoder)
            for k, (made, came, last, bands) in enumerate(scored(s, config)):
                ok = np.isfinite(came)
                ok[: s.warm_up] = False
                base = np.abs(came - last)[ok].mean() if ok.any() else 0.0
                if base < 1e-5 * s.value.std():
                    continue
                made = np.where(np.isfinite(made), made, last)
                own[s.mode, k].append(max(float(np.abs(came - made)[ok].mean() / base), 1e-4))
                if ok.sum() > 1000:
                    for level in (0, 1):
                        inside = (came >= bands[:, 2 * level]) & (came <= bands[:, 2 * level + 1])
                        cover[k, level].append(float(inside[ok].mean()))
        cells[name] = own
        by_horizon = [_mean([v for (_, k), v in own.items() if k == h]) for h in range(4)]
        covered = [f"{np.mean(cover[k, level]):.3f}" if cover[k, level] else "-" for level in (0, 1) for k in range(4)]
        table.add_row(name, f"{_mean(own.values()):.3f}", *(f"{x:.3f}" for x in by_horizon), *covered)
        console.print(f"{name}: {_mean(own.values()):.3f}")
    for title, names in (("declared season", SETS), ("all", cells)):
        chosen = [v for n in names if n in cells for v in cells[n].values()]
        if chosen:
            table.add_row(f"{title} ({len(chosen)} cells)", f"{_mean(chosen):.3f}")
    console.print(table)


def _mean(cells) -> float:
    """Geometric mean over cells of the geometric mean over series."""
    return float(np.exp(np.mean([np.mean(np.log(c)) for c in cells]))) if cells else float("nan")


if __name__ == "__main__":
    typer.run(main)
