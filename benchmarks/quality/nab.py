"""NAB's scoring of alerts at a fixed line (Lavin & Ahmad 2015, arXiv:1510.03336), nothing fitted on labels.

    python -m benchmarks.quality.nab NAB_FOLDER

NAB_FOLDER is a checkout of the Numenta Anomaly Benchmark: data/<category>/<name>.csv, labels/combined_windows.json.
Every window counts once, by its earliest alert; an alert outside costs more the further it lies after a window; the
first 15 % of a file (of at most 5,000 rows) are not scored.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from liquid import Model, ModelConfig

PROFILES = {
    "standard": (1.0, 0.11, 1.0),
    "low false positives": (1.0, 0.22, 1.0),
    "low false negatives": (1.0, 0.11, 2.0),
}
PROBATION = 0.15
PROBATION_ROWS = 5000


@dataclass
class Counts:
    """Of one file: reward of the found windows, of the alerts outside, windows found and in all, alerts outside."""

    found: float = 0.0
    outside: float = 0.0
    hits: int = 0
    windows: int = 0
    false: int = 0


def _sigmoid(x: float) -> float:
    return -1.0 if x > 3.0 else 2.0 / (1.0 + np.exp(5.0 * x)) - 1.0


def count(times: list[str], windows: list[list[str]], alerts: np.ndarray) -> Counts:
    """Compare the rows that alert with the labelled windows of one file."""
    stamps = [datetime.fromisoformat(t) for t in times]
    spans = []
    for a, b in windows:
        first, last = datetime.fromisoformat(a), datetime.fromisoformat(b)
        rows = [i for i, t in enumerate(stamps) if first <= t <= last]
        if rows:
            spans.append((rows[0], rows[-1]))
    probation = int(min(PROBATION * len(times), PROBATION * PROBATION_ROWS))
    c = Counts(windows=len(spans))
    best: dict[int, float] = {}
    for i in np.flatnonzero(alerts):
        if i < probation:
            continue
        inside = next((k for k, (a, b) in enumerate(spans) if a <= i <= b), None)
        if inside is not None:
            a, b = spans[inside]
            best[inside] = max(best.get(inside, -1.0), _sigmoid(-(b - i + 1.0) / (b - a + 1.0)) / _sigmoid(-1.0))
            continue
        c.false += 1
        before = [(a, b) for a, b in spans if b < i]
        c.outside += _sigmoid((i - before[-1][1]) / (before[-1][1] - before[-1][0])) if before else -1.0
    c.found, c.hits = sum(best.values()), len(best)
    return c


def score(counts: list[Counts], profile: tuple[float, float, float]) -> float:
    """NAB's score: 0 for no alert at all, 100 for the earliest alert in every window and none outside."""
    tp, fp, fn = profile
    windows = sum(c.windows for c in counts)
    raw = sum(tp * c.found + fp * c.outside - fn * (c.windows - c.hits) for c in counts)
    return 100.0 * (raw + fn * windows) / (tp * windows + fn * windows)


def main(folder: Path, line: Annotated[float, typer.Option(help="the fixed line on alert_score")] = 1.0) -> None:
    """Score the detector on NAB at the fixed line."""
    labels = json.loads((folder / "labels" / "combined_windows.json").read_text())
    counts = []
    for name, windows in track(sorted(labels.items()), "NAB", console=Console(stderr=True)):
        rows = [r.split(",") for r in (folder / "data" / name).read_text().splitlines()[1:]]
        times = [r[0] for r in rows]
        seconds = np.array(times, "datetime64[s]").astype(np.float64)
        model = Model(ModelConfig(horizons=(3600.0,)), capacity=1)
        out = model.run(np.zeros(len(rows), int), seconds, [float(r[1]) for r in rows])
        counts.append(count(times, windows, out["alert_score"] >= line))
    table = Table("profile", "score")
    for name, profile in PROFILES.items():
        table.add_row(name, f"{score(counts, profile):.1f}")
    console = Console()
    console.print(table)
    found, all_, false = (sum(getattr(c, k) for c in counts) for k in ("hits", "windows", "false"))
    console.print(f"{found} of {all_} windows found, {false} alerts outside")


if __name__ == "__main__":
    typer.run(main)
