import numpy as np

from stream import transport
from stream.catalogue import Filter
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
        b'{"series":"%s","time":%d,"value":%d}' % (b"ab"[i % 2 : i % 2 + 1], 1e9 + 60 * i, i % 7) for i in range(count)
    ]
    bodies[1150] = bodies[1150].replace(b'"value":', b'"value":90')
    records = [Record("f", 0, i, 0, None, body) for i, body in enumerate(bodies)]
    return Pipeline(FeedEngine(FEED)).process(SOURCE, records)


def test_a_restored_history_equals_the_one_that_was(tmp_path):
    log = transport.create("sqlite", {"path": str(tmp_path / "log.db")})
    work = worked(1200)
    log.append(work.outputs)
    before, after = History(), History()
    for feed, ids, results, alerts in work.emitted:
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
    assert not told


def test_only_the_newest_are_read(tmp_path):
    log = transport.create("sqlite", {"path": str(tmp_path / "log.db")})
    log.append(worked(1200).outputs)
    history = History()
    assert restore(history, log, FEED, count=100) == 100
    assert history.rows("f", "b")["time"][-1] == 1e9 + 60 * 1199
    log.close()


def test_nothing_there_and_foreign_records_are_no_failure(tmp_path):
    log = transport.create("sqlite", {"path": str(tmp_path / "log.db")})
    history = History()
    assert restore(history, log, FEED) == 0
    log.append([Output("f.results", b"x", b"no json"), Output("f.results", b"x", b'{"series":"x"}')])
    log.append([Output("f.alerts", b"x", b"[]"), *worked(1200).outputs[:3]])
    assert restore(history, log, FEED) == 3
    assert history.select(Filter()).total == 2
    log.close()
