"""What the dashboard's tests stand on: a real service on a SQLite log, and a real Chromium."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from selenium import webdriver

from stream.config import Settings
from stream.runtime import Service

CHROMIUM = shutil.which("chromium")
DRIVER = shutil.which("chromedriver")

#: A browser of a test asks nobody but the page's own server.
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def eventually(true: Callable[[], Any], what: str, seconds: float = 60.0) -> Any:
    """The first true answer; the bound is for a busy machine."""
    deadline = time.monotonic() + seconds
    while not (answer := true()):
        assert time.monotonic() < deadline, f"waited in vain: {what}"
        time.sleep(0.05)
    return answer


@contextmanager
def service(folder: Path, port: int = 0) -> Iterator[str]:
    """A running service; gives its address. The same folder again goes on where it was."""
    running = Service(
        Settings.model_validate(
            {
                "transport": {"kind": "sqlite", "path": str(folder / "log.db"), "synchronous": "normal"},
                "commit": {"interval": "50ms"},
                "feeds": [
                    {"name": "flights", "label": "Departure delay", "unit": "min", "horizons": ["1h", "1d"]},
                    {"name": "machine", "horizons": ["1m"]},
                ],
                "api": {"port": port},
            }
        )
    )
    running.start()
    try:
        assert running.address
        eventually(lambda: running.ready()[0], "the service is ready", 300)
        yield running.address
    finally:
        assert running.stop() == 0


def post(address: str, feed: str, events: Sequence[dict[str, Any]]) -> None:
    answer = httpx.post(f"{address}/v1/events", params={"feed": feed}, json=list(events), timeout=60)
    assert answer.json() == {"accepted": len(events), "rejected": []}


@contextmanager
def chromium(folder: Path) -> Iterator[webdriver.Chrome]:
    """A fresh Chromium in UTC that notes its console and its requests. Where there is none: skip, but fail in CI."""
    if not (CHROMIUM and DRIVER):
        missing = "Chromium is missing: apt-get install chromium chromium-driver"
        pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in (*FLAGS, f"--user-data-dir={folder}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    environment = {**os.environ, "TZ": "UTC"}
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER, env=environment))
    try:
        yield driver
    finally:
        driver.quit()


def resize(browser: webdriver.Chrome, width: int, height: int) -> None:
    """The size of the page itself, also below the least width of a window."""
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)


def requests(browser: webdriver.Chrome) -> list[str]:
    """Addresses of all requests since the last call."""
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    return [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]
