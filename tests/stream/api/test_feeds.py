def test_the_feeds_as_configured(running):
    flights, machines, _, spare, _ = running.get("/v1/feeds")["feeds"]
    assert flights == {
        "name": "flights", "label": "Departure delay", "unit": "min", "joint": False, "topics": ["flights"],
        "format": "json", "horizons": ["1h", "1d"], "series": 3, "open_alerts": 1,
    }  # fmt: skip
    assert (machines["name"], machines["horizons"], machines["series"]) == ("machines", ["5m", "1h"], 3)
    assert (spare["name"], spare["label"], spare["unit"]) == ("spare", None, None)


def test_statistics(running):
    stats = running.get("/v1/stats")
    assert stats["events"] >= 620
    assert stats["open_alerts"] >= 1
    assert stats["series"] >= 7
    assert {"events_per_second", "lag", "rejected", "started_at"} <= set(stats)
