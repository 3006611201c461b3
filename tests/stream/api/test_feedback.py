import pytest

from tests.stream.api.conftest import START, eventually, start, wave

N = 620


@pytest.fixture
def own(tmp_path):
    """A service whose two series of feed `flights` alerted."""
    with start(tmp_path) as running:
        minutes = [(name, i) for i in range(N) for name in ("LGA.1", "LGA.2")]
        running.post([{"series": name, "time": START + 60 * i, "value": wave(i)} for name, i in minutes])
        eventually(lambda: running.get("/v1/stats")["events"] == 2 * N)
        eventually(lambda: running.get("/v1/alerts")["total"] == 2)
        yield running


def say(running, **said):
    answer = running.client.post("/v1/feedback", json=said)
    assert answer.status_code == 202, answer.text
    return answer.json()


def heard(running, count, **query):
    return eventually(lambda: (found := running.get("/v1/feedback", **query))["total"] == count and found)["feedback"]


def test_what_is_said_moves_the_line_is_listed_and_survives_a_restart(own, tmp_path):
    (alert,) = own.get("/v1/alerts", series="LGA.1")["alerts"]
    assert alert["feedback"] is None
    said = say(own, mark="useless", alert=alert["id"], who="ana", note="planned")
    assert said == {"feed": "flights", "series": "LGA.1", "partitions": ["flights/0"]}
    (entry,) = heard(own, 1)
    assert (entry["series"], entry["alert"], entry["who"], entry["note"]) == ("LGA.1", alert["id"], "ana", "planned")
    assert (entry["event"], entry["before"], entry["time"]) == (N, {}, alert["begin"])
    loudest = max(alert["shares"], key=alert["shares"].get)
    assert entry["after"][loudest] == max(entry["after"].values()) == 1.1
    assert own.get("/v1/alerts", series="LGA.1")["alerts"][0]["feedback"] == "useless"
    own.post({"series": "LGA.1", "time": START + 60 * N, "value": 11})
    eventually(lambda: own.get("/v1/explain", series="LGA.1")["time"] == START + 60 * N)
    assert own.get("/v1/explain", series="LGA.1")["line"]["feedback"][loudest] == pytest.approx(1.1, abs=1e-3)
    own.service.stop()
    with start(tmp_path) as again:
        assert heard(again, 1) == [entry]
        assert again.get("/v1/alerts", series="LGA.1")["alerts"][0]["feedback"] == "useless"
        say(again, mark="useful", alert=alert["id"])
        newest, _ = heard(again, 2)
        assert newest["before"][loudest] == pytest.approx(1.1, abs=1e-3)
        assert newest["after"][loudest] == pytest.approx(1.05, abs=1e-3)


def test_a_pattern_reaches_all_series_that_match(own):
    (alert,) = own.get("/v1/alerts", series="LGA.2")["alerts"]
    say(own, mark="useless", alert=alert["id"], match="LGA.*")
    other, one = sorted(heard(own, 2), key=lambda said: said["series"])
    assert (one["series"], other["series"]) == ("LGA.2", "LGA.1")
    assert one["pattern"] == other["pattern"] == "LGA.*"
    loudest = max(one["after"], key=one["after"].get)
    assert one["after"][loudest] == pytest.approx(1.1, abs=1e-3)
    assert other["after"][loudest] == pytest.approx(1.03, abs=1e-3)
    assert [entry["series"] for entry in heard(own, 1, series="LGA.2")] == ["LGA.2"]
    assert own.get("/v1/feedback", limit=1)["next"] == "1"


def test_what_was_missed_lowers_the_line_of_the_evidence_of_the_moment(own):
    say(own, mark="missed", series="LGA.1", time=START + 60 * 600)
    (entry,) = heard(own, 1)
    assert entry["alert"] is None
    assert min(entry["after"].values()) == 0.95
    assert all(0.95 <= factor < 1 for factor in entry["after"].values())


def test_what_cannot_be_said(own):
    (alert,) = own.get("/v1/alerts", series="LGA.1")["alerts"]

    def refused(status, **said):
        return own.refused(status, "/v1/feedback", "POST", json=said)

    assert refused(422, mark="good", alert="x")["errors"][0]["where"] == "body.mark"
    assert refused(422, mark="useful")["errors"][0]["where"] == "body.alert"
    assert refused(404, mark="useful", alert="x")["title"] == "Unknown alert"
    assert refused(422, mark="missed", alert=alert["id"])["errors"][0]["where"] == "body.alert"
    assert refused(422, mark="missed", time=5)["errors"][0]["where"] == "body.series"
    assert refused(422, mark="missed", series="LGA.1")["errors"][0]["where"] == "body.time"
    assert refused(422, mark="missed", series="LGA.1", time="soon")["errors"][0]["where"] == "body.time"
    assert refused(404, mark="missed", series="none", time=5)["title"] == "Unknown series"
    assert refused(503, mark="useless", alert=alert["id"], match="nothing*")["title"] == "Not ready"
    assert refused(422, mark="useful", alert=alert["id"], whom="me")["errors"][0]["where"] == "body.whom"
    say(own, mark="useful", alert=alert["id"])
    heard(own, 1)
    assert refused(409, mark="useful", alert=alert["id"])["title"] == "Already said"
    assert own.client.post("/v1/feedback", content="{}", headers={"content-type": "text/plain"}).status_code == 422
