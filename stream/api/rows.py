"""From what the history and the engines hold to the answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from liquid.model import Held
from liquid.results import SEVERITIES, STATES
from stream.api.encoding import finite
from stream.engine import FeedEngine
from stream.episodes import Episode
from stream.history import Coverage, Page
from stream.units import duration


def alert(episode: Episode) -> dict[str, Any]:
    """The members of `models.Alert`."""
    return {
        "id": episode.id,
        "series": episode.series,
        "feed": episode.feed,
        "state": "open" if episode.end is None else "closed",
        "begin": episode.begin,
        "end": episode.end,
        "peak": episode.peak,
        "peak_time": episode.peak_time,
        "severity": episode.severity,
        "direction": episode.direction,
        "value": episode.value,
        "expected": _known(episode.expected),
        "lower": _known(episode.lower),
        "upper": _known(episode.upper),
        "shares": episode.shares,
        "why": episode.why,
        "notified": episode.notified,
        "feedback": episode.feedback,
    }


def series(page: Page, engines: Mapping[str, FeedEngine]) -> list[dict[str, Any]]:
    """The members of `models.Series` for every row of a page."""
    return [
        {
            "id": name,
            "feed": feed,
            **newest(latest, engines[feed].describe(name) or {}),
            "sparkline": list(zip(times[real].tolist(), values[real].tolist(), strict=True)),
            "open_alert": None if episode is None else alert(episode),
        }
        for (feed, name), latest, episode, times, values, real in zip(
            page.names, page.latest, page.alerts, page.times, page.values, page.real, strict=True
        )
    ]


def newest(latest: np.void, facts: Mapping[str, Any]) -> dict[str, Any]:
    """What is known of the newest result of a series."""
    numbers = {name: finite(latest[name]) for name in ("time", "value", "expected", "lower", "upper", "score")}
    return {
        **numbers,
        "severity": SEVERITIES[latest["severity"]],
        "state": STATES[latest["state"]],
        "events": max(int(latest["events"]), facts.get("events", 0)),
        "ready_after": facts.get("ready_after"),
        "unit_seconds": facts.get("unit") or None,
    }


def coverage(counted: Coverage) -> dict[str, Any]:
    """The members of `models.Coverage`."""
    real = counted.inside / counted.n if counted.n else None
    return {"promised": counted.promised, "real": real, "n": counted.n}


def held(found: Iterable[Held]) -> list[dict[str, Any]]:
    """The members of `models.Held`."""
    return [
        {**one._asdict(), "horizon": duration(one.horizon) if one.horizon else None, "share": finite(one.share)}
        for one in found
    ]


def _known(number: float | None) -> float | None:
    return None if number is None else finite(number)
