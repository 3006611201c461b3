"""Series ids in paths: they may hold `/`, so they stay percent-encoded until after routing."""

from __future__ import annotations

from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

_PREFIX: Final = "/v1/series/"


class EncodedIds:
    """Routes `/v1/series/...` by the path as it was sent, so that the id `a/forecast` (sent as `a%2Fforecast`) is not
    taken for the forecast of `a`. An id whose slashes were sent as they are works as well where that is clear."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope.get("raw_path"):
            sent = scope["raw_path"].decode("latin-1")
            start = sent.find(_PREFIX)
            if start >= 0 and scope["path"].startswith(sent[:start] + _PREFIX):
                scope = {**scope, "path": sent}
        await self._app(scope, receive, send)
