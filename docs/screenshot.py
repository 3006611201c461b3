"""Take a picture of a running dashboard.

    make demo                                                        # in one terminal
    python docs/screenshot.py --page '#/' --theme dark               # in another
    python docs/screenshot.py --size 380x800 --out narrow.png        # the strongest alert

The README's picture is of the snowstorm of February 2013, from `deploy/demo.yaml` with a year that lasts 25 minutes:

    python docs/screenshot.py --until 2013-02-09T12:00 --feed cancelled \\
        --page '#/series/cancelled/JFK.cancelled?span=259200'

Needs Chromium and its driver, and selenium (in the extra `test`).
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run", "--disable-sync")
READY = ".u-over, .table-body .table-row, .alert, .feed dd, .notice"
PATIENCE = 600  # seconds


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default="http://127.0.0.1:8080")
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("dashboard.png"))
    parser.add_argument("--page", help="what stands behind the address, like '#/alerts'; default: the strongest alert")
    parser.add_argument("--feed", help="take the strongest alert of this feed")
    parser.add_argument("--until", type=_moment, help="wait for an event at or after this time (UTC)")
    parser.add_argument("--theme", choices=("light", "dark"), default="light")
    parser.add_argument("--size", type=_size, default=(1360, 900), metavar="WIDTHxHEIGHT")
    parser.add_argument("--zoom", type=float, default=2, help="pixels of the picture per pixel of the page")
    return parser.parse_args()


def _moment(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    return int(width), int(height)


def get(url: str, path: str, **parameters: Any) -> Any:
    chosen = {name: value for name, value in parameters.items() if value is not None}
    return httpx.get(f"{url}/v1/{path}", params=chosen, timeout=30).raise_for_status().json()


def wait_until(url: str, feed: str | None, moment: float) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with suppress(httpx.HTTPError):  # it may still be starting
            newest = get(url, "series", feed=feed, sort="time", limit=1)["series"]
            if newest and newest[0]["time"] >= moment:
                return
        time.sleep(0.1)
    raise SystemExit(f"no such event came within {PATIENCE} s")


def strongest_alert(url: str, feed: str | None) -> str:
    alerts = get(url, "alerts", feed=feed, limit=1000)["alerts"]
    if not alerts:
        raise SystemExit("no alert yet: wait, or name a --page")
    alert = max(alerts, key=lambda one: one["peak"])
    return f"#/series/{quote(alert['feed'])}/{quote(alert['series'], safe='')}?alert={alert['id']}"


def picture(url: str, page: str, theme: str, size: tuple[int, int], zoom: float) -> bytes:
    """The page as PNG, once it shows something."""
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    with tempfile.TemporaryDirectory() as profile:
        for flag in (*FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(shutil.which("chromedriver")))
        try:
            screen = {"width": size[0], "height": size[1], "deviceScaleFactor": zoom, "mobile": False}
            driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
            scheme = {"features": [{"name": "prefers-color-scheme", "value": theme}]}
            driver.execute_cdp_cmd("Emulation.setEmulatedMedia", scheme)
            driver.get(f"{url}/{page}")
            WebDriverWait(driver, 30).until(lambda found: found.find_elements(By.CSS_SELECTOR, READY))
            time.sleep(2)  # the figures on top get a little history
            return driver.get_screenshot_as_png()
        finally:
            driver.quit()


def main() -> None:
    wanted = arguments()
    if wanted.until is not None:
        wait_until(wanted.url, wanted.feed, wanted.until)
    page = wanted.page or strongest_alert(wanted.url, wanted.feed)
    wanted.out.write_bytes(picture(wanted.url, page, wanted.theme, wanted.size, wanted.zoom))
    print(f"{wanted.out}: {page}")


if __name__ == "__main__":
    main()
