"""The series that forecasts are measured on: what to read from a folder of data, in which unit, at which horizons."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

HOUR, DAY, MINUTE = 3600.0, 86400.0, 60.0


@dataclass(frozen=True)
class Series:
    """time : (n,) seconds. value : (n,). horizons : seconds. warm_up : rows that are not scored.

    full_time, full_value : the series before thinning; forecasts are compared with these."""

    source: str
    name: str
    time: np.ndarray
    value: np.ndarray
    horizons: tuple[float, ...]
    warm_up: int
    full_time: np.ndarray
    full_value: np.ndarray
    mode: str = "full"


def cleaned(
    source: str, name: str, time: np.ndarray, value: np.ndarray, horizons: tuple[float, ...], warm: int
) -> Series:
    """A series in order of time, without rows that have no value or a time that was already there."""
    keep = np.isfinite(value)
    time, value = time[keep], value[keep]
    order = np.argsort(time, kind="stable")
    time, value = time[order], value[order]
    keep = np.append(True, np.diff(time) > 0)
    time, value = time[keep], value[keep]
    return Series(source, name, time, value, horizons, warm, time, value)


def _seconds(column: pd.Series) -> np.ndarray:
    return pd.to_datetime(column).to_numpy().astype("datetime64[ms]").astype(float) / 1000.0


def etth1(folder: Path) -> Iterator[Series]:
    df = pd.read_csv(folder / "etth1.csv").iloc[:14400]
    for c in df.columns[1:]:
        yield cleaned("etth1", c, _seconds(df.date), df[c].to_numpy(), (HOUR, 6 * HOUR, 24 * HOUR), 3600)


def metro(folder: Path) -> Iterator[Series]:
    df = pd.read_csv(folder / "metro_traffic.csv")
    y = df.traffic_volume.to_numpy(float)
    yield cleaned("metro", "traffic", _seconds(df.timestamp), y, (HOUR, 6 * HOUR, 24 * HOUR), 6000)


def parking(folder: Path) -> Iterator[Series]:
    kept = 0
    for name, g in pd.read_csv(folder / "parking.csv").groupby("series"):
        s = cleaned("parking", name, _seconds(g.timestamp), g.occupancy.to_numpy(float), (HOUR / 2, 3 * HOUR, DAY), 300)
        if len(s.time) >= 1200 and kept < 12:
            kept += 1
            yield s


def sp500(folder: Path) -> Iterator[Series]:
    y = np.log(pd.read_csv(folder / "sp500_daily.csv").close.to_numpy(float))
    yield cleaned("sp500", "log close", np.arange(len(y)) * DAY, y, (DAY, 5 * DAY, 20 * DAY), 1000)


def eurusd(folder: Path) -> Iterator[Series]:
    df = pd.read_csv(folder / "eurusd_ticks.csv")
    mid = ((df.bid + df.ask) / 2).to_numpy()
    yield cleaned("eurusd", "mid", _seconds(df.timestamp), mid, (6.0, MINUTE, 10 * MINUTE), 1500)


def icu(folder: Path) -> Iterator[Series]:
    df = pd.read_csv(folder / "icu_vitals.csv")
    for c in ("HR", "MAP"):
        kept = 0
        for name, g in df.groupby("series"):
            g = g[["timestamp", c]].dropna()
            if len(g) >= 60 and kept < 40:
                kept += 1
                if kept % 2:
                    time, value = g.timestamp.to_numpy(float), g[c].to_numpy(float)
                    yield cleaned("icu", f"{c} {name}", time, value, (HOUR, 4 * HOUR, 12 * HOUR), 15)


def labelled(folder: Path, source: str) -> Iterator[Series]:
    """Labelled series as cyclic ones: next event, 5, 20 and 100 units; the first fifth is not scored."""
    for path in sorted((folder.parent / "anomaly").glob(f"{source}_*.csv")):
        df = pd.read_csv(path)
        s = cleaned(source, path.stem, df.timestamp.to_numpy(float), df.value.to_numpy(float), (), len(df) // 5)
        unit = float(np.median(np.diff(s.time)))
        head = s.value[: s.warm_up]
        deviation = head.std() if head.std() > 1e-6 else s.value.std()
        y = np.clip((s.value - head.mean()) / deviation, -30, 30)
        yield replace(s, horizons=(5 * unit, 20 * unit, 100 * unit), value=y, full_value=y)


def thinned(s: Series, mode: str, amount: float, seed: int = 0) -> Series:
    """Leave out rows: `drop` a random share, or `delta` all that moved less than amount deviations (send-on-delta)."""
    n = len(s.time)
    if mode == "drop":
        keep = np.random.default_rng(seed).random(n) >= amount
        keep[0] = True
    elif mode == "delta":
        keep = np.zeros(n, bool)
        threshold = amount * s.value[: max(s.warm_up * 4 // 5, 2)].std()
        last = np.inf
        for i, y in enumerate(s.value):
            if not abs(y - last) <= threshold:
                keep[i], last = True, y
    else:
        keep = np.ones(n, bool)
    at = np.flatnonzero(keep)
    name = mode if mode == "full" else f"{mode} {amount:g}"
    return replace(s, time=s.time[at], value=s.value[at], warm_up=int(np.searchsorted(at, s.warm_up)), mode=name)


FULL = ("full", 0.0)
SETS = {
    "etth1": (etth1, (FULL, ("drop", 0.5), ("drop", 0.8), ("delta", 0.25))),
    "metro": (metro, (FULL, ("drop", 0.5), ("drop", 0.8), ("delta", 0.2))),
    "parking": (parking, (FULL, ("drop", 0.5))),
    "sp500": (sp500, (FULL, ("drop", 0.5))),
    "eurusd": (eurusd, (FULL,)),
    "icu": (icu, (FULL,)),
}
CYCLIC = ("ucr", "nasa", "kpi", "wsd")
CYCLIC_MODES = (FULL, ("drop", 0.5))


def present(folder: Path) -> list[str]:
    """The sets above that a folder holds."""
    longer = {"metro": "metro_traffic", "sp500": "sp500_daily", "eurusd": "eurusd_ticks", "icu": "icu_vitals"}
    own = [name for name in SETS if (folder / f"{longer.get(name, name)}.csv").exists()]
    return own + [name for name in CYCLIC if own and any((folder.parent / "anomaly").glob(f"{name}_*.csv"))]


def series(folder: Path, name: str, modes: Sequence[tuple[str, float]] = ()) -> Iterator[Series]:
    """All series of a set in all its modes (or in those asked for)."""
    load, usual = SETS[name] if name in SETS else (lambda f: labelled(f, name), CYCLIC_MODES)
    yield from in_modes(load(folder), modes or usual)


def in_modes(all_series: Iterable[Series], modes: Sequence[tuple[str, float]]) -> Iterator[Series]:
    """Every series in every mode; those of which less than a tenth is left are skipped."""
    for s in all_series:
        for mode, amount in modes:
            t = thinned(s, mode, amount)
            if len(t.time) >= 0.1 * len(s.time):
                yield t
