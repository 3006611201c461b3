"""Why one event alerted, or did not."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Query

from liquid.results import SEVERITIES, STATES
from stream.api import models_explain as models
from stream.api import rows
from stream.api.context import SERIES_PROBLEMS, FeedName, Running, known
from stream.api.encoding import finite
from stream.api.problems import ProblemError
from stream.api.query import Moment
from stream.explanation import Explained, explained
from stream.explanation_text import quiet, sentences, short

router = APIRouter(tags=["alerts"])


@router.get("/v1/explain", responses=SERIES_PROBLEMS)
def explain(
    service: Running,
    series: Annotated[str, Query(description="Series id.", examples=["JFK.AA"])],
    feed: FeedName = None,
    time: Annotated[
        Moment | None,
        Query(
            description="The event at this time, or the last one before. Default: the newest.", examples=[1360353600]
        ),
    ] = None,
) -> models.Explanation:
    """One event explained: which evidence, what was expected and how surely, at which value it would have been
    otherwise, what keeps the series quiet, and which earlier alerts it resembles.

    Any result that is kept can be asked for. The state that met it is made again from what is kept; `exact` says
    whether it is that very state."""
    of = known(service, series, feed)
    found = explained(service.engines[of.feed.name], service.history, of.feed, of.id, time)
    if found is None:
        when = "" if time is None else " at or before that time"
        detail = f"No result of series {of.id!r}{when} is kept. GET /v1/series/.../scores lists those that are."
        raise ProblemError(404, "no-result", "No result", detail)
    return models.Explanation.model_validate(_members(found))


def _members(of: Explained) -> dict[str, Any]:
    row, found = of.row, of.found
    numbers = ("time", "value", "expected", "lower80", "upper80", "lower", "upper", "score")
    return {
        "series": of.series,
        "feed": of.feed.name,
        "field": _field(of),
        **{name: finite(row[name]) for name in numbers},
        "severity": SEVERITIES[row["severity"]],
        "state": STATES[row["state"]],
        "direction": of.direction,
        "events": of.events,
        "alerts": None if found is None else found.alerts,
        "exact": of.exact,
        "learned_from": of.learned_from,
        "why": short(of),
        "text": sentences(of),
        "quiet": quiet(of),
        "shares": {name: round(share, 4) for name, share in sorted(of.shares.items(), key=lambda pair: -pair[1])},
        "interval": _interval(of),
        "otherwise": _otherwise(of),
        "line": _line(of),
        "alert": None if of.episode is None else rows.alert(of.episode),
        "similar": [{"alert": rows.alert(one.episode), "distance": round(one.distance, 3)} for one in of.similar],
    }


def _field(of: Explained) -> str | None:
    names = of.feed.values or ()
    tail = of.series.rpartition(":")[2]
    return tail if len(names) > 1 and tail in names else names[0] if len(names) == 1 else None


def _interval(of: Explained) -> dict[str, Any] | None:
    if of.found is None or of.found.width is None:
        return None
    width = of.found.width
    return {"half": width.half, "usual": width.usual, "widened": width.widened, "cut": width.cut}


def _otherwise(of: Explained) -> dict[str, Any] | None:
    if of.found is None or np.isnan(of.found.result["expected"]):
        return None
    return {name: getattr(of.found, name) for name in ("quiet_at", "alerts_below", "alerts_above")}


def _line(of: Explained) -> dict[str, Any] | None:
    if of.found is None:
        return None
    line = of.found.line
    return {"young": line.young, "budget": line.budget, "feedback": line.feedback, "rests_until": line.rests_until}
