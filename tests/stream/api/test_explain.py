import pytest

from tests.stream.api.conftest import BOTH, CALM, SPIKED, START

SPIKE = START + 60 * 560


def test_an_alert_is_explained_from_the_very_state_that_met_it(running):
    found = running.get("/v1/explain", series=SPIKED, time=SPIKE)
    (alert,) = running.get("/v1/alerts", series=SPIKED)["alerts"]
    assert (found["time"], found["value"], found["alerts"], found["exact"]) == (SPIKE, 900, True, True)
    assert found["alert"]["id"] == alert["id"]
    assert found["shares"] == pytest.approx(alert["shares"], abs=1e-3)
    assert found["why"] == alert["why"]
    assert found["learned_from"] == 560
    assert (found["events"], found["state"], found["direction"], found["field"]) == (561, "ready", "above", None)
    assert found["expected"] < found["otherwise"]["quiet_at"] < 900
    assert found["otherwise"]["alerts_above"] is None
    assert found["interval"]["half"] == pytest.approx((found["upper"] - found["lower"]) / 2)
    assert found["similar"] == []
    assert found["text"][0] == alert["why"] + "."
    assert any(text.startswith("It would not have alerted below ") for text in found["text"])


def test_the_newest_event_says_what_keeps_the_series_quiet(running):
    found = running.get("/v1/explain", series=CALM)
    assert (found["time"], found["alerts"], found["exact"]) == (START + 3600 * 39, False, True)
    assert found["quiet"][0].startswith("The series is learning: 40 of 500 events")
    assert found["line"]["young"] > 1.5
    after = running.get("/v1/explain", series=SPIKED)
    raised = next(text for text in after["quiet"] if text.startswith("Recent alerts raise the line by "))
    assert 15 <= int(raised.split()[-2]) <= 50
    assert after["alert"]["begin"] == SPIKE  # which is still open


def test_the_last_event_before_a_time(running):
    assert running.get("/v1/explain", series=SPIKED, time=SPIKE + 59)["time"] == SPIKE
    assert running.get("/v1/explain", series=SPIKED, time="2013-02-04T17:46:40Z")["time"] == START


def test_a_first_event_has_nothing_to_compare_with(running):
    found = running.get("/v1/explain", series=BOTH, feed="spare")
    assert (found["interval"], found["otherwise"], found["shares"]) == (None, None, {})


def test_the_field_is_named(running):
    assert running.get("/v1/explain", series="a:cpu", feed="machines")["field"] == "cpu"


def test_what_is_not_there(running):
    assert running.refused(404, "/v1/explain?series=none")["title"] == "Unknown series"
    assert running.refused(404, f"/v1/explain?series={BOTH}&feed=flights&time=5")["title"] == "No result"
    assert running.refused(409, f"/v1/explain?series={BOTH}")["feeds"] == ["flights", "spare"]
    assert running.refused(422, "/v1/explain")["errors"][0]["where"] == "query.series"
    assert running.refused(422, f"/v1/explain?series={BOTH}&time=soon")["errors"][0]["where"] == "query.time"
