"""Series in which somebody labelled the anomalies, from any folder of CSVs."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from stream.backtest_layout import find
from stream.evaluate import period
from stream.files import Table


@dataclass(frozen=True)
class Labelled:
    """time : (n,) seconds. value : (n,), nan where there is none. label : (n,) bool. warm_up : rows that are not
    scored. window : rows, of VUS-PR."""

    source: str
    name: str
    time: np.ndarray
    value: np.ndarray
    label: np.ndarray
    warm_up: int
    window: int
    mode: str = "full"


def labelled(folder: Path) -> Iterator[Labelled]:
    """The series of a folder, in which a manifest.csv may say more.

    With a manifest: its columns file, source, score_from and vus_window. Without: every CSV with a column `label` in
    which a later row than the first fifth is labelled; its source is the file's name up to the first `_`."""
    manifest = folder / "manifest.csv"
    if manifest.exists():
        with manifest.open() as f:
            for entry in csv.DictReader(f):
                yield _read(folder / entry["file"], entry["source"], int(entry["score_from"]), int(entry["vus_window"]))
        return
    for path in sorted(folder.glob("*.csv")):
        with Table(path) as table:
            layout = find(table)
        if layout.label is not None:
            s = _read(path, path.stem.partition("_")[0])
            if s.label[s.warm_up :].any():
                yield s


def _read(path: Path, source: str, score_from: int | None = None, window: int | None = None) -> Labelled:
    with Table(path) as table:
        layout = find(table)
        assert layout.label is not None, f"{path}: no column 'label'"
        blocks = list(table.blocks())
    time = np.concatenate([layout.times(b) for b in blocks])
    value = np.concatenate([layout.numbers(b, layout.values[0]) for b in blocks])
    label = np.concatenate([layout.numbers(b, layout.label) for b in blocks]) > 0
    warm_up = len(time) // 5 if score_from is None else score_from
    return Labelled(source, path.stem, time, value, label, warm_up, window or period(value[:warm_up]))


def dropped(s: Labelled, share: float, seed: int = 0) -> Labelled:
    """The series without a random share of its rows; the window shrinks with it. An event may lose all its rows."""
    keep = np.random.default_rng(seed).random(len(s.time)) >= share
    keep[0] = True
    at = np.flatnonzero(keep)
    return replace(
        s,
        time=s.time[at],
        value=s.value[at],
        label=s.label[at],
        warm_up=int(np.searchsorted(at, s.warm_up)),
        window=max(round(s.window * (1 - share)), 4),
        mode=f"drop {share:g}",
    )
