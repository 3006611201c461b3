"""The dashboard's modules that only compute, each line evaluated in a real browser."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver import Chrome

from stream.web import ROOT
from tests import web_server

pytestmark = pytest.mark.browser

GAP = "m.aligned(new m.Points({time: [...Array(40).keys(), 99, 100]}), [{time: 50}, {time: 101, mean: 7}])"
INSIDE = (
    "{time: [1, 2], value: [5, 50], lower: [0, 0], upper: [10, 10], lower80: [6, 0], upper80: [9, 9], "
    "lower50: [4, null], upper50: [6, null]}"
)
FORECAST = "{origin: 9, value: 1, forecasts: [{time: 12, mean: 2, intervals: [{level: 0.8, lower: 0, upper: 4}]}]}"
LINK = "#/series/a/JFK%2FAA%201?span=60"
COUNTS = """m.feedCounts(m.samples('# HELP x\\nliquidstream_events_total{feed="a"} 3.0\\n'), {name: 'a', topics: []})"""

#: module -> (expression, value)
EXPECTED: dict[str, list[tuple[str, Any]]] = {
    "words": [
        ("m.number(41.27, 16)", "41"),
        ("m.number(-0.001, 1)", "0"),
        ("m.number(0, 1e-9)", "0"),
        ("m.number(7.1e-8)", "7.1·10⁻⁸"),
        ("m.number(-1.23456e-10, 2e-12)", "−1.235·10⁻¹⁰"),
        ("m.number(7.1e-8, 0.001)", "0"),
        ("m.number(0.25, 1e-9)", "0.2500"),
        ("m.number(458295, 392000)", "458 k"),
        ("m.number(101325, 50)", "101,325"),
        ("m.number(null)", "–"),
        ("m.number(10, 0.0004)", "10.000"),
        ("m.number(77.25)", "77.25"),
        ("m.number(2)", "2"),
        ("m.number(12345678)", "12.35 M"),
        ("m.quantity(8.7e6, 'B/s', 2e6)", "8.7 MB/s"),
        ("m.interval(6.1, 22.3, 'min')", "6 to 22 min"),
        ("m.comparison({value: 41, lower: 6.1, upper: 22.3}, 'min').against", "above 6 to 22"),
        ("m.comparison({value: 41, lower: null, upper: null}).against", "no expectation yet"),
        (
            "m.comparison({value: 0, lower: 0, upper: 7.1e-8}, '%', 0)",
            {"where": "within", "actual": "0 %", "against": "within 0"},
        ),
        ("m.comparison({value: 0, lower: 0, upper: 7.1e-8}, '%', 20).against", "within 0"),
        ("m.comparison({value: 2e-9, lower: 0, upper: 7.1e-8}, 'F', 9e-8).against", "within 0 to 7.1·10⁻⁸"),
        (
            "m.comparison({value: 16.6667, lower: 0, upper: 7.1e-8}, '%', 20)",
            {"where": "above", "actual": "16.67 %", "against": "above 0"},
        ),
        (
            "m.comparison({value: 100, lower: 99.9999, upper: 99.99999}, '%', 100)",
            {"where": "above", "actual": "100 %", "against": "above 100.00"},
        ),
        ("m.comparison({value: 41, lower: 40.8, upper: 41.2}, 'min', 50).actual", "41 min"),
        ("m.precision({value: 5, lower: 4, upper: 6}, 100)", 2),
        ("m.precision({value: 5, lower: null, upper: null}, 100)", 0),
        ("m.precision({value: 0, lower: 0, upper: 1e-9})", 1e-9),
        ("m.scaleOf([1, null, -7])", 7),
        ("m.score(0.9999)", "0.99"),
        ("m.state({time: 0, unit_seconds: 60, state: 'ready'}, 11400).text", "silent 3 h 10 min"),
        ("m.state({time: 0, state: 'learning', events: 212, ready_after: 500}, 5).text", "learning 212/500"),
        ("m.rate(2631.74)", "2,632"),
        ("m.rate(0.4249)", "0.425"),
    ],
    "time": [
        ("m.duration(11400)", "3 h 10 min"),
        ("m.duration(86399)", "1 d"),
        ("m.duration(0.25)", "250 ms"),
        ("m.duration(5.5 * 86400)", "5 d 12 h"),
        ("m.seconds('1h30m')", 5400),
        ("m.ago(100, 280)", "3 min ago"),
        ("m.stamp(1360353603)", "8 Feb 2013, 20:00:03 UTC"),
        ("m.stamp(1360353603, 1360353700)", "20:00:03 UTC"),
        ("m.stamp(1360353603, 1370353700, false)", "8 Feb, 20:00 UTC"),
        ("m.feedClock(1360353603, 1790000000)", {"now": 1360353603, "replayed": True}),
        ("m.feedClock(1789996400, 1790000000)", {"now": 1790000000, "replayed": False}),
        ("m.feedClock(undefined, 1790000000)", {"now": 1790000000, "replayed": False}),
    ],
    "route": [
        (f"m.parse('{LINK}')", {"page": "series", "feed": "a", "series": "JFK/AA 1", "query": {"span": "60"}}),
        (f"m.format(m.parse('{LINK}'))", LINK),
        ("m.parse('#/nowhere').page", "overview"),
        ("m.parse('#/series/%E0%A4/x').feed", "%E0%A4"),
        ("m.format({page: 'alerts', query: {open: 'true', feed: ''}})", "#/alerts?open=true"),
    ],
    "chartdata": [
        (f"{GAP}.source.slice(38)", [38, 39, None, 40, 41, {"time": 101, "mean": 7}]),
        (f"{GAP}.main[0].slice(38)", [38, 39, 69, 99, 100, 101]),
        ("m.aligned(new m.Points({time: [5, 4, 6]}), []).main[0]", [5, 5, 6]),
        (f"m.coverage(new m.Points({INSIDE}))", {"n": 2, "inside": {"0.5": 1, "0.8": 0, "0.95": 0.5}}),
        (f"m.coverage(new m.Points({INSIDE}), 2).n", 1),
        (f"m.fanOf({FORECAST}).map((at) => [at.time, at.lower80])", [[9, 1], [12, 0]]),
        (f"m.aligned(new m.Points(), m.fanOf({FORECAST})).main[m.CHART.indexOf('fanUpper80')]", [1, 4]),
        ("m.BANDS.map(({ name }) => name)", ["95", "80", "50"]),
        ("m.fanOf(null)", []),
    ],
    "spans": [
        ("m.spans(30 * 86400, 1800)", [86400, 259200, 604800]),
        ("m.firstSpan([86400, 259200, 604800], 86400)", 259200),
        ("m.firstSpan([], 86400)", None),
        ("m.fanHorizons(86400).length", 24),
        ("m.zoomed([0, 100], 0.5)", [25, 75]),
    ],
    "metrics": [(COUNTS, {"events": 3, "waiting": 0, "rejected": {}})],
}


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    handler = partial(_Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    with web_server.chromium(tmp_path_factory.mktemp("profile")) as browser:
        yield browser


@pytest.fixture(scope="module")
def browser(chromium: Chrome) -> Iterator[Chrome]:
    with served(ROOT) as address:
        chromium.get(f"{address}/favicon.svg")
        yield chromium


@pytest.mark.parametrize("module", EXPECTED)
def test_modules(browser, module):
    """Each expression is evaluated with the module as `m`."""
    names = ", ".join(f"() => {expression}" for expression, _ in EXPECTED[module])
    script = f"const done = arguments[0]; import('/js/{module}.js').then((m) => done([{names}].map((f) => f())), done)"
    found = browser.execute_async_script(script)
    assert dict(zip((e for e, _ in EXPECTED[module]), found, strict=True)) == dict(EXPECTED[module])


def test_without_its_libraries_the_page_says_how_to_get_them(chromium, tmp_path):
    shutil.copytree(ROOT, tmp_path / "web", ignore=shutil.ignore_patterns("vendor"))
    with served(tmp_path / "web") as address:
        chromium.get(address)
        web_server.eventually(lambda: "python -m stream.web.fetch" in page_text(chromium), "what to do", 10)


def page_text(browser: Chrome) -> str:
    text: str = browser.execute_script("return document.body.innerText")
    return text
