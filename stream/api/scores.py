"""The newest results of one series, as columns."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from fastapi import APIRouter, Query

from liquid.results import SEVERITIES
from stream.api import models
from stream.api.context import SERIES_PROBLEMS, Running, Series
from stream.api.encoding import finites
from stream.api.query import Since, Until

router = APIRouter(tags=["series"])

_COLUMNS = ("time", "value", "expected", "lower50", "upper50", "lower80", "upper80", "lower", "upper", "score")


@router.get("/v1/series/{series:path}/scores", responses=SERIES_PROBLEMS)
def scores(
    service: Running,
    series: Series,
    since: Since = None,
    until: Until = None,
    limit: Annotated[int, Query(ge=1, le=100_000, description="The newest so many of those.")] = 2000,
) -> models.Scores:
    """Values, what was expected, 50 %, 80 % and 95 % intervals and scores, oldest first. The newest
    `history.per_series` results of a series are kept."""
    rows = service.history.rows(
        series.feed.name,
        series.id,
        since=-np.inf if since is None else since,
        until=np.inf if until is None else until,
        limit=limit,
    )
    return models.Scores.model_validate(
        {
            "series": series.id,
            "feed": series.feed.name,
            **{name: finites(rows[name]) for name in _COLUMNS},
            "severity": [SEVERITIES[one] for one in rows["severity"].tolist()],
        }
    )
