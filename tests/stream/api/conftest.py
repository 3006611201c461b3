"""A real service on a SQLite log, asked over HTTP."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from liquid.model import ModelConfig, warm
from stream.config import Settings
from stream.runtime import Service

START = 1_360_000_000.0
SPIKED = "JFK/AA 1"  # 620 events a minute apart, one of them far off
CALM = "LGA:B6"  # 40 events
BOTH = "twice"  # a series of both feeds


FEEDS = ["flights", "machines", "hosts", "spare", "bulk"]
FOREIGN = {"series": "{host.name}", "time": {"field": "at", "unit": "s"}, "values": ["cpu", "memory"]}


def settings(folder: Path, **more: Any) -> Settings:
    return Settings.model_validate(
        {
            "transport": {"kind": "sqlite", "path": str(folder / "log.db"), "synchronous": "normal"},
            "commit": {"interval": "50ms"},
            "feeds": [
                {"name": "flights", "label": "Departure delay", "unit": "min", "horizons": ["1h", "1d"]},
                {"name": "machines", **FOREIGN, "horizons": ["5m", "1h"]},
                {"name": "hosts", **FOREIGN},
                {"name": "spare"},
                {"name": "bulk"},
            ],
            "api": {"port": 0},
            **more,
        }
    )


@dataclass
class Running:
    service: Service
    client: httpx.Client

    def get(self, path: str, **params: Any) -> Any:
        answer = self.client.get(path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, events: Any, feed: str = "flights") -> httpx.Response:
        return self.client.post("/v1/events", params={"feed": feed}, json=events)

    def refused(self, status: int, path: str, method: str = "GET", **more: Any) -> Any:
        """The problem that the request must lead to."""
        answer = self.client.request(method, path, **more)
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        problem = answer.json()
        assert problem["status"] == status
        assert problem["type"].startswith("urn:liquidstream:problem:")
        assert problem["title"]
        assert problem["detail"]
        return problem


def eventually(true: Callable[[], Any], seconds: float = 60.0) -> Any:
    """The first true answer; the bound is for a busy machine."""
    deadline = time.monotonic() + seconds
    while not (answer := true()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)
    return answer


def wave(i: int) -> float:
    return 900.0 if i == 560 else 10.0 + (i * 7919 % 13)


@contextmanager
def start(folder: Path, **more: Any) -> Iterator[Running]:
    service = Service(settings(folder, **more))
    service.start()
    try:
        assert service.address
        with httpx.Client(base_url=service.address, timeout=30) as client:
            eventually(lambda: service.ready()[0])
            yield Running(service, client)
    finally:
        service.end()
        service.stop()


@pytest.fixture(scope="session", autouse=True)
def _warm() -> None:
    """Compiled before anything waits: the kernels depend on the number of horizons, two in every feed here."""
    warm(ModelConfig())


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Shared by tests that read, or write series of their own to the feeds `hosts`, `spare` and `bulk`."""
    with start(tmp_path_factory.mktemp("service")) as running:
        minutes = [{"series": SPIKED, "time": START + 60 * i, "value": wave(i)} for i in range(620)]
        assert running.post(minutes).json() == {"accepted": 620, "rejected": []}
        running.post([{"series": CALM, "time": START + 3600 * i, "value": wave(i)} for i in range(40)])
        running.post({"series": BOTH, "time": START, "value": 1})
        seconds = [{"host": {"name": "a"}, "at": START + i, "cpu": i % 5, "memory": None} for i in range(9)]
        running.post([*seconds, {"host": {"name": "b"}, "at": START, "cpu": 1, "memory": 2}], "machines")
        running.post({"series": BOTH, "time": START, "value": 2}, "spare")
        eventually(lambda: running.get("/v1/series")["total"] == 7)
        eventually(lambda: len(running.service.history.rows("flights", SPIKED)) == 620)
        yield running
