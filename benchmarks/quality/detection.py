"""Detection on a folder of labelled series: VUS-PR and event-F1 of the score, alerts against events.

    python -m benchmarks.quality.detection FOLDER [--bank ...] [--decoder ...]

FOLDER holds manifest.csv (file, source, score_from, vus_window) and the CSVs (timestamp, value, label). Means are
taken per source first, then over sources ("macro"). Labels are never shown to the model.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path

import numpy as np
import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from liquid import Model, ModelConfig
from stream.evaluate import hits, runs, vus_pr


def event_f1(label: np.ndarray, score: np.ndarray) -> float:
    """Best composite F1 over all thresholds: precision by rows, recall by events (Garg et al. 2021)."""
    order = np.argsort(-score, kind="stable")
    s, y = score[order], label[order]
    last = np.append(s[1:] != s[:-1], True)
    precision = np.cumsum(y)[last] / (np.flatnonzero(last) + 1.0)
    first, end = runs(label)
    peaks = np.sort([score[a : b + 1].max() for a, b in zip(first, end, strict=True)])
    recall = (len(peaks) - np.searchsorted(peaks, s[last], side="left")) / len(peaks)
    with np.errstate(invalid="ignore", divide="ignore"):
        return float(np.nanmax(2 * precision * recall / (precision + recall)))


def main(folder: Path, bank: str = "liquid_s4", decoder: str = "cfc") -> None:
    """Score the detector on labelled series."""
    config = ModelConfig(horizons=(3600.0,), bank=bank, decoder=decoder)
    with (folder / "manifest.csv").open() as f:
        manifest = list(csv.DictReader(f))
    figures = defaultdict(list)
    for entry in track(manifest, "series", console=Console(stderr=True)):
        with (folder / entry["file"]).open() as f:
            rows = list(csv.DictReader(f))
        times = np.array([float(r["timestamp"]) for r in rows])
        values = np.array([float(r["value"] or "nan") for r in rows])
        label = np.array([float(r["label"]) > 0 for r in rows])
        out = Model(config, capacity=1).run(np.zeros(len(rows), int), times, values)
        a = int(entry["score_from"])
        label, score = label[a:], out["score"][a:]
        h = hits(label, out["alert_score"][a:], slack=10)
        figures[entry["source"]].append(
            (vus_pr(label, score, int(entry["vus_window"])), event_f1(label, score), h.hits / h.events,
             (h.alerts - h.false_alerts) / max(h.alerts, 1), h.false_alerts / len(label) * 1000)
        )  # fmt: skip
    table = Table("source", "series", "VUS-PR", "event-F1", "events alerted", "alerts right", "false per 1,000 rows")
    means = {k: np.mean(v, axis=0) for k, v in sorted(figures.items())}
    for source, m in means.items():
        table.add_row(source, str(len(figures[source])), *(f"{x:.3f}" for x in m))
    table.add_row("macro", str(len(manifest)), *(f"{x:.3f}" for x in np.mean(list(means.values()), axis=0)))
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
