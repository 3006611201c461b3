import socket
import threading
import time

import httpx
import pytest
from rich.console import Console

from stream.config import Settings
from stream.runtime import EXIT_FAILED, EXIT_OK, Service, _Rate
from stream.server import AddressError
from stream.transport.base import Output
from stream.warmup import warm_up


@pytest.fixture
def make(tmp_path):
    made = []

    def service(folder=tmp_path, **settings):
        base = {
            "transport": {"path": str(folder / "log.db")},
            "feeds": [{"name": "f", "horizons": ["1m"]}, {"name": "g"}],
            "commit": {"interval": "50ms"},
            "api": {"port": 0},
        }
        checked = Settings.model_validate({**base, **settings})
        warm_up(checked, Console(stderr=True))  # compiling may take longer than these tests wait
        made.append(Service(checked))
        return made[-1]

    yield service
    for one in made:
        one.stop()


def until(true, seconds=30):
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def event(i, series="a"):
    return Output("f", None, b'{"series":"%s","time":%d,"value":%d}' % (series.encode(), 1_600_000_000 + i, i % 5))


def test_events_become_results_stats_and_history(make):
    service = make()
    service.start()
    until(lambda: service.ready()[0])
    service.append([event(i) for i in range(30)] + [Output("f", None, b"nonsense")])
    until(lambda: service.stats()["events"] == 30 and service.history.count() == 1)
    stats = service.stats()
    assert stats["series"] == 1
    assert stats["rejected"] == {"not_json": 1}
    assert stats["events_per_second"] > 0
    assert stats["started_at"] == pytest.approx(time.time(), abs=120)
    until(lambda: len(service.history.rows("f", "a")) == 30)
    assert len(service.tail("f.results", 100)) == 30
    assert service.lag() == 0
    assert httpx.get(f"{service.address}/v1/stats").json()["events"] == 30
    assert httpx.get(f"{service.address}/readyz").status_code == 200
    assert b'liquidstream_events_total{feed="f"} 30.0' in httpx.get(f"{service.address}/metrics").content
    assert service.stop() == EXIT_OK
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{service.address}/healthz")


def test_a_restart_shows_what_was_there_before(make):
    first = make()
    first.start()
    first.append([event(i) for i in range(30)])
    until(lambda: first.stats()["events"] == 30)
    rows = first.history.rows
    until(lambda: len(rows("f", "a")) == 30)
    first.stop()
    second = make()
    second.start()
    until(lambda: second.ready()[0])
    assert repr(second.history.rows("f", "a").tolist()) == repr(rows("f", "a").tolist())  # nan is not nan
    second.append([event(30)])
    until(lambda: len(second.history.rows("f", "a")) == 31)
    assert second.engines["f"].describe("a")["events"] == 31


def test_a_listener_gets_every_result_once(tmp_path):
    seen = []
    settings = {"transport": {"path": str(tmp_path / "log.db")}, "feeds": [{"name": "f"}], "api": {"enabled": False}}
    service = Service(Settings.model_validate({**settings, "commit": {"interval": "20ms"}}), seen.extend)
    service.start()
    for i in range(20):
        service.append([event(i)])
    until(lambda: sum(len(batch.ids) for batch in seen) == 20)
    assert service.stop() == EXIT_OK
    assert service.address is None


def test_sources_are_started_and_stopped(make):
    service = make(sources=[{"kind": "psutil", "feed": "f", "every": "50ms"}])
    service.start()
    until(lambda: service.stats()["series"] > 1)
    assert service.stop() == EXIT_OK
    assert not any(thread.name.startswith("bridge") for thread in threading.enumerate())


def test_a_worker_that_cannot_start_ends_the_service(make):
    first, second = make(), make()
    first.start()
    until(lambda: first.ready()[0])
    second.start()
    assert second.wait(30)
    assert second.failure.startswith("worker: another worker")
    assert second.stop() == EXIT_FAILED
    assert first.ready()[0]


def test_a_worker_that_dies_ends_the_service(make, monkeypatch):
    service = make()
    service.start()
    until(lambda: service.ready()[0])
    monkeypatch.setattr("stream.failures.LONGEST_PAUSE", 0.0)
    monkeypatch.setattr(service.engines["f"], "step", lambda batch: 1 / 0)
    service.append([event(1)])
    assert service.wait(30)
    assert service.failure.startswith("worker: failed 5 times at f/0 after offset 0")
    assert service.stop() == EXIT_FAILED


def test_a_source_that_fails_ends_the_service(make, tmp_path):
    service = make(sources=[{"kind": "replay", "feed": "f", "files": [str(tmp_path / "missing.csv")]}])
    service.start()
    assert service.wait(30)
    assert service.failure.startswith("source replay/f")
    assert "missing.csv" in service.failure
    assert service.stop() == EXIT_FAILED


def test_a_part_that_ends_by_itself_ends_the_service(make):
    service = make()
    service.start()
    service._api.stop()
    assert service.wait(30)
    assert service.failure == "api: ended by itself"


def test_a_taken_port(make):
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        sock.listen()
        port = sock.getsockname()[1]
        with pytest.raises(AddressError):
            make(api={"port": port}).start()
        other = make(api={"port": port, "next_free_port": True})
        other.start()
        assert other.address != f"http://127.0.0.1:{port}"


def test_run_ends_when_asked(make):
    service = make()
    threading.Timer(0.5, service.end).start()
    assert service.run() == EXIT_OK


def test_the_rate_forgets_after_a_while(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("stream.runtime.time.monotonic", lambda: now[0])
    rate = _Rate()
    for _ in range(20):
        now[0] += 1
        rate.add(50)
    assert rate.per_second() == pytest.approx(50, rel=0.2)
    now[0] += 30
    assert rate.per_second() == 0
    assert rate.total == 1000
