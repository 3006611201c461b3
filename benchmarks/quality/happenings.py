"""Synthetic anomalies of every kind in streams that were quiet before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from benchmarks.quality.quiet import STREAMS

Stream = tuple[np.ndarray, np.ndarray]

#: Events, the event at which something happens, how long it lasts and how long it may be noticed.
EVENTS: Final = 3200
AT: Final = 2500
LONG: Final = 150
NOTICED: Final = 400

BACKGROUNDS: Final = (
    "white",
    "AR(1) .8",
    "day, hourly",
    "counts, mean 3",
    "heavy tails (t3)",
    "on/off, switch .02",
    "wave of 40 events",
)

#: Values that do not depend on those before: in another order, or at another pace, they are what they were.
INDEPENDENT: Final = ("white", "counts, mean 3", "heavy tails (t3)")


def _spike(rng: np.random.Generator, t: np.ndarray, v: np.ndarray) -> Stream:
    v[AT] += 6 * v.std()
    return t, v


def _level(rng: np.random.Generator, t: np.ndarray, v: np.ndarray) -> Stream:
    v[AT:] += 3 * v.std()
    return t, v


def _variance(rng: np.random.Generator, t: np.ndarray, v: np.ndarray) -> Stream:
    part = v[AT : AT + LONG]
    part += np.sqrt(8.0) * v.std() * rng.normal(size=LONG)
    return t, v


def _flatline(rng: np.random.Generator, t: np.ndarray, v: np.ndarray) -> Stream:
    v[AT : AT + LONG] = v[AT - 1]
    return t, v


def _gap(rng: np.random.Generator, t: np.ndarray, v: np.ndarray) -> Stream:
    t[AT:] += 100 * (t[1] - t[0])
    return t, v


def _season_break(rng: np.random.Generator, t: np.ndarray, v: np.ndarray) -> Stream:
    """The shape of the past is lost: its values come in another order."""
    v[AT : AT + LONG] = rng.permutation(v[AT - 2 * LONG : AT])[:LONG]
    return t, v


def _drift(rng: np.random.Generator, t: np.ndarray, v: np.ndarray) -> Stream:
    n = EVENTS - AT
    v[AT:] += 4 * v.std() * np.minimum(np.arange(n) / 400, 1.0)
    return t, v


def _zeros(rng: np.random.Generator, t: np.ndarray, v: np.ndarray) -> Stream:
    v[AT : AT + 30] = v.min() - v.std()
    return t, v


def _frequency(rng: np.random.Generator, t: np.ndarray, v: np.ndarray) -> Stream:
    """Twice as fast as ever."""
    v[AT : AT + LONG] = v[AT : AT + 2 * LONG : 2]
    return t, v


def _slow(rng: np.random.Generator, t: np.ndarray, v: np.ndarray) -> Stream:
    """Half as fast as ever; whole numbers stay whole."""
    whole = (v == np.round(v)).all()
    slow = np.interp(0.5 * np.arange(LONG), np.arange(LONG), v[AT : AT + LONG])
    v[AT : AT + LONG] = np.round(slow) if whole else slow
    return t, v


def _nothing(rng: np.random.Generator, t: np.ndarray, v: np.ndarray) -> Stream:
    return t, v


def _rare_value(rng: np.random.Generator, t: np.ndarray, v: np.ndarray) -> Stream:
    """A value between the usual ones that never came before, as often as one event in ten."""
    at = AT + np.arange(0, LONG, 10)
    v[at] = v.mean() + 4.5 * v.std()
    return t, v


HAPPENINGS: Final[dict[str, Callable[[np.random.Generator, np.ndarray, np.ndarray], Stream]]] = {
    "spike of 6 deviations": _spike,
    "level up by 3": _level,
    "variance x 9": _variance,
    "flatline": _flatline,
    "gap of 100 events": _gap,
    "order lost": _season_break,
    "drift of 4 in 400 events": _drift,
    "30 lowest values": _zeros,
    "twice as fast": _frequency,
    "rare value": _rare_value,
    "half as fast": _slow,
    "nothing": _nothing,
}


def changes(background: str, happening: str) -> bool:
    """Whether there is anything to find."""
    return not (background in INDEPENDENT and happening in ("order lost", "twice as fast"))


def happened(background: str, happening: str, seed: int) -> Stream:
    """Times (s) and values of one case."""
    rng = np.random.default_rng([seed, BACKGROUNDS.index(background), list(HAPPENINGS).index(happening)])
    t, v = STREAMS[background](rng, EVENTS)
    return HAPPENINGS[happening](rng, t, v.copy())
