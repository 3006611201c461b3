"""The dashboard in a real browser, on a real service."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

from stream.web import fetch
from tests import web_server
from tests.web_server import eventually

pytestmark = pytest.mark.browser

SPIKED = "JFK/AA 1"  # an id with characters that addresses reserve
CALM = "LGA.B6"
MINUTES = 620
VIEWS = {"overview": "#/", "series": f"#/series/flights/{'JFK%2FAA%201'}", "alerts": "#/alerts", "feeds": "#/feeds"}
SHOWN = {"overview": ".table-body .table-row", "series": ".u-over", "alerts": ".alert", "feeds": ".feed dd"}


class Page:
    """The dashboard, as somebody in front of it."""

    def __init__(self, browser: Chrome, address: str) -> None:
        self.browser, self.address = browser, address

    def open(self, view: str = "overview", query: str = "") -> None:
        self.browser.get("about:blank")
        self.browser.get(f"{self.address}/{VIEWS[view]}{query}")
        self.one(SHOWN[view])

    def all(self, css: str) -> list[WebElement]:
        return self.browser.find_elements(By.CSS_SELECTOR, css)

    def one(self, css: str) -> WebElement:
        return eventually(lambda: self.all(css), css)[0]

    def text(self, css: str) -> str:
        """As it is now; the page may put another element in its place at any time."""
        return self.run("return document.querySelector(arguments[0])?.innerText ?? ''", css)

    def run(self, script: str, *arguments: Any) -> Any:
        return self.browser.execute_script(script, *arguments)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.browser.switch_to.active_element.send_keys(key)

    def shows(self, css: str, text: str) -> None:
        eventually(lambda: text in self.text(css), f"{css} shows {text!r}, not {self.text(css)!r}")

    def names(self) -> list[str]:
        """The series in the table, from top to bottom."""
        script = """return [...document.querySelectorAll('.table-body .table-row')]
            .sort((a, b) => a.getAttribute('aria-rowindex') - b.getAttribute('aria-rowindex'))
            .map((row) => row.querySelector('.row-name').textContent)"""
        return self.run(script)


def minutes(count: int, start: float, value: Callable[[int], float], series: str) -> list[dict[str, Any]]:
    return [{"series": series, "time": start + 60 * i, "value": value(i)} for i in range(count)]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    fetch.fetch()
    with web_server.service(tmp_path_factory.mktemp("log")) as address:
        fill(address)
        yield address


def fill(address: str) -> None:
    start = time.time() - 60 * MINUTES
    wave = lambda i: 10.0 + (i * 7919 % 13)  # noqa: E731
    web_server.post(address, "flights", minutes(MINUTES, start, lambda i: 900.0 if i > 610 else wave(i), SPIKED))
    web_server.post(address, "flights", minutes(40, start, wave, CALM))
    web_server.post(address, "machine", [{"series": f"cpu {i}", "time": start, "value": i} for i in range(30)])
    get = lambda path: httpx.get(f"{address}{path}").json()  # noqa: E731
    eventually(lambda: get("/v1/series")["total"] == 32, "all series are there", 300)  # kernels may have to be compiled
    eventually(lambda: get("/v1/alerts?open=true")["alerts"], "the spike opens an alert")


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    with web_server.chromium(tmp_path_factory.mktemp("profile")) as browser:
        yield browser


@pytest.fixture
def page(browser: Chrome, address: str) -> Page:
    web_server.resize(browser, 1440, 900)
    browser.get_log("browser")
    web_server.requests(browser)
    return Page(browser, address)


def test_every_page_loads_without_a_console_error_and_asks_nobody_else(page):
    for view in VIEWS:
        page.open(view)
    eventually(lambda: page.text(".live-pill") == "Live", "events come live")
    assert page.browser.get_log("browser") == []
    asked = [url for url in web_server.requests(page.browser) if url != "about:blank"]
    assert any("/v1/stream" in url for url in asked)
    assert [url for url in asked if not url.startswith(page.address)] == []


def test_the_worst_series_comes_first_and_says_why(page):
    page.open()
    assert page.names()[0] == SPIKED
    row = page.one(".table-body .table-row").text
    assert "Departure delay" in row
    assert "900 min" in row
    assert page.text(".card-alerts .figure") == "1"
    assert page.one(".table-body .severity-icon").get_attribute("aria-label") in ("minor", "major", "critical")


PIXELS = """
const canvas = document.querySelectorAll('.chart canvas')[arguments[0]];
const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
const counts = new Map();
for (let i = 0; i < data.length; i += 4) {
  if (!data[i + 3]) continue;
  const colour = data.slice(i, i + 4).join();
  counts.set(colour, (counts.get(colour) ?? 0) + 1);
}
return [counts.size, [...counts.values()].reduce((a, b) => a + b, 0), canvas.toDataURL().length];
"""


def test_a_series_is_drawn(page):
    page.open("series")
    eventually(lambda: page.run(PIXELS, 0)[1] > 20_000, "bands, points and lines cover a part of the chart")
    colours, _, _ = page.run(PIXELS, 0)
    assert colours > 20
    assert page.run(PIXELS, 1)[1] > 2_000
    assert page.text(".side").startswith("Why?")
    assert "Can I trust the band?" in page.text(".side")
    assert f"{MINUTES}" in page.text(".facts")


def test_a_new_event_moves_it(page):
    page.open("series")
    chart = page.one(".chart")
    eventually(lambda: chart.get_attribute("data-points"), "the chart is drawn")
    before, picture = int(chart.get_attribute("data-points")), page.run(PIXELS, 0)[2]
    web_server.post(page.address, "flights", [{"series": SPIKED, "time": time.time(), "value": 4321.0}])
    page.shows(".now-actual", "4,321 min")
    page.shows(".readout", "actual 4,321 min")
    eventually(lambda: int(chart.get_attribute("data-points")) == before + 1, "one point more")
    eventually(lambda: page.run(PIXELS, 0)[2] != picture, "another picture")


def test_the_overview_follows_new_events(page):
    page.open("overview", "?sort=time")
    web_server.post(page.address, "machine", [{"series": "cpu 29", "time": time.time(), "value": 77.25}])
    page.shows(".table", "77.25")


def test_search_and_filters_live_in_the_address(page):
    page.open()
    page.press("/")
    assert page.run("return document.activeElement.className") == "search"
    page.press("b6")
    eventually(lambda: page.names() == [CALM], "only the series that was searched for")
    assert page.browser.current_url.endswith("#/?q=b6")
    page.shows(".filter-count", "1 of 32 series")
    page.press(Keys.ESCAPE)
    eventually(lambda: len(page.names()) > 10, "all series again")
    page.open("overview", "?feed=flights&q=*aa*")
    eventually(lambda: page.names() == [SPIKED], "an address that was sent shows the same")
    page.browser.get(f"{page.address}/#/?q=nothing")
    page.shows(".notice", "No series matches")


def test_the_keyboard_opens_a_series_and_comes_back(page):
    page.open()
    second = page.names()[1]
    page.press("j", Keys.ARROW_DOWN, "k", "j")
    page.press(Keys.ENTER)
    page.shows("h1", second)
    page.one(".u-over")
    page.press(Keys.ESCAPE)
    page.one(".table-body .table-row")
    page.press("?")
    assert page.one("dialog[open] h2").text == "Keys and words"


def test_the_chart_is_zoomed_by_keys_and_buttons_and_the_address_keeps_it(page):
    page.open("series")
    assert not page.one(".follow").is_displayed()
    page.press("+")
    eventually(lambda: page.one(".follow").is_displayed(), "a way back from the zoom")
    zoomed = page.browser.current_url
    assert "from=" in zoomed
    page.browser.get("about:blank")
    page.browser.get(zoomed)
    eventually(lambda: page.one(".follow").is_displayed(), "the zoom is in the address")
    page.one(".follow").click()
    eventually(lambda: not page.one(".follow").is_displayed(), "the newest values again")
    assert "from=" not in page.browser.current_url


def test_an_alert_is_explained_and_marked(page):
    page.open("alerts")
    page.one(".alert-explain summary").click()
    page.shows(".explanation .sentences", "It would not have alerted below")
    assert page.text(".explanation .bar")
    useless = page.all(".alert-said button")[1]
    assert (useless.text, useless.get_attribute("aria-pressed")) == ("Not useful", "false")
    useless.click()
    pressed = '.alert-said button[aria-pressed="true"]'
    page.shows(pressed, "Not useful")
    eventually(lambda: httpx.get(f"{page.address}/v1/feedback").json()["feedback"], "it has taken effect")
    page.open("alerts")
    page.shows(pressed, "Not useful")


def test_alerts_lead_to_their_series(page):
    page.open("alerts")
    assert page.text(".alert-series") == SPIKED
    assert "expected" in page.text(".alert-why")
    assert "open for" in page.text(".alert-when")
    page.one(".alert-series").click()
    page.shows("h1", SPIKED)
    page.shows(".now-alert", "Alert open for")
    assert len(page.all(".side .bars .bar")) >= 1


def test_feeds_tell_what_was_rejected(page):
    httpx.post(f"{page.address}/v1/events", params={"feed": "machine"}, json=[{"series": "x", "value": 1}])
    page.open("feeds")
    page.shows(".feed-list", "Departure delay")
    page.shows(".feed-list", "in min")
    assert len(page.all(".feed")) == 2


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("width", [380, 900])
def test_nothing_overflows_sideways(page, view, width):
    web_server.resize(page.browser, width, 800)
    page.open(view)
    time.sleep(0.3)
    assert page.run("return document.documentElement.scrollWidth") <= width


CONTRAST = """
const style = getComputedStyle(document.documentElement);
const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
const luminance = (name) => {
  canvas.fillStyle = style.getPropertyValue(`--${name}`).trim();
  canvas.fillRect(0, 0, 1, 1);
  const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map((x) => x / 255)
    .map((x) => (x <= 0.03928 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const [dark, light] = [luminance(arguments[0]), luminance(arguments[1])].sort((x, y) => x - y);
return (light + 0.05) / (dark + 0.05);
"""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_has_enough_contrast(page, theme):
    scheme = {"features": [{"name": "prefers-color-scheme", "value": theme}]}
    page.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", scheme)
    page.open()
    severities = ("warning", "minor", "major", "critical")
    for text in ("ink", "ink-2", "ink-3", "accent", "good", *(f"text-{severity}" for severity in severities)):
        for ground in ("surface", "bg"):
            assert page.run(CONTRAST, text, ground) >= 4.5, (text, ground)
    for severity in severities:
        assert page.run(CONTRAST, f"severity-{severity}", "surface") >= 2.4, severity


def test_a_lost_connection_is_told_and_mended(page, tmp_path):
    with web_server.service(tmp_path) as address:
        port = int(address.rsplit(":", 1)[1])
        web_server.post(address, "machine", [{"series": "a", "time": 1.0, "value": 1.0}])
        away = Page(page.browser, address)
        away.open()
        eventually(lambda: away.text(".live-pill") == "Live", "events come live")
    away.shows(".live-pill", "Reconnecting")
    away.shows(".banner", "The connection is lost. What you see is from")
    with web_server.service(tmp_path, port) as address:
        web_server.post(address, "machine", [{"series": "b", "time": 2.0, "value": 2.0}])
        away.shows(".live-pill", "Live")
        assert not away.one(".banner").is_displayed()
        eventually(lambda: "b" in away.names(), "what was missed is there")
    page.browser.get("about:blank")


@pytest.mark.slow
def test_ten_thousand_rows_are_a_few_elements(page, tmp_path):
    with web_server.service(tmp_path) as address:
        for k in range(0, 10_000, 2_000):
            events = [{"series": f"s{k + i:05}", "time": 1.0, "value": i} for i in range(2_000)]
            web_server.post(address, "machine", events)
        many = Page(page.browser, address)
        eventually(lambda: httpx.get(f"{address}/v1/series?limit=1").json()["total"] == 10_000, "all series")
        many.open("overview", "?sort=name")
        many.shows(".filter-count", "10,000 series")
        eventually(lambda: many.names()[0] == "s00000", "sorted by name")
        many.run("scrollTo(0, document.body.scrollHeight)")
        eventually(lambda: many.names()[-1] == "s09999", "the end of the table")
        assert len(many.names()) < 60
        page.browser.get("about:blank")
