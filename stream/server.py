"""The API's HTTP server in a thread of its own."""

from __future__ import annotations

import errno
import socket
import time
from typing import TYPE_CHECKING

import uvicorn

from stream.config import ApiSettings

if TYPE_CHECKING:
    from fastapi import FastAPI

#: How many ports after the wanted one are tried, where that is allowed.
TRIES = 100

#: How long open requests may take to end at a stop.
GRACE_SECONDS = 2


class AddressError(Exception):
    """The API cannot listen where it should."""


def bind(settings: ApiSettings) -> socket.socket:
    """A socket that is bound already, so that nobody takes the port in between. Raises AddressError."""
    ports = range(settings.port, min(settings.port + TRIES, 65_536)) if settings.next_free_port else [settings.port]
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    for port in ports:
        # with the protocol named, asyncio sends small answers at once (TCP_NODELAY)
        sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((settings.host, port))
            sock.listen(128)  # claims the port: two sockets may be bound to one, but not listen
        except OSError as error:
            sock.close()
            if error.errno != errno.EADDRINUSE:
                raise AddressError(f"cannot listen on {settings.host}:{port}: {error.strerror}") from error
        else:
            return sock
    tried = f"port {ports[0]} is" if len(ports) == 1 else f"ports {ports[0]} to {ports[-1]} are"
    raise AddressError(f"{tried} taken on {settings.host}; set api.port to a free one, or api.next_free_port: true")


class ApiServer:
    def __init__(self, app: FastAPI, sock: socket.socket) -> None:
        self._socket = sock
        self.address = _address(sock)
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
            ws="none",
            server_header=False,
        )
        self._server = uvicorn.Server(config)

    def run(self) -> None:
        """Serve until `stop`."""
        self._server.run(sockets=[self._socket])
        if not self._server.started:
            raise AddressError("the API did not start")

    def wait_until_up(self, timeout: float = 10.0) -> bool:
        deadline = time.monotonic() + timeout
        while not self._server.started and time.monotonic() < deadline:
            time.sleep(0.01)
        return self._server.started

    def stop(self) -> None:
        self._server.should_exit = True


def _address(sock: socket.socket) -> str:
    host, port = sock.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
