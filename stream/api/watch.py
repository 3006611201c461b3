"""The live stream: server-sent events."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from stream.api.context import FeedName, Running, feed_of
from stream.api.live import Live, Watch, Watcher
from stream.api.problems import ProblemError, documented

router = APIRouter(tags=["live"])

MOST_WATCHERS: Final = 256
HEARTBEAT: Final = 15.0  # seconds

_DESCRIPTION: Final = (
    "Server-sent events. `result`: {feed, items: [{series, time, value, expected, lower50, upper50, lower80, upper80, "
    "lower, upper, score, gap, severity, state, events}]}, at most four a second and feed; `alert`: an alert as of GET "
    "/v1/alerts, whenever it changes; `stats`: GET /v1/stats, every second."
)
_EXAMPLE: Final = 'event: alert\nid: 7\ndata: {"id":"9f86d081884c7d65","series":"JFK.AA","state":"open"}\n\n'
_STREAM: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": _DESCRIPTION,
        "content": {"text/event-stream": {"schema": {"type": "string"}, "example": _EXAMPLE}},
    }
}


class EventStream(Response):
    """Sends a watcher's messages until it is over, whether or not the other side reads."""

    media_type = "text/event-stream"

    def __init__(self, live: Live, watch: Watch) -> None:
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._live, self._watch = live, watch

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        watcher = self._live.open(self._watch)
        tasks = [
            asyncio.create_task(part) for part in (self._send(watcher, send), self._gone(receive), watcher.over.wait())
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._live.leave(watcher)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        if watcher.over.is_set() and not watcher.dropped:
            await send({"type": "http.response.body", "body": b""})

    async def _send(self, watcher: Watcher, send: Send) -> None:
        body = b"retry: 2000\n\n"
        while True:
            await send({"type": "http.response.body", "body": body, "more_body": True})
            try:
                body = await asyncio.wait_for(watcher.queue.get(), HEARTBEAT)
            except TimeoutError:
                body = b": nothing new\n\n"

    async def _gone(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass


@router.get("/v1/stream", response_class=Response, responses={**_STREAM, **documented(404, 422, 503)})
async def stream(
    request: Request,
    service: Running,
    series: Annotated[str | None, Query(description="Only this series: every result of it.")] = None,
    feed: FeedName = None,
) -> Response:
    """New results, alerts and statistics as they come.

    Without `series` a message has the newest result of every series that had one, and of the 2,000 highest scores where
    there are more. A client that is more than 64 messages behind is cut off and should load again what it shows."""
    feed_of(service, feed)
    live: Live = request.app.state.live
    if len(live) >= MOST_WATCHERS:
        raise ProblemError(503, "too-many-streams", "Too many streams", f"{MOST_WATCHERS} clients watch already.")
    return EventStream(live, Watch(feed, series))
