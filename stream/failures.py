"""How long to pause after a failure, and when to give up."""

from __future__ import annotations

import random

from stream.transport.base import TransportError

#: An error that is not the transport's, this often at one place without progress, ends the worker.
ATTEMPTS = 5
LONGEST_PAUSE = 15.0


class WorkerError(Exception):
    """The worker cannot go on by itself."""


class Failures:
    """Decides how long to pause after a failure, and when to give up.

    The transport may fail for as long as it likes: brokers come back. Anything else that fails again and again at the
    same place, without progress there, will not heal by itself.
    """

    def __init__(self) -> None:
        self.at = ""
        self._place = ""
        self._repeated = 0
        self._pauses = 0

    def add(self, error: Exception) -> float:
        """Seconds to wait before the next attempt. Raises WorkerError when there is no point in one."""
        if not isinstance(error, TransportError):
            self._repeated = self._repeated + 1 if self.at == self._place else 1
            self._place = self.at
            if self._repeated >= ATTEMPTS:
                raise WorkerError(f"failed {ATTEMPTS} times at {self.at}: {error!r}") from error
        self._pauses += 1
        return float(min(0.1 * 2.0 ** min(self._pauses - 1, 10), LONGEST_PAUSE) * random.uniform(0.5, 1.0))

    def progress(self, source: str, records: int) -> None:
        """Some records of a partition are committed."""
        if records:
            self._pauses = 0
            if self._place.startswith(source + " "):
                self._repeated = 0
