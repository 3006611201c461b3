"""A backtest's output file: the input's rows in order, with what the model said at each."""

from __future__ import annotations

import csv
import gzip
import io
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final

import msgspec
import numpy as np

from liquid.results import BANDS, READY, STATES
from stream.backtest_layout import Layout
from stream.backtest_run import Array, Scored
from stream.files import Columns, FileError, Format

_FORECASTS: Final = {"mean": "forecast"} | {
    band: band.replace("lo", "lower").replace("hi", "upper") for band in BANDS[1:]
}


class Writer:
    """Writes blocks as CSV or JSON lines (through gzip when the name ends so); the file appears when all is written.

    Parameters
    ----------
    horizons : as the user wrote it, to its index among the model's.
    """

    def __init__(self, path: Path, form: Format, layout: Layout, horizons: Mapping[str, int]) -> None:
        self._path, self._form, self._layout, self._horizons = path, form, layout, horizons
        self._part = path.with_name(f".{path.name}.part")
        self._encoder = msgspec.json.Encoder()
        self._started = False

    def __enter__(self) -> Writer:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            binary = gzip.open(self._part, "wb", 6) if self._path.suffix == ".gz" else self._part.open("wb")
        except OSError as error:
            raise FileError(
                f"cannot write: {error.strerror}", str(self._part), "choose another folder with --out"
            ) from None
        self._text = io.TextIOWrapper(binary, encoding="utf-8", newline="")
        delimiter = "\t" if ".tsv" in self._path.suffixes else ","
        self._csv = csv.writer(self._text, delimiter=delimiter, lineterminator="\n")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._text.close()
        if kind is None:
            os.replace(self._part, self._path)
        else:
            self._part.unlink(missing_ok=True)

    def write(self, block: Columns, scored: Scored) -> None:
        columns = self._columns(block, scored)
        rows = zip(*columns.values(), strict=True)
        if self._form == "csv":
            self._csv.writerows(rows)
        else:
            lines = self._encoder.encode_lines(dict(zip(columns, row, strict=True)) for row in rows)
            self._text.write(lines.decode())

    def _start(self, header: list[str]) -> None:
        if len(set(header)) < len(header):
            repeated = next(name for name in header if header.count(name) > 1)
            raise FileError(
                f"a value column is called {repeated!r}, as a column of the output",
                str(self._path),
                "choose the value columns with --values",
            )
        self._started = True
        if self._form == "csv":
            self._csv.writerow(header)

    def _columns(self, block: Columns, scored: Scored) -> dict[str, Sequence[object]]:
        layout = self._layout
        given = [layout.time, *([layout.series] if layout.series else []), *layout.values]
        pairs: list[tuple[str, Sequence[object]]] = [(name, block[name]) for name in given]
        alone = len(layout.values) == 1
        if not alone:
            pairs += [(name, _plain(_highest(scored.fields[name]))) for name in ("score", "alert_score")]
            pairs.append(("state", _states(np.where((scored.state == READY).all(axis=1), READY, 0))))
            pairs.append(("notify", _flags(_highest(scored.fields["notify"]))))
        for j, value in enumerate(layout.values):
            prefix = "" if alone else f"{value}_"
            pairs += [(prefix + name, _plain(scored.fields[name][:, j])) for name in ("score", "alert_score")]
            pairs.append((f"{prefix}state", _states(scored.state[:, j])))
            pairs.append((f"{prefix}notify", _flags(scored.fields["notify"][:, j])))
            pairs += [(prefix + name, _plain(scored.fields[name][:, j])) for name in ("expected", "lower", "upper")]
            for horizon, k in self._horizons.items():
                for b, band in enumerate(BANDS):
                    name = f"{prefix}{_FORECASTS[band]}_{horizon}"
                    pairs.append((name, _plain(scored.forecasts[:, j, k, b])))
        if not self._started:
            self._start([name for name, _ in pairs])
        return dict(pairs)


def _plain(column: Array) -> list[float | None]:
    """Python floats, None (an empty field) where nan."""
    return [None if x != x else x for x in column.tolist()]


def _flags(column: Array) -> list[int | None]:
    """1 or 0, None where nan."""
    return [None if x != x else int(x) for x in column.tolist()]


def _states(column: np.ndarray) -> list[str]:
    return [STATES[i] for i in column.tolist()]


def _highest(fields: Array) -> Array:
    """Largest of each row, nan where all are."""
    highest: Array = np.fmax.reduce(fields, axis=1)
    return highest
