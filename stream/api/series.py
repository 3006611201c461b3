"""The list of series, and one series."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from stream.api import models, rows
from stream.api.context import SERIES_PROBLEMS, FeedName, Running, Series, feed_of
from stream.api.encoding import finite
from stream.api.problems import documented
from stream.api.query import Cursor, Limit, cursor_after
from stream.catalogue import Filter, Sort
from stream.units import duration

router = APIRouter(tags=["series"])


@router.get("/v1/series", responses=documented(404, 422))
def series_list(
    service: Running,
    feed: FeedName = None,
    search: Annotated[
        str, Query(max_length=200, description="Part of the id, or a pattern with * and ?; case does not matter.")
    ] = "",
    state: models.State | None = None,
    severity: Annotated[models.Severity | None, Query(description="At least this severity.")] = None,
    sort: Annotated[
        Sort, Query(description="`worst`: open alerts first, then by severity and score. `time`: newest first.")
    ] = "worst",
    limit: Limit = 100,
    cursor: Cursor = None,
) -> models.SeriesList:
    """Series with their newest result and a sparkline.

    A page is a part of the order at that moment: between two pages a series may move across the boundary."""
    feed_of(service, feed)
    skip = cursor or 0
    chosen = Filter(feed=feed, search=search, state=state, severity=severity, sort=sort)
    page = service.history.select(chosen, limit=limit, skip=skip)
    return models.SeriesList.model_validate(
        {
            "series": rows.series(page, service.engines),
            "total": page.total,
            "next": cursor_after(skip + limit, page.total),
        }
    )


def series_detail(service: Running, series: Series) -> models.SeriesDetail:
    """One series: its newest result, what its intervals promised and held, and the facts of its state."""
    history, facts = service.history, series.facts or {}
    history.introduce(series.feed.name, {series.id: facts} if facts else {})
    page = history.select(Filter(feed=series.feed.name, series=series.id))
    latest = page.latest[0]
    return models.SeriesDetail.model_validate(
        {
            **rows.series(page, service.engines)[0],
            **{name: finite(latest[name]) for name in ("gap", "lower50", "upper50", "lower80", "upper80")},
            "label": series.feed.label,
            "unit": series.feed.unit_of(series.id),
            "horizons": [duration(horizon) for horizon in series.feed.horizons],
            "period_seconds": facts.get("period"),
            "bytes": facts.get("bytes"),
            "coverage": {
                level: rows.coverage(counted)
                for level, counted in history.coverage(series.feed.name, series.id).items()
            },
            "held": rows.held(service.engines[series.feed.name].held(series.id)),
        }
    )


detail = APIRouter(tags=["series"])  # included last: its path matches every longer one
detail.get("/v1/series/{series:path}", responses=SERIES_PROBLEMS)(series_detail)
