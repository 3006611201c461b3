import math
import threading
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liquid.results import EVIDENCE, READY, result_dtype
from stream.catalogue import Filter
from stream.events import AlertRecord
from stream.history import SPARKLINE_POINTS, History

DTYPE = result_dtype(2)


def results(times, values=None, **columns):
    out = np.zeros(len(times), DTYPE)
    out["time"] = times
    out["value"] = times if values is None else values
    for name, column in columns.items():
        out[name] = column
    return out


def change(series, kind, begin, time=None, peak=1.5, severity="warning", direction="above", why="high", notify=False):
    return AlertRecord(
        series=series, change=kind, begin=begin, time=begin if time is None else time, peak=peak, peak_time=begin,
        severity=severity, direction=direction, value=3.0, expected=1.0, lower=0.0, upper=2.0,
        shares=dict.fromkeys(EVIDENCE, 0.0), why=why, notify=notify,
    )  # fmt: skip


def test_the_newest_rows_come_back_oldest_first():
    history = History(per_series=100)
    history.add("f", ["a", "b"] * 120, results(np.arange(240.0)))
    assert history.rows("f", "a")["time"].tolist() == list(np.arange(0.0, 240, 2)[-100:])
    assert history.rows("f", "b", limit=2)["value"].tolist() == [237, 239]
    assert history.rows("f", "b", since=230, until=234)["time"].tolist() == [231, 233]
    assert len(history.rows("f", "c")) == len(history.rows("g", "a")) == 0
    assert history.count() == history.count("f") == 2


def test_what_is_returned_is_a_copy():
    history = History()
    history.add("f", ["a"], results([1.0]))
    history.rows("f", "a")["value"] = 9
    history.select(Filter()).latest["value"] = 9
    assert history.rows("f", "a")["value"] == [1.0]
    assert history.select(Filter()).latest["value"] == [1.0]


def test_the_latest_of_a_series_is_its_last_in_the_batch():
    history = History()
    history.add("f", ["a", "b", "a"], results([1.0, 2.0, 3.0], events=[1, 1, 2]))
    page = history.select(Filter(sort="name"))
    assert page.names == [("f", "a"), ("f", "b")]
    assert page.latest["time"].tolist() == [3, 2]
    assert page.latest["events"].tolist() == [2, 1]
    assert page.times[0][page.real[0]].tolist() == [1, 3]
    assert page.real.shape == (2, SPARKLINE_POINTS)


def test_worst_first_is_open_alerts_then_severity_then_score():
    history = History()
    ids = ["calm", "high", "severe", "alerting", "unknown"]
    history.add(
        "f", ids, results(np.arange(5.0), score=[0.1, 0.99, 0.5, 0.2, math.nan], severity=[0, 0, 2, 0, 0]),
        [change("alerting", "opened", 3.0)],
    )  # fmt: skip
    page = history.select(Filter(sort="worst"))
    assert [name for _, name in page.names] == ["alerting", "severe", "high", "calm", "unknown"]
    assert [alert is not None for alert in page.alerts] == [True, False, False, False, False]


@pytest.mark.parametrize(
    ("filter", "found"),
    [
        (Filter(feed="g"), ["JFK.UA"]),
        (Filter(feed="none"), []),
        (Filter(series="JFK.AA"), ["JFK.AA"]),
        (Filter(series="JFK"), []),
        (Filter(search="jfk"), ["JFK.AA", "JFK.UA"]),
        (Filter(search="*aa"), ["EWR.AA", "JFK.AA"]),
        (Filter(search="jfk.?a"), ["JFK.AA", "JFK.UA"]),
        (Filter(search="[a-z]"), []),
        (Filter(state="ready"), ["EWR.AA"]),
        (Filter(severity="minor"), ["EWR.AA", "JFK.AA"]),
    ],
)
def test_filters(filter, found):
    history = History()
    history.add("f", ["EWR.AA", "JFK.AA"], results([1.0, 2.0], severity=[2, 3], state=[READY, 0]))
    history.add("g", ["JFK.UA"], results([1.0]))
    page = history.select(filter)
    assert sorted(name for _, name in page.names) == found
    assert page.total == len(found)


@given(st.lists(st.floats(), max_size=80), st.integers(0, 90), st.integers(0, 90))
def test_pages_are_slices_of_the_whole_order(scores, skip, limit):
    history = History()
    history.add("f", [f"s{i}" for i in range(len(scores))], results(np.arange(float(len(scores))), score=scores))
    for sort in ("worst", "name", "time"):
        whole = history.select(Filter(sort=sort), limit=1000).names
        page = history.select(Filter(sort=sort), limit=limit, skip=skip)
        assert page.names == whole[skip : skip + limit]
        assert page.total == len(whole) == len(set(whole)) == len(scores)


