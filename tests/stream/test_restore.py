import json

import numpy as np

from stream import transport
from stream.config import FeedSettings
from stream.engine import FeedEngine
from stream.history import History
from stream.pipeline import Pipeline
from stream.restore import restore
from stream.transport.base import Output, Record, TopicPartition

FEED = FeedSettings(name="f", unit="min")
SOURCE = TopicPartition("f", 0)


def worked(count):
    """The outputs of `count` events of two series, one of them with a spike."""
    bodies = [
        b'{"series":"%s","time":%d,"value":%d}' % (b"ab"[i % 2 : i % 2 + 1], 1e9 + 60 * i, i % 7 + 20 * (i > 1000))
        for i in range(count)
    ]
    bodies[1150] = bodies[1150].replace(b'"value":', b'"value":90')
    records = [Record("f", 0, i, 0, None, body) for i, body in enumerate(bodies)]
    return Pipeline(FeedEngine(FEED)).process(SOURCE, records)


def test_a_restored_history_equals_the_one_that_was(tmp_path):
    log = transport.create("sqlite", {"path": str(tmp_path / "log.db")})
    work = worked(1200)
    log.append(work.outputs)
    before, after = History(), History()
    for feed, ids, results, alerts, _ in work.emitted:
        before.add(feed, ids, results, alerts)
    told = []
    after.subscribe(told.append)
    assert restore(after, log, FEED) == 1200
    log.close()
    for series in "ab":
        old, new = before.rows("f", series), after.rows("f", series)
        assert len(new) == 600
        for name in old.dtype.names:
            np.testing.assert_array_equal(old[name], new[name], err_msg=name)
    assert before.coverage("f", "a") == after.coverage("f", "a")
    assert after.alerts()
    assert [(e.id, e.begin, e.end, e.why) for e in after.alerts()] == [
        (e.id, e.begin, e.end, e.why) for e in before.alerts()
    ]
    assert after.drifts("f", "a") == before.drifts("f", "a") != []
    assert not told


def test_only_the_newest_are_read(tmp_path):
    log = transport.create("sqlite", {"path": str(tmp_path / "log.db")})
    log.append(worked(1200).outputs)
    history = History()
    assert restore(history, log, FEED, count=100) == 100
    assert history.rows("f", "b")["time"][-1] == 1e9 + 60 * 1199
    log.close()


def test_an_empty_log_gives_an_empty_history(tmp_path):
    log = transport.create("sqlite", {"path": str(tmp_path / "log.db")})
    history = History()
    assert restore(history, log, FEED) == 0
    assert history.count() == 0
    log.close()


def test_foreign_records_are_skipped(tmp_path):
    log = transport.create("sqlite", {"path": str(tmp_path / "log.db")})
    outputs = worked(1200).outputs
    result = json.loads(next(output.value for output in outputs if output.topic == "f.results"))
    alert = json.loads(next(output.value for output in outputs if output.topic == "f.alerts"))
    results = [b"no json", b"[]", b'{"series":"x"}', json.dumps({**result, "severity": "odd"}).encode()]
    alerts = [b"[]", *(json.dumps({**alert, name: "odd"}).encode() for name in ("severity", "direction", "change"))]
    log.append([Output("f.results", b"x", value) for value in results])
    log.append([Output("f.alerts", b"x", value) for value in alerts])
    history = History()
    assert restore(history, log, FEED) == 0
    assert history.alerts() == []
    log.append(outputs)
    assert restore(history, log, FEED) == 1200
    assert history.alerts()
    log.close()
