import threading

import numpy as np
import pytest

from liquid.results import SKIPPED
from stream.config import FeedSettings, ModelSettings
from stream.engine import CHUNK, FeedEngine
from stream.events import EventBatch
from stream.transport.base import TopicPartition
from tests.stream.rows import leaves

A, B = TopicPartition("t", 0), TopicPartition("t", 1)


def engine(**model):
    return FeedEngine(FeedSettings(name="f", horizons=[60, 3600]), ModelSettings(**model))


def batch(ids, first=0, source=A, time=1000.0):
    n = len(ids)
    at = time + first + np.arange(n, dtype=float)
    return EventBatch(source, ids, [""] * n, at, np.sin(at), np.arange(first, first + n))


def test_results_come_in_order_and_series_get_rows():
    results = engine().step(batch(["a", "b", "a"]))
    assert results["time"].tolist() == [1000, 1001, 1002]
    assert results["events"].tolist() == [1, 1, 2]


def test_an_empty_batch():
    assert len(engine().step(batch([]))) == 0


def test_batching_changes_nothing():
    ids = [f"s{i % 7}" for i in range(2 * CHUNK + 5)]
    whole, parts = engine(), engine()
    together = whole.step(batch(ids))
    apart = [parts.step(batch(ids[i : i + 999], i)) for i in range(0, len(ids), 999)]
    assert b"".join(part.tobytes() for part in apart) == together.tobytes()


def test_events_already_applied_are_skipped():
    one = engine()
    one.step(batch(["a", "b"]))
    again = one.step(batch(["a", "b", "a"]))
    assert (again["flags"] & SKIPPED).tolist() == [SKIPPED, SKIPPED, 0]


def test_snapshots_go_on_where_they_were_made():
    ids = [f"s{i % 5}" for i in range(200)]
    one, two = engine(), engine()
    one.step(batch(ids[:100]))
    saved = one.snapshots(limit=10**6)
    assert len(saved) == 5
    assert len(one.dirty) == 0
    assert one.snapshots(limit=10) == []
    assert two.restore(saved) == (5, 0)
    rest = batch(ids[100:], 100)
    assert two.step(rest).tobytes() == one.step(rest).tobytes()


def test_rows_of_other_settings_are_not_loaded():
    one = engine()
    one.step(batch(["a"]))
    other = engine(bank="none")
    assert other.restore(one.snapshots(10)) == (0, 1)
    assert other.describe("a")["events"] == 0


def test_a_dropped_partition_is_forgotten_and_its_rows_are_used_again():
    one = engine()
    one.step(batch(["a", "b"]))
    one.step(batch(["c"], source=B))
    one.drop(A)
    assert one.series() == ["c"]
    assert "a" not in one
    assert one.dirty.replay_from(A, 9) == 9
    assert one.step(batch(["x", "y"]))["events"].tolist() == [1, 1]
    assert len(one.model.rows) == len(engine().model.rows)
    one.drop_all()
    assert len(one) == 0


def test_readers_see_the_newer_row_of_a_series_in_two_partitions():
    one = engine()
    one.step(batch(["a"], time=5000.0))
    one.step(batch(["a", "a"], source=B, time=9000.0))
    assert len(one) == 2
    assert one.series() == ["a"]
    assert one.describe("a")["time"] == 9001
    assert one.forecast("a", [60.0])["time"].tolist() == [9061]


def test_unknown_series():
    one = engine()
    assert one.describe("a") is None
    assert one.forecast("a", [60.0]) is None


def test_forecasts_do_not_touch_the_state():
    one, two = engine(), engine()
    ids = ["a"] * 50
    one.step(batch(ids))
    two.step(batch(ids))
    made = one.forecast("a", [1.0, 60.0, 86400.0], [0.5, 0.8, 0.95])
    assert made["lower"].shape == (3, 3)
    assert np.all(made["lower"] <= made["mean"][:, None])
    (ours,), (theirs,) = one.snapshots(1), two.snapshots(1)
    assert leaves(ours.data, one.model.row_dtype) == leaves(theirs.data, one.model.row_dtype)


def test_reading_while_stepping():
    one, failures, done = engine(), [], threading.Event()

    def read():
        try:
            while not done.is_set():
                for series in one.series():
                    assert one.describe(series)
                    assert one.forecast(series, [60.0])
        except BaseException as error:
            failures.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    for i in range(20):
        one.step(batch([f"s{k}" for k in range(i * 50, i * 50 + 50)], i * 50))
    done.set()
    reader.join(30)
    assert not reader.is_alive()
    assert not failures


@pytest.mark.parametrize("n", [1, 3])
def test_size_of_the_state(n):
    one = engine()
    one.step(batch([f"s{i}" for i in range(n)]))
    assert one.state_bytes == n * one.model.row_size


def test_series_have_the_options_of_their_feed_also_in_a_row_that_was_used_before():
    feed = FeedSettings(name="f", horizons=[60], patterns=[{"match": "b", "minimum": 0, "maximum": 0.1}])
    one = FeedEngine(feed)
    one.step(batch(["a"] * 50))
    assert one.forecast("a", [60])["upper"].max() > 0.1
    one.drop(A)
    results = one.step(batch(["b"] * 50))
    assert len(one._names) == 1
    for name in ("lower", "upper", "mean", "lo80", "hi95"):
        known = results[name][np.isfinite(results[name])]
        assert len(known)
        assert 0 <= known.min() <= known.max() <= 0.1
    ahead = one.forecast("b", [1, 60])
    assert ahead["upper"].max() <= 0.1
