"""The dashboard's files at `/`."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from starlette.responses import Response
from starlette.routing import Match, Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

WEB: Final = Path(__file__).resolve().parent.parent / "web"

#: Not for browsers: sources of the fetch step.
_PRIVATE: Final = (".py", ".pyc", "package.json", "package-lock.json", ".node_modules")
_API: Final = ("/v1/", "/healthz", "/readyz", "/metrics", "/openapi.json")


class _Files(StaticFiles):
    """Browsers ask again each time and get 304 where nothing changed, so that an upgrade shows at once."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        name = "missing" if path.endswith(_PRIVATE) else path
        response = await super().get_response(name, scope)
        response.headers["Cache-Control"] = "no-cache"
        return response


class Dashboard(Mount):
    """Everything that is not the API's, so that a wrong method there is told as such."""

    def __init__(self, folder: Path = WEB) -> None:
        super().__init__("/", _Files(directory=folder, html=True), name="dashboard")

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] == "http" and scope["path"].startswith(_API):
            return Match.NONE, {}
        return super().matches(scope)
