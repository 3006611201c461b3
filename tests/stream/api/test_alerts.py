from tests.stream.api.conftest import SPIKED, START


def test_an_alert_says_when_how_bad_and_why(running):
    (alert,) = running.get("/v1/alerts", feed="flights", open=True)["alerts"]
    assert (alert["series"], alert["feed"], alert["state"], alert["end"]) == (SPIKED, "flights", "open", None)
    assert (alert["begin"], alert["value"], alert["direction"]) == (START + 60 * 560, 900, "above")
    assert alert["peak"] >= 1
    assert alert["severity"] in ("warning", "minor", "major", "critical")
    assert abs(sum(alert["shares"].values()) - 1) < 0.01
    assert alert["why"].startswith("900 min, expected ")
    assert alert["notified"] == alert["begin"]  # so strong that it is told of at once


def test_the_filters(running):
    assert running.get("/v1/alerts", series=SPIKED)["total"] == 1
    assert running.get("/v1/alerts", series="none") == {"alerts": [], "total": 0, "next": None}
    assert running.get("/v1/alerts", series=SPIKED, notified=True)["total"] == 1
    assert running.get("/v1/alerts", series=SPIKED, notified=False)["total"] == 0
    assert running.get("/v1/alerts", feed="machines")["total"] == 0
    assert running.get("/v1/alerts", feed="flights", open=False)["total"] == 0
    assert running.get("/v1/alerts", feed="flights", cursor="1")["alerts"] == []
    assert running.refused(404, "/v1/alerts?feed=none")["title"] == "Unknown feed"
    assert running.refused(422, "/v1/alerts?open=perhaps")["errors"][0]["where"] == "query.open"
