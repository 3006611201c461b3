import re
from collections import Counter

import numpy as np
import pytest

from liquid.results import OPENED, READY, result_dtype
from stream.config import FeedSettings, ModelSettings
from stream.engine import FeedEngine
from stream.events import EventBatch
from stream.metrics import FeedMetrics, Metrics
from stream.pipeline import Emitted, Work
from stream.transport.base import TopicPartition

SOURCE = TopicPartition("in", 2)


def work(results, **rest):
    return Work(records=len(results), emitted=[Emitted("f", ["secret-series"] * len(results), results, [])], **rest)


def results(n, **columns):
    out = np.zeros(n, result_dtype(1))
    for name, values in columns.items():
        out[name] = values
    return out


@pytest.fixture
def metrics():
    return Metrics()


def value(metrics, name, **labels):
    return metrics.registry.get_sample_value(f"liquidstream_{name}", labels)


def test_what_a_commit_counts(metrics):
    feed = FeedMetrics(metrics, "f")
    feed.committed(
        SOURCE,
        work(results(3, alert=[0, OPENED, OPENED], severity=[0, 1, 4], notify=[0, 0, 1]), rejected=Counter(empty=2)),
    )
    feed.committed(SOURCE, work(results(2)))
    assert value(metrics, "records_consumed_total", topic="in", partition="2") == 5
    assert value(metrics, "events_total", feed="f") == 5
    assert value(metrics, "records_rejected_total", feed="f", reason="empty") == 2
    opened = {
        name: value(metrics, "alerts_total", feed="f", severity=name) for name in ("warning", "minor", "critical")
    }
    assert opened == {"warning": 1, "minor": 0, "critical": 1}
    assert value(metrics, "notifications_total", feed="f") == 1
    assert value(metrics, "event_lag_seconds", feed="f") > 1e9


def test_drifts_are_counted_where_they_begin_and_as_long_as_they_last(metrics):
    feed = FeedMetrics(metrics, "f")
    feed.committed(SOURCE, work(results(4, drift=[0, 0b0001_0001, 0b0010_0001, 0b1001_1001])))
    assert value(metrics, "drifts_total", feed="f", kind="input") == 2
    assert value(metrics, "drifts_total", feed="f", kind="error") == 0
    assert value(metrics, "drifts_total", feed="f", kind="rhythm") == 1
    engine = FeedEngine(FeedSettings(name="f"))
    feed.state(engine)
    engine.model.rows["drift"]["rhythm"]["status"]["active"][:3] = 1
    assert value(metrics, "drift_series", feed="f", kind="rhythm") == 3
    assert value(metrics, "drift_series", feed="f", kind="input") == 0


def test_coverage_is_of_ready_series_and_of_the_recent_past(metrics):
    feed = FeedMetrics(metrics, "f")
    assert np.isnan(value(metrics, "interval_coverage_ratio", feed="f", level="0.8"))
    inside = {
        "state": READY,
        "value": 1,
        "lower50": 0,
        "upper50": 2,
        "lower80": 0,
        "upper80": 2,
        "lower": 0,
        "upper": 2,
    }
    feed.committed(SOURCE, work(results(100, **{**inside, "value": np.arange(100) % 4})))
    assert value(metrics, "interval_coverage_ratio", feed="f", level="0.8") == pytest.approx(0.75)
    feed.committed(SOURCE, work(results(100, **{**inside, "state": 0, "value": 9})))
    feed.committed(SOURCE, work(results(100, **{**inside, "lower50": np.nan, "lower80": np.nan, "lower": np.nan})))
    assert value(metrics, "interval_coverage_ratio", feed="f", level="0.8") == pytest.approx(0.75)
    for _ in range(10):
        feed.committed(SOURCE, work(results(10_000, **inside)))
    assert value(metrics, "interval_coverage_ratio", feed="f", level="0.95") > 0.999


def test_what_the_intervals_of_all_series_held_in_a_week(metrics):
    feed = FeedMetrics(metrics, "f")
    engine = FeedEngine(FeedSettings(name="f", horizons=[60, 3600]), ModelSettings())
    n = 900
    at = 1000.0 + 60.0 * np.arange(n)
    ids = ["a", "b"] * (n // 2)
    values = np.random.default_rng(0).normal(size=n)
    engine.step(EventBatch(SOURCE, ids, [""] * n, at, values, np.arange(n)))
    feed.state(engine)
    both = [engine.held(series) for series in "ab"]
    for horizon, seconds in (("next", 0.0), ("1m", 60.0), ("1h", 3600.0)):
        of = [[one for one in held if one.horizon == seconds and one.window == "week"] for held in both]
        for level, a, b in zip(("0.5", "0.8", "0.95"), *of, strict=True):
            told = value(metrics, "forecast_coverage_ratio", feed="f", horizon=horizon, level=level)
            if a.n + b.n == 0:
                assert np.isnan(told)  # the series come every two minutes
            else:
                assert told == pytest.approx((a.share * a.n + b.share * b.n) / (a.n + b.n), abs=0.01)
    assert value(metrics, "forecast_coverage_ratio", feed="f", horizon="1h", level="0.95") > 0.8


def test_names_and_labels(metrics):
    FeedMetrics(metrics, "f").committed(SOURCE, work(results(1)))
    body, content_type = metrics.page()
    text = body.decode()
    assert content_type.startswith("text/plain")
    assert "secret-series" not in text
    assert 'liquidstream_build_info{python="' in text
    assert "process_resident_memory_bytes" in text
    names = set(re.findall(r"^# TYPE (\S+)", text, re.MULTILINE))
    assert all(name.startswith(("liquidstream_", "process_")) for name in names)
    assert not any(name.endswith("_created") for name in names)


def test_two_services_do_not_share_counts(metrics):
    FeedMetrics(metrics, "f").committed(SOURCE, work(results(1)))
    other = Metrics()
    FeedMetrics(other, "f")
    assert value(other, "events_total", feed="f") == 0
