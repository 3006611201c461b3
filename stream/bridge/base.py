"""What a bridge is: it brings events from somewhere into the log of the service it runs in."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Protocol

from stream.transport.base import Output, Record


class Log(Protocol):
    """What a bridge sees of the service."""

    def append(self, outputs: Sequence[Output]) -> None:
        """Append records durably; raises TransportError."""

    def tail(self, topic: str, count: int) -> list[Record]:
        """About the newest `count` records of a topic, oldest first."""

    def lag(self) -> int:
        """Records that wait to be processed."""


class Bridge(Protocol):
    """One source at work. `name` tells it apart in logs and in the headers of its records."""

    name: str

    def run(self, log: Log, stop: threading.Event) -> None:
        """Append events until `stop` is set or the source has no more. An error ends the bridge."""


class BridgeThread:
    """A bridge in a thread of its own.

    Parameters
    ----------
    failed : called, from that thread, with what ended the bridge before it was done.
    """

    def __init__(self, bridge: Bridge, log: Log, failed: Callable[[Bridge, Exception], None]) -> None:
        self.bridge = bridge
        self._log = log
        self._failed = failed
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"bridge-{bridge.name}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout: float = 5.0) -> bool:
        """Ask it to end and wait; False when it did not end in time."""
        self._stop.set()
        self._thread.join(timeout)
        return not self._thread.is_alive()

    @property
    def running(self) -> bool:
        """False once the source is exhausted, failed or stopped."""
        return self._thread.is_alive()

    def _run(self) -> None:
        try:
            self.bridge.run(self._log, self._stop)
        except Exception as error:
            self._failed(self.bridge, error)
