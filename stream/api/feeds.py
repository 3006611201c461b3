"""Which feeds there are, and how the service is doing."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from stream.api.context import Running
from stream.api.models import Feed, FeedList
from stream.units import duration

router = APIRouter(tags=["service"])


@router.get("/v1/feeds")
def feeds(service: Running) -> FeedList:
    """The configured feeds."""
    return FeedList(
        feeds=[
            Feed(
                name=feed.name,
                label=feed.label,
                unit=feed.unit,
                joint=feed.joint,
                topics=list(feed.topics),
                format=feed.format,
                horizons=[duration(horizon) for horizon in feed.horizons],
                series=len(service.engines[feed.name]),
                open_alerts=service.history.open_alerts(feed.name),
            )
            for feed in service.settings.feeds
        ]
    )


@router.get("/v1/stats")
def stats(service: Running) -> dict[str, Any]:
    """Counters since the start: events, events per second, series, open alerts, lag, rejected records by reason."""
    return service.stats()
