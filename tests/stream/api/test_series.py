import time

import pytest

from tests.stream.api.conftest import BOTH, CALM, FEEDS, SPIKED, START, eventually, wave


def path(series):
    return f"/v1/series/{series.replace('/', '%2F').replace(' ', '%20')}"


def test_the_list_is_worst_first_with_the_open_alert(running):
    page = running.get("/v1/series", feed="flights")
    assert page["series"][0]["id"] == SPIKED
    worst = page["series"][0]
    assert worst["open_alert"]["state"] == "open"
    assert worst["open_alert"]["series"] == SPIKED
    assert (worst["events"], worst["state"], worst["feed"]) == (620, "ready", "flights")
    assert worst["sparkline"] == [[START + 60 * i, wave(i)] for i in range(560, 620)]
    assert worst["lower"] < worst["expected"] < worst["upper"]
    assert worst["unit_seconds"] == pytest.approx(60, rel=0.05)
    assert page["next"] is None


def test_a_learning_series_says_how_far_it_is(running):
    (calm,) = running.get("/v1/series", search=CALM)["series"]
    assert (calm["events"], calm["state"], calm["open_alert"]) == (40, "learning", None)
    assert calm["ready_after"] > 40


def test_a_first_event_had_no_expectation(running):
    (first,) = running.get("/v1/series", feed="spare", search=BOTH)["series"]
    assert (first["value"], first["expected"], first["lower"]) == (2.0, None, None)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"feed": "machines"}, ["a:cpu", "b:cpu", "b:memory"]),
        ({"feed": "machines", "search": "CPU"}, ["a:cpu", "b:cpu"]),
        ({"search": "*aa*"}, [SPIKED]),
        ({"feed": "flights", "state": "ready"}, [SPIKED]),
        ({"search": "\ud7ff nothing"}, []),
        ({"feed": "machines", "search": "b:*", "state": "learning", "sort": "time"}, ["b:cpu", "b:memory"]),
    ],
)
def test_filters(running, query, found):
    page = running.get("/v1/series", **query)
    assert sorted(series["id"] for series in page["series"]) == found
    assert page["total"] == len(found)


def test_pages_cover_the_list_once(running):
    first = running.get("/v1/series", feed="machines", sort="name", limit=2)
    second = running.get("/v1/series", feed="machines", sort="name", limit=2, cursor=first["next"])
    assert [series["id"] for series in first["series"] + second["series"]] == ["a:cpu", "b:cpu", "b:memory"]
    assert (first["total"], second["total"], second["next"]) == (3, 3, None)


def test_one_series_with_facts_and_coverage(running):
    one = running.get(path(SPIKED))
    assert (one["label"], one["unit"], one["horizons"]) == ("Departure delay", "min", ["1h", "1d"])
    assert one["gap"] == 60
    assert one["bytes"] > 1000
    assert one["lower"] <= one["lower80"] < one["lower50"] < one["upper50"] < one["upper80"] <= one["upper"]
    assert set(one["coverage"]) == {"0.5", "0.8", "0.95"}
    columns = running.get(f"{path(SPIKED)}/scores")
    for level, low, high in (("0.5", "lower50", "upper50"), ("0.8", "lower80", "upper80"), ("0.95", "lower", "upper")):
        rows = [row for row in zip(columns["value"], columns[low], columns[high], strict=True) if row[1] is not None]
        inside = sum(low <= value <= high for value, low, high in rows)
        assert one["coverage"][level] == {"promised": float(level), "real": inside / len(rows), "n": len(rows)}


def test_what_intervals_really_held_is_a_field(running):
    held = running.get(path(SPIKED))["held"]
    assert {(one["horizon"], one["window"], one["level"]) for one in held} == {
        (h, w, level) for h in (None, "1h", "1d") for w in ("day", "week", "month") for level in (0.5, 0.8, 0.95)
    }
    by = {(one["horizon"], one["window"], one["level"]): one for one in held}
    assert by[None, "day", 0.8]["n"] == 617  # 620 events in as many minutes, the first three have no interval
    assert by["1h", "day", 0.8]["n"] > 60
    assert by["1d", "month", 0.8] == {"horizon": "1d", "window": "month", "level": 0.8, "share": None, "n": 0}
    for horizon in (None, "1h"):
        shares = [by[horizon, "week", level]["share"] for level in (0.5, 0.8, 0.95)]
        assert 0 < shares[0] < shares[1] < shares[2] <= 1
    (ahead,) = running.get(f"{path(SPIKED)}/forecast", horizon="1h", level=[0.8, 0.9])["forecasts"]
    assert ahead["intervals"][0]["held"]["week"] == by["1h", "week", 0.8]["share"]
    assert ahead["intervals"][1]["held"] is None


def test_an_id_may_be_sent_with_its_slashes(running):
    assert running.get("/v1/series/JFK/AA 1")["id"] == SPIKED


@pytest.mark.parametrize("series", ["a/forecast", "a/scores", "ü/ö é%2F%", "%", "a?b#c", " ", "..", "a//b", "🙂"])
def test_any_id_can_be_asked_for(running, series):
    running.post([{"series": series, "time": START + i, "value": i} for i in range(4)], "spare")
    eventually(lambda: len(running.service.history.rows("spare", series)) == 4)
    encoded = "".join(f"%{byte:02X}" for byte in series.encode())
    assert running.get(f"/v1/series/{encoded}")["id"] == series
    assert running.get(f"/v1/series/{encoded}/scores")["value"] == [0, 1, 2, 3]
    assert running.get(f"/v1/series/{encoded}/forecast")["series"] == series


def test_a_series_of_two_feeds_needs_the_feed(running):
    problem = running.refused(409, f"/v1/series/{BOTH}")
    assert problem["feeds"] == ["flights", "spare"]
    assert running.get(f"/v1/series/{BOTH}", feed="flights")["value"] == 1
    assert running.get(f"/v1/series/{BOTH}", feed="spare")["value"] == 2


@pytest.mark.parametrize("tail", ["none", "", "none/forecast", "%FF/scores"])
def test_unknown_series(running, tail):
    problem = running.refused(404, f"/v1/series/{tail}")
    assert problem["title"] == "Unknown series"
    assert "/v1/series?search=" in problem["detail"]


def test_a_series_of_another_feed_is_unknown(running):
    assert "in feed 'spare'" in running.refused(404, path(SPIKED) + "?feed=spare")["detail"]


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=1001", "limit=x", "cursor=x", "cursor=-1", "cursor=1e3", "cursor=", "sort=best", "state=new",
     "severity=high", "search=" + "x" * 201],
)  # fmt: skip
def test_bad_parameters_are_named(running, query):
    (mistake,) = running.refused(422, f"/v1/series?{query}")["errors"]
    assert mistake["where"] == f"query.{query.split('=')[0]}"
    assert not mistake["message"].startswith("Value error")


def test_an_unknown_feed_is_named_with_the_known_ones(running):
    assert running.refused(404, "/v1/series?feed=none")["feeds"] == FEEDS


def test_a_page_comes_quickly(running):
    started = time.perf_counter()
    running.get("/v1/series", limit=1000)
    assert time.perf_counter() - started < 1.0  # about 5 ms; the bound allows for a busy machine
