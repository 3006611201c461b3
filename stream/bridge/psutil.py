"""This machine as a source: CPU, memory, disk and network, measured live."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from typing import Final

import msgspec
import psutil
import structlog
from pydantic import BaseModel, ConfigDict

from stream.bridge.base import Log
from stream.config import FeedSettings
from stream.section import PositiveDuration
from stream.transport.base import Output, TransportError

SERIES: Final = "machine"


class Options(BaseModel):
    """every : seconds between two measurements."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    every: PositiveDuration = 1.0


def create(feed: FeedSettings, options: Options, feeds: Mapping[str, FeedSettings]) -> PsutilBridge:
    return PsutilBridge(feed.topics[0], options.every)


class PsutilBridge:
    """Appends one record per measurement; its time is when it was really taken."""

    name = "psutil"

    def __init__(self, topic: str, every: float) -> None:
        self._topic = topic
        self._every = every

    def run(self, log: Log, stop: threading.Event) -> None:
        meter = Meter()
        while not stop.wait(self._every):
            record = {"series": SERIES, "time": time.time(), "values": meter.read()}
            try:
                log.append([Output(self._topic, SERIES.encode(), msgspec.json.encode(record))])
            except TransportError as error:
                structlog.get_logger().warning("measurement lost", source=self.name, error=str(error))


class Meter:
    """Reads the counters; rates are over the time since the last reading."""

    def __init__(self) -> None:
        psutil.cpu_percent()  # the first call only starts the clock
        self._at = time.monotonic()
        self._bytes = _bytes()

    def read(self) -> dict[str, float]:
        """cpu, memory: percent. disk, network: bytes a second, read and written, in and out; absent where unknown."""
        now, moved = time.monotonic(), _bytes()
        elapsed = max(now - self._at, 1e-3)
        rates = {name: (count - self._bytes[name]) / elapsed for name, count in moved.items() if name in self._bytes}
        self._at, self._bytes = now, moved
        # Counters start anew when a device goes away.
        return {
            "cpu": psutil.cpu_percent(),
            "memory": psutil.virtual_memory().percent,
            **{name: max(rate, 0.0) for name, rate in rates.items()},
        }


def _bytes() -> dict[str, int]:
    """Bytes moved since the machine started; some machines and containers do not tell."""
    found: dict[str, int] = {}
    try:
        if disk := psutil.disk_io_counters():
            found["disk"] = disk.read_bytes + disk.write_bytes
    except (OSError, RuntimeError, NotImplementedError):
        pass
    try:
        if network := psutil.net_io_counters():
            found["network"] = network.bytes_recv + network.bytes_sent
    except (OSError, RuntimeError):
        pass
    return found
