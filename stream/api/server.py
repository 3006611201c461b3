"""The HTTP server in a thread of its own."""

from __future__ import annotations

import socket
import threading
from typing import Any, Final

import uvicorn
from fastapi import FastAPI

#: Seconds that requests in flight are given when the server stops.
PATIENCE: Final = 3


class _Server(uvicorn.Server):
    """Ends the live streams before it waits for open connections: they would never end by themselves."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        app: Any = self.config.app
        app.state.live.close()
        await super().shutdown(sockets)


class ApiServer:
    """Answers on a socket that is already bound.

    >>> server = ApiServer(create_app(service), listen("127.0.0.1", 8080))  # doctest: +SKIP
    >>> server.start(); server.stop()  # doctest: +SKIP
    """

    def __init__(self, app: FastAPI, listening: socket.socket) -> None:
        config = uvicorn.Config(
            app, log_config=None, access_log=False, server_header=False, timeout_graceful_shutdown=PATIENCE
        )
        self._server = _Server(config)
        self._socket = listening
        self._thread = threading.Thread(target=self._run, name="api", daemon=True)

    @property
    def port(self) -> int:
        port: int = self._socket.getsockname()[1]
        return port

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Stop taking requests, finish those in flight, end the streams; returns when all is closed."""
        self._server.should_exit = True
        self._thread.join()

    def _run(self) -> None:
        self._server.run(sockets=[self._socket])


def listen(host: str, port: int, *, next_free: bool = False, tries: int = 100) -> socket.socket:
    """A bound socket; raises OSError where the port is taken and `next_free` is not set."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for candidate in range(port, min(port + (tries if next_free else 1), 65536)):
        bound = socket.socket(family, socket.SOCK_STREAM)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            bound.bind((host, candidate))
        except OSError:
            bound.close()
            continue
        return bound
    raise OSError(f"port {port} of {host} is taken")
