import pytest
from prometheus_client.parser import text_string_to_metric_families

from stream.runtime import Service
from tests.stream.api.conftest import settings


def test_alive_and_ready(running):
    assert running.get("/healthz") == {"status": "alive"}
    assert running.get("/readyz") == {"status": "ready"}


def test_metrics_can_be_scraped(running):
    answer = running.client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    samples = [sample for family in text_string_to_metric_families(answer.text) for sample in family.samples]
    assert max(sample.value for sample in samples if "records" in sample.name or "events" in sample.name) >= 620


def test_not_ready_is_503_with_the_reason_and_when_to_retry(running, monkeypatch):
    monkeypatch.setattr(Service, "ready", lambda self: (False, "restoring flights/0"))
    answer = running.client.get("/readyz")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert running.refused(503, "/readyz")["detail"] == "restoring flights/0"
    assert "restoring flights/0" in running.refused(503, "/v1/series/none")["detail"]
    assert running.get("/healthz") == {"status": "alive"}


def test_before_the_start_nothing_is_ready(tmp_path):
    ready, why = Service(settings(tmp_path)).ready()
    assert not ready
    assert why


@pytest.mark.parametrize("path", ["/healthz", "/v1/series", "/nothing", "/", "/metrics"])
def test_every_answer_has_the_security_headers(running, path):
    headers = running.client.get(path).headers
    assert "default-src 'self'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert "access-control-allow-origin" not in headers
