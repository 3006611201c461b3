import json
import socket
import threading
import time
from contextlib import ExitStack, suppress
from urllib.parse import urlsplit

import httpx
import pytest

from stream.api import live
from stream.runtime import Service
from tests.stream.api.conftest import START, eventually, start


class Stream:
    """A client of /v1/stream that reads in a thread until it is closed."""

    def __init__(self, running, **params):
        self.events = []
        self.ended = threading.Event()
        self._client = httpx.Client(base_url=running.client.base_url, timeout=30)
        request = self._client.build_request("GET", "/v1/stream", params=params)
        self._answer = self._client.send(request, stream=True)
        self.content_type = self._answer.headers["content-type"]
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with suppress(OSError):  # the other side may have closed it
            self._answer.extensions["network_stream"].get_extra_info("socket").shutdown(socket.SHUT_RDWR)
        self._thread.join(30)
        self._client.close()

    def _read(self):
        name = ""
        with suppress(httpx.TransportError):
            for line in self._answer.iter_lines():
                kind, _, text = line.partition(": ")
                if kind == "event":
                    name = text
                elif kind == "data":
                    self.events.append((name, json.loads(text)))
        self.ended.set()

    def all(self, name):
        return [data for event, data in list(self.events) if event == name]

    def items(self):
        return [(data["feed"], item) for data in self.all("result") for item in data["items"]]


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """A service of its own, since its streams are seen by every test that posts."""
    with start(tmp_path_factory.mktemp("live")) as one:
        yield one


def watchers(running):
    return len(running.service._api._server.config.app.state.live)


def post(running, series, count, feed="spare", first=0):
    events = [{"series": series, "time": START + 60 * (first + i), "value": (first + i) % 7} for i in range(count)]
    assert running.post(events, feed).status_code == 202


def test_results_and_statistics_come_as_they_are_made(running):
    with Stream(running) as stream:
        post(running, "all", 3)
        last = eventually(lambda: [one for one in stream.items() if one[1]["time"] == START + 120])
        eventually(lambda: len(stream.all("stats")) >= 2)
    ((feed, item),) = last
    assert feed == "spare"
    assert set(item) == {
        "series", "time", "value", "expected", "lower50", "upper50", "lower80", "upper80", "lower", "upper", "score",
        "gap", "severity", "state", "events",
    }  # fmt: skip
    assert (item["value"], item["gap"], item["severity"], item["state"], item["events"]) == (
        2,
        60,
        "none",
        "learning",
        3,
    )
    assert stream.all("stats")[0]["started_at"] == running.service.started_at
    assert stream.content_type.startswith("text/event-stream")


def test_one_series_gets_every_result_and_nothing_else(running):
    with Stream(running, series="only", feed="spare") as stream:
        post(running, "other", 5)
        post(running, "only", 300)
        post(running, "only", 3, feed="flights")
        eventually(lambda: len(stream.items()) == 300)
    assert [item["time"] for _, item in stream.items()] == [START + 60 * i for i in range(300)]
    assert {(feed, item["series"]) for feed, item in stream.items()} == {("spare", "only")}


def test_an_alert_is_told_when_it_opens(running):
    with Stream(running, series="alerting") as stream, Stream(running, series="quiet") as other:
        post(running, "alerting", 600)
        running.post({"series": "alerting", "time": START + 60 * 600, "value": 500}, "spare")
        (alert, *_) = eventually(lambda: stream.all("alert"))
    assert alert == running.get("/v1/alerts", series="alerting")["alerts"][0]
    assert not other.all("alert")


def test_a_closed_connection_is_forgotten(running):
    with Stream(running):
        eventually(lambda: watchers(running) == 1)
    eventually(lambda: watchers(running) == 0)


def test_a_client_that_does_not_read_is_cut_off(running, monkeypatch):
    """Its messages would be kept in memory otherwise."""
    monkeypatch.setattr(live, "EVERY", 0.001)
    monkeypatch.setattr(live, "STATS_EVERY", 0.0)
    monkeypatch.setattr(Service, "stats", lambda self: {"filling": "x" * 200_000})
    address = urlsplit(str(running.client.base_url))
    with socket.create_connection((address.hostname, address.port)) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.sendall(b"GET /v1/stream HTTP/1.1\r\nhost: x\r\n\r\n")
        eventually(lambda: watchers(running) == 1)
        eventually(lambda: watchers(running) == 0)


def test_a_broken_statistic_does_not_end_the_streams(running, monkeypatch):
    failed = []
    with Stream(running) as stream:
        with monkeypatch.context() as patch:
            patch.setattr(Service, "stats", lambda self: failed.append(self) or {}["defect"])
            eventually(lambda: failed)
        seen = len(stream.all("stats"))
        eventually(lambda: len(stream.all("stats")) > seen)


def test_too_many_streams_are_refused(running, monkeypatch):
    monkeypatch.setattr("stream.api.watch.MOST_WATCHERS", 0)
    assert running.refused(503, "/v1/stream")["title"] == "Too many streams"


def test_an_unknown_feed_is_refused(running):
    running.refused(404, "/v1/stream?feed=none")


def test_a_quiet_stream_has_a_heartbeat(running, monkeypatch):
    monkeypatch.setattr("stream.api.watch.HEARTBEAT", 0.05)
    with httpx.stream("GET", f"{running.service.address}/v1/stream?series=none", timeout=30) as answer:
        assert next(line for line in answer.iter_lines() if line.startswith(":")) == ": nothing new"


def test_open_streams_do_not_hold_up_the_end(tmp_path):
    with start(tmp_path) as running, ExitStack() as streams:
        opened = [streams.enter_context(Stream(running)) for _ in range(3)]
        started = time.monotonic()
        running.service.end()
        assert running.service.stop() == 0
        assert time.monotonic() - started < 10
        assert all(stream.ended.wait(10) for stream in opened)
