"""Series to forecast from any folder of CSVs: every column of numbers of every file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.quality.sets import Series, cleaned
from stream.backtest_layout import find
from stream.files import FileError, Table

#: Horizons in median gaps, where none are asked for.
UNITS = (1.0, 6.0, 24.0)
LEAST = 50  # rows


def of_folder(folder: Path, horizons: tuple[float, ...] = ()) -> Iterator[Series]:
    """A set is a file. A column called `series` tells the series of a file apart; the first fifth is not scored.

    Raises FileError where a file has no time or no numbers."""
    paths = sorted(folder.glob("*.csv"))
    if not paths:
        raise FileError("no CSV files", str(folder), "name a folder that has some")
    for path in paths:
        if path.name == "manifest.csv":
            continue
        with Table(path) as table:
            layout = find(table)
            blocks = list(table.blocks())
        time = np.concatenate([layout.times(b) for b in blocks])
        names = np.array([n for b in blocks for n in b[layout.series]]) if layout.series else np.full(len(time), "")
        for column in layout.values:
            value = np.concatenate([layout.numbers(b, column) for b in blocks])
            for name in dict.fromkeys(names.tolist()):
                rows = (names == name) & np.isfinite(time)
                title = f"{column} {name}".strip()
                s = cleaned(path.stem, title, time[rows], value[rows], horizons, 0)
                if len(s.time) >= LEAST and s.value.std() > 0:
                    unit = float(np.median(np.diff(s.time)))
                    ahead = horizons or tuple(u * unit for u in UNITS)
                    yield cleaned(path.stem, title, s.time, s.value, ahead, len(s.time) // 5)
