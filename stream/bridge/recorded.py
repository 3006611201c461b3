"""Recorded events, in the order of their times."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

from stream.config import FeedSettings
from stream.feeds import FeedMapping, UnreadableError, template_fields
from stream.files import Table, format_of, lines
from stream.reading import Cell
from stream.transport.base import Output


@dataclass(frozen=True)
class Recorded:
    """times : epoch seconds, ascending. outputs : the records, alike in number and order."""

    times: npt.NDArray[np.float64]
    outputs: Sequence[Output]

    def __len__(self) -> int:
        return len(self.outputs)

    @property
    def span(self) -> float:
        """Seconds from the first to the last event."""
        return float(self.times[-1] - self.times[0]) if len(self.times) else 0.0


def ordered(times: npt.NDArray[np.float64], outputs: Sequence[Output]) -> Recorded:
    """Sorted by time; what has none (nan) stays behind the record it came after, equal times keep their order."""
    known = np.where(np.isnan(times), -np.inf, times)
    filled = np.where(np.isnan(times), np.maximum.accumulate(known), times)
    first = filled[np.isfinite(filled)]
    filled = np.where(np.isfinite(filled), filled, first.min() if len(first) else 0.0)
    order = np.argsort(filled, kind="stable")
    return Recorded(filled[order], [outputs[i] for i in order.tolist()])


def from_files(paths: Sequence[Path], feed: FeedSettings) -> Recorded:
    """Rows of CSV and JSON lines as records of a feed, of all files together.

    A row that the feed cannot read is replayed too: it is for the service to say what is wrong with it."""
    mapping = FeedMapping(feed)
    topic, texts = feed.topics[0], set(template_fields(feed.series))
    decode = msgspec.json.Decoder().decode
    times: list[float] = []
    outputs: list[Output] = []
    for path in paths:
        for body in _bodies(path, texts):
            try:
                reading = mapping.read(decode(body))
                time, key = reading.time, reading.series.encode()
            except (UnreadableError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                time, key = np.nan, None
            times.append(time)
            outputs.append(Output(topic, key, body))
    return ordered(np.array(times), outputs)


def _bodies(path: Path, texts: set[str]) -> Iterable[bytes]:
    if format_of(path) == "jsonl":
        yield from lines(path)
        return
    encode = msgspec.json.Encoder().encode
    with Table(path) as table:
        for block in table.blocks():
            columns = [cells if name in texts else list(map(_value, cells)) for name, cells in block.items()]
            for row in zip(*columns, strict=True):
                yield encode(dict(zip(block, row, strict=True)))


def _value(cell: Cell) -> Cell:
    """A cell of a CSV as a JSON value: number, null where empty, else text."""
    if not isinstance(cell, str):
        return cell
    try:
        return int(cell) if cell.strip().lstrip("+-").isdigit() else float(cell)
    except ValueError:
        return cell or None
