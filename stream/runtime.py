"""The running service: transport, worker, sources and API in one process."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from stream.config import Settings
from stream.engine import FeedEngine
from stream.transport.base import Output

if TYPE_CHECKING:
    from stream.history import History


class Service:
    """Everything that `run` starts. The API reads it; nothing else needs to know how the parts are joined.

    Attributes
    ----------
    settings : the checked configuration. engines : by feed name. history : recent results and alerts.
    address : where the API answers, None while it does not. started_at : epoch seconds.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.engines: dict[str, FeedEngine] = {feed.name: FeedEngine(feed, settings.model) for feed in settings.feeds}
        self.history: History
        self.address: str | None = None
        self.started_at = time.time()

    def append(self, outputs: Sequence[Output]) -> None:
        """Append records to the log, durably. Raises TransportError."""
        raise NotImplementedError

    def ready(self) -> tuple[bool, str]:
        """Whether partitions are assigned and restored, and if not, why."""
        raise NotImplementedError

    def stats(self) -> dict[str, Any]:
        """events, events_per_second, series, open_alerts, lag, rejected (by reason), started_at."""
        raise NotImplementedError

    def metrics(self) -> tuple[bytes, str]:
        """The Prometheus page and its content type."""
        raise NotImplementedError

    def start(self) -> None:
        """Start every part; returns when the API listens."""
        raise NotImplementedError

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for the end: a signal, `stop`, or a part that failed. False when `timeout` seconds passed first."""
        raise NotImplementedError

    def stop(self) -> int:
        """Stop in order: sources, API, worker (commits and saves every row), transport. Gives the exit code."""
        raise NotImplementedError