def test_coverage_counts_what_had_an_interval():
    history = History()
    lower80, upper80 = [math.nan, 0, 0, 0], [math.nan, 1, 1, 1]
    bounds = {
        "lower50": math.nan,
        "upper50": math.nan,
        "lower80": lower80,
        "upper80": upper80,
        "lower": [math.nan, -9, -9, -9],
        "upper": 9,
    }
    rows = results(np.arange(4.0), [5, 0.5, 2, 1], **bounds)
    history.add("f", ["a"] * 4, rows)
    coverage = history.coverage("f", "a")
    assert (coverage["0.5"].inside, coverage["0.5"].n) == (0, 0)
    assert (coverage["0.8"].inside, coverage["0.8"].n) == (2, 3)
    assert (coverage["0.95"].inside, coverage["0.95"].n) == (3, 3)
    assert history.coverage("f", "b")["0.8"].n == 0


def test_subscribers_see_batches_with_their_episodes_until_they_end():
    history, seen = History(), []
    end = history.subscribe(seen.append)
    history.add("f", ["a"], results([1.0]), [change("a", "opened", 1.0)])
    end()
    end()
    history.add("f", ["a"], results([2.0]))
    assert [(batch.feed, batch.ids) for batch in seen] == [("f", ["a"])]
    assert seen[0].episodes == history.alerts()


def test_an_open_alert_shows_the_peak_of_the_newest_result():
    history = History()
    history.add("f", ["a"], results([1.0]), [change("a", "opened", 1.0, peak=1.2)])
    history.add("f", ["a"], results([2.0], alert_begin=1.0, alert_peak=1.9, alert_peak_time=2.0))
    (episode,) = history.alerts(is_open=True)
    assert (episode.peak, episode.peak_time) == (1.9, 2.0)
    assert history.select(Filter()).alerts[0].peak == 1.9


def test_alerts_are_filtered_and_newest_first():
    history = History()
    history.add("f", [], results([]), [change("a", "opened", 1.0), change("a", "closed", 1.0, 5.0)])
    history.add("f", [], results([]), [change("b", "opened", 7.0)])
    history.add("g", [], results([]), [change("a", "opened", 3.0), change("a", "notified", 3.0, 4.0, notify=True)])
    assert [(e.feed, e.series, e.begin, e.end) for e in history.alerts()] == [
        ("f", "b", 7.0, None), ("g", "a", 3.0, None), ("f", "a", 1.0, 5.0),
    ]  # fmt: skip
    assert [e.begin for e in history.alerts(feed="f", is_open=True)] == [7.0]
    assert [e.begin for e in history.alerts(series="a", is_open=False)] == [1.0]
    assert [e.notified for e in history.alerts(notified=True)] == [4.0]
    assert [e.begin for e in history.alerts(notified=False)] == [7.0, 1.0]
    assert history.open_alerts() == 2


def test_introduced_series_are_listed_and_do_not_replace_results():
    history = History()
    history.add("f", ["a"], results([5.0], score=0.5))
    fact = {"events": 70, "state": "ready", "time": 4.0, "value": 1.0}
    history.introduce("f", {"a": fact, "b": fact})
    page = history.select(Filter(sort="name"))
    assert page.latest["time"].tolist() == [5, 4]
    assert page.latest["state"].tolist() == [0, READY]
    assert math.isnan(page.latest["score"][1])
    assert not page.real[1].any()


def test_ten_thousand_series_are_added_and_listed_quickly():
    history = History()
    ids = [f"site-{i % 100}/sensor-{i}" for i in range(10_000)]
    rng = np.random.default_rng(0)
    for k in range(80):
        history.add("f", ids, results(np.full(10_000, float(k)), score=rng.random(10_000)))
    started = time.perf_counter()
    page = history.select(Filter(search="sensor"), limit=200)
    assert time.perf_counter() - started < 0.5  # about 5 ms; the bound allows for a busy machine
    assert page.total == 10_000
    assert page.real.all()
    assert (np.diff(page.latest["score"]) <= 0).all()


def test_memory_is_bounded_by_the_pool():
    history = History(per_series=64, max_rows=64 * 100)
    for k in range(10):
        history.add("f", [f"{k}-{i}" for i in range(200)], results(np.arange(200.0)))
    assert history.count() == 2000
    assert sum(len(history.rows("f", f"{k}-{i}")) for k in range(10) for i in range(200)) <= 64 * 100
    assert history.select(Filter(search="0-7")).total == 11


def test_readers_beside_a_writer_see_whole_batches():
    history, stop, wrong = History(per_series=500), threading.Event(), []

    def read():
        while not stop.is_set():
            rows = history.rows("f", "a")
            if not (np.diff(rows["time"]) == 1).all() or not (rows["time"] == rows["value"]).all():
                wrong.append(rows)
            history.select(Filter())

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for k in range(0, 4000, 20):
        history.add("f", ["a"] * 20, results(np.arange(float(k), k + 20)))
    stop.set()
    for reader in readers:
        reader.join()
    assert not wrong
