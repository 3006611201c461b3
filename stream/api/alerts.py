"""Alert episodes."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from stream.api import models, rows
from stream.api.context import FeedName, Running, feed_of
from stream.api.problems import documented
from stream.api.query import Cursor, Limit, cursor_after

router = APIRouter(tags=["alerts"])


@router.get("/v1/alerts", responses=documented(404, 422))
def alerts(
    service: Running,
    series: Annotated[str | None, Query(description="Only of this series.")] = None,
    feed: FeedName = None,
    open: Annotated[bool | None, Query(description="Only open ones, or only closed ones.")] = None,
    notified: Annotated[
        bool | None, Query(description="Only those worth waking somebody, that last or are strong; or only the others.")
    ] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> models.AlertList:
    """Alert episodes, the newest first."""
    feed_of(service, feed)
    skip = cursor or 0
    found = service.history.alerts(feed=feed, series=series, is_open=open, notified=notified)
    return models.AlertList.model_validate(
        {
            "alerts": [rows.alert(episode) for episode in found[skip : skip + limit]],
            "total": len(found),
            "next": cursor_after(skip + limit, len(found)),
        }
    )
