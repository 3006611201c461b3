import pytest

from stream.runtime import Service
from stream.transport.base import TransportError
from tests.stream.api.conftest import START

EVENT = {"series": "x", "time": START, "value": 1}


@pytest.mark.parametrize("path", ["/nothing", "/v1/nothing", "/v1", "/v1/", "/docs", "/%2e%2e/setup.cfg"])
def test_nothing_there(running, path):
    assert "/openapi.json" in running.refused(404, path)["detail"]


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/v1/events"), ("DELETE", "/v1/series"), ("POST", "/v1/series/x"), ("PUT", "/healthz"), ("POST", "/")],
)
def test_a_method_that_is_not_possible(running, method, path):
    assert method in running.refused(405, path, method)["detail"]


def test_which_methods_are_possible_is_said(running):
    assert running.client.get("/v1/events").headers["allow"] == "POST"


def test_a_defect_is_told_without_its_insides(running, monkeypatch, capsys):
    def defect(self):
        raise RuntimeError("secret insides")

    monkeypatch.setattr(Service, "stats", defect)
    problem = running.refused(500, "/v1/stats")
    assert problem["title"] == "Internal error"
    assert "secret" not in str(problem)
    assert "Traceback" not in str(problem)
    assert running.client.get("/v1/stats").headers["x-content-type-options"] == "nosniff"
    logged = "".join(capsys.readouterr())
    assert "secret insides" in logged
    assert "/v1/stats" in logged


def test_a_log_that_cannot_be_written_is_503_with_when_to_retry(running, monkeypatch):
    def broken(self, outputs):
        raise TransportError("disk is full")

    monkeypatch.setattr(Service, "append", broken)
    problem = running.refused(503, "/v1/events?feed=spare", "POST", json=EVENT)
    assert "disk is full" in problem["detail"]
    assert running.post(EVENT, "spare").headers["retry-after"] == "2"
