"""Any kept event of a series explained: evidence, interval, what it would have taken, and what it resembles.

The state that met the event is made again from the newest row that was kept from before it (`stream.earlier`), or from
nothing, and the results since. When that gives the score that was given then, to the last digit, it is the same state.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from liquid import Model
from liquid.explain import Explanation, explain
from liquid.feedback import Effect, put
from stream.catalogue import Array
from stream.config import FeedSettings
from stream.engine import FeedEngine
from stream.episodes import Episode
from stream.feedback import FeedbackRecord
from stream.history import History

#: Episodes of the same series that are named as similar.
MOST_SIMILAR: Final = 3
#: How near a score made again must be to the one given then for its details to be told at all.
NEAR: Final = 0.1


@dataclass(frozen=True)
class Similar:
    """An earlier alert of the series. distance : 0 the same kind of event, 1 nothing in common."""

    episode: Episode
    distance: float


@dataclass(frozen=True)
class Explained:
    """One event. row : its kept result (`stream.history.ROW`). found : None where its state cannot be had.
    options : of the series (`liquid.options.OPTIONS`), None where another worker has its state.

    exact : whether the state is the very one that met the event. learned_from : events the state has seen.
    events : number of the event in its series, 1 for the first. shares : by group of evidence; empty where unknown.
    episode : the alert that the event belongs to. similar : nearest first.
    """

    series: str
    feed: FeedSettings
    row: np.void
    found: Explanation | None
    options: np.void | None
    exact: bool
    learned_from: int
    events: int
    shares: dict[str, float]
    direction: str
    episode: Episode | None
    similar: list[Similar]


def explained(
    engine: FeedEngine, history: History, feed: FeedSettings, series: str, time: float | None = None
) -> Explained | None:
    """Explain the event of a series at `time`, or the last one before; the newest for None. None: none is kept."""
    rows, events = history.numbered(feed.name, series)
    reached = np.flatnonzero(rows["time"] <= (math.inf if time is None else time))
    known = engine.read(series)
    if not len(reached):
        return None
    at = int(reached[-1])
    if events < len(rows) and known is not None:  # after a restart, before the first new result
        events = known[0]["events"]
    row, number = rows[at], events - (len(rows) - 1 - at)
    said = [one for _, one in reversed(history.feedback(feed.name, series)) if 0 < one.event < number]
    found, learned = (None, 0) if known is None else _again(engine, known[2], series, rows[: at + 1], number, said)
    exact = found is not None and _same(found.result, row)
    episodes = history.alerts(feed=feed.name, series=series)
    episode = next((e for e in episodes if e.begin <= row["time"] and (e.end is None or row["time"] <= e.end)), None)
    recorded = episode is not None and episode.value == row["value"] and not exact
    if found is not None and not exact and abs(found.result["score"] - row["score"]) > NEAR * max(row["score"], 1.0):
        found = None
    shares = episode.shares if recorded and episode else found.shares if found else {}
    side = _side(row)
    return Explained(
        series=series,
        feed=feed,
        row=row,
        found=found,
        options=None if known is None else known[2],
        exact=exact,
        learned_from=learned,
        events=number,
        shares=shares,
        direction=side,
        episode=episode,
        similar=similar(shares, side, float(row["score"]), [e for e in episodes if e is not episode]),
    )


def similar(shares: Mapping[str, float], direction: str, score: float, episodes: Sequence[Episode]) -> list[Similar]:
    """The episodes nearest to an event: half of the distance is evidence not shared, the rest direction and size."""
    if not shares:
        return []
    found = [Similar(e, _distance(shares, direction, score, e)) for e in episodes if e.shares]
    return sorted(found, key=lambda one: (one.distance, -one.episode.begin))[:MOST_SIMILAR]


def _distance(shares: Mapping[str, float], direction: str, score: float, episode: Episode) -> float:
    groups = shares.keys() | episode.shares.keys()
    apart = 0.5 * sum(abs(shares.get(name, 0.0) - episode.shares.get(name, 0.0)) for name in groups)
    sizes = abs(math.log2(max(score, 0.1) / max(episode.peak, 0.1)))
    return 0.5 * min(apart, 1.0) + 0.25 * (direction != episode.direction) + 0.25 * min(sizes / 2.0, 1.0)


def _again(
    engine: FeedEngine, options: np.void, series: str, rows: Array, number: int, said: Sequence[FeedbackRecord]
) -> tuple[Explanation | None, int]:
    """The last of the rows explained, event `number` of its series, and how many events its state has learned from."""
    fresh = Model(engine.model.config, capacity=1)
    fresh.options[0] = options
    before = len(rows) - 1
    for model in (*engine.earlier(series), fresh):
        since = number - 1 - int(model.rows["clock"]["events"][0])
        if 0 <= since <= before:
            break
    else:  # older than all rows, and not all results before it are kept: what it can learn from these
        model, since = fresh, before
    seen = number - 1 - since
    for one in said:  # between the same events as then
        if one.event >= seen:
            _learn(model, rows[before - (number - 1 - seen) : before - (number - 1 - one.event)])
            row = model.read(0)[0]
            put(row, Effect(one.event, one.before, one.after))
            model.write(0, row)
            seen = one.event
    _learn(model, rows[before - (number - 1 - seen) : before])
    learned = int(model.rows["clock"]["events"][0])
    event = rows[-1]
    return explain(model.rows[0], model.options[0], model.config, float(event["time"]), float(event["value"])), learned


def _learn(model: Model, rows: Array) -> None:
    model.run(np.zeros(len(rows), int), rows["time"], rows["value"])


def _same(result: np.void, row: np.void) -> bool:
    return bool(result["score"] == row["score"] and np.array_equal(result["expected"], row["expected"], equal_nan=True))


def _side(row: np.void) -> str:
    if not math.isfinite(row["expected"]) or row["value"] == row["expected"]:
        return "none"
    return "above" if row["value"] > row["expected"] else "below"
