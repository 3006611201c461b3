"""Whether a series has changed for good."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from stream.api import models_drift as models
from stream.api.context import SERIES_PROBLEMS, FeedName, Running, elsewhere, known

router = APIRouter(tags=["series"])


@router.get("/v1/drift", responses=SERIES_PROBLEMS)
def drift(
    service: Running,
    series: Annotated[str, Query(description="Series id.", examples=["JFK.AA"])],
    feed: FeedName = None,
) -> models.DriftReport:
    """What the tests of drift say of a series, each with its newest drifts. 1.0 is the line of every statistic."""
    one = known(service, series, feed)
    if one.facts is None:
        raise elsewhere(series)
    past = service.history.drifts(one.feed.name, one.id)
    return models.DriftReport.model_validate(
        {
            "series": one.id,
            "feed": one.feed.name,
            "drift": {
                kind: {
                    **{name: said[name] for name in ("statistic", "active", "peak", "drifts")},
                    "since": said["onset"] if said["active"] else None,
                    "learned": said["events"],
                    "needed": said["relearn"],
                    "history": [{"onset": d.onset, "began": d.began, "ended": d.ended} for d in past if d.kind == kind],
                }
                for kind, said in one.facts["drift"].items()
            },
        }
    )
