"""The REST interface of a running service."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from importlib.metadata import version

from fastapi import FastAPI

from stream import codec
from stream.api import (
    alerts,
    drift,
    events,
    explain,
    feedback,
    feeds,
    forecast,
    health,
    openapi,
    problems,
    scores,
    series,
    watch,
)
from stream.api.guard import Guard
from stream.api.live import Live
from stream.api.paths import EncodedIds
from stream.api.static import Dashboard
from stream.runtime import Service


def create_app(service: Service) -> FastAPI:
    """The application; `service` may still be starting: what it does not know yet is answered with 503."""
    app = FastAPI(
        title="liquidstream",
        version=version("liquidstream"),
        summary="Forecasts and anomaly scores for every event of every series.",
        openapi_tags=openapi.TAGS,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=_lifespan,
        responses=problems.documented(500),
    )
    app.state.service = service
    app.state.live = Live(service)
    app.state.codecs = {feed.name: codec.create(feed) for feed in service.settings.feeds}
    for part in (events, series, forecast, scores, drift, alerts, explain, feedback, watch, feeds, health):
        app.include_router(part.router)
    app.include_router(series.detail)
    app.router.routes.append(Dashboard())
    problems.install(app)
    openapi.describe(app)
    app.add_middleware(EncodedIds)
    app.add_middleware(Guard)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    live: Live = app.state.live
    service: Service = app.state.service
    end = service.history.subscribe(live.take)
    serving = asyncio.create_task(live.run())
    try:
        yield
    finally:
        end()
        live.close()
        serving.cancel()
        with suppress(asyncio.CancelledError):
            await serving
