import json

import numpy as np
import pytest

from liquid.results import BANDS, CLOSED, EVIDENCE, OPENED, result_dtype
from stream.codec import create
from stream.codec.base import dead_letters
from stream.config import FeedSettings
from stream.events import AlertRecord, EventBatch, ResultRecord, json_schemas
from stream.transport.base import Record, TopicPartition

SOURCE = TopicPartition("in", 3)
GOOD = b'{"series":"a","time":1360324800,"value":1.5}'


def codec(**settings):
    return create(FeedSettings(name="f", topics=["in"], **settings))


def records(*bodies):
    return [Record("in", 3, 100 + i, 5, b"key", body) for i, body in enumerate(bodies)]


def test_events_come_as_columns_in_order():
    events, rejects = codec().decode(
        SOURCE,
        records(
            GOOD,
            b'{"series":"b","time":"2013-02-08T12:00:01Z","values":{"x":2,"y":3}}',
            b'{"series":7,"time":1360324802000,"value":4,"more":[{}]}',
        ),
    )
    assert not rejects
    assert events.source == SOURCE
    assert events.ids == ["a", "b:x", "b:y", "7"]
    assert events.fields == ["", "x", "y", ""]
    assert events.times.tolist() == [1360324800, 1360324801, 1360324801, 1360324802]
    assert events.values.tolist() == [1.5, 2, 3, 4]
    assert events.offsets.tolist() == [100, 101, 101, 102]


BAD = [
    (None, "empty"),
    (b"", "empty"),
    (b'{"series":"a","time":1360324800,"value":1,"x":"' + b"x" * 262_144 + b'"}', "too_large"),
    (b"[" * 1_000_000, "too_large"),
    (b"[" * 200_000, "too_deep"),
    (b'{"series":"a","time":1,"value":1,"x":' + b"[" * 65 + b"]" * 65 + b"}", "too_deep"),
    (b'{"series":"a","time":1,"value":1,"x":' + b'{"y":' * 65 + b"1" + b"}" * 65 + b"}", "too_deep"),
    (b'{"series":"\xff","time":1,"value":1}', "not_utf8"),
    (b'{"series":"a","time":1,"value":1,"x":"\xff"}', "not_utf8"),
    ('{"series":"a","time":1,"value":1}'.encode("utf-16"), "not_utf8"),
    (b"not json", "not_json"),
    (b'{"series":"a","time":1,"value":1', "not_json"),
    (b'{"series":"a","time":1,"value":1}{}', "not_json"),
    (b'{"series":"\\ud800","time":1,"value":1}', "not_json"),
    (b'\xef\xbb\xbf{"series":"a","time":1,"value":1}', "not_json"),
    (b'{"series":"a","time":1,"value":01}', "not_json"),
    (b"[1,2]", "not_object"),
    (b'"text"', "not_object"),
    (b"null", "not_object"),
    (b'{"time":1,"value":1}', "no_series"),
    (b'{"series":"a","value":1}', "no_time"),
    (b'{"series":"a","time":-5,"value":1}', "bad_time"),
    (b'{"series":"a","time":1e300,"value":1}', "bad_time"),
    (b'{"series":"a","time":"noon","value":1}', "bad_time"),
    (b'{"series":"a","time":true,"value":1}', "bad_time"),
    (b'{"series":"a","time":1}', "no_value"),
    (b'{"series":"a","time":1,"value":null}', "no_value"),
    (b'{"series":"a","time":1,"value":"1.5"}', "not_a_number"),
    (b'{"series":"a","time":1,"value":true}', "not_a_number"),
    (b'{"series":"a","time":1,"value":[1]}', "not_a_number"),
    (b'{"series":"a","time":1,"value":NaN}', "not_finite"),
    (b'{"series":"a","time":1,"value":-Infinity}', "not_finite"),
    (b'{"series":"a","time":1,"value":1e400}', "not_finite"),
    (b'{"series":"a","time":1,"value":' + b"9" * 400 + b"}", "not_finite"),
    (b'{"series":"a","time":1,"value":' + b"9" * 5000 + b"}", "not_finite"),
]


BAD_VALUES = [(b'{"series":"a","time":1,"values":{"x":1,"y":"2"}}', "not_a_number")]


@pytest.mark.parametrize(
    ("feed", "body", "reason"),
    [({}, *bad) for bad in BAD + BAD_VALUES] + [({"values": ["value"]}, *bad) for bad in BAD],
    ids=[f"typed-{i}" for i in range(len(BAD) + 1)] + [f"mapped-{i}" for i in range(len(BAD))],
)
def test_a_bad_record_is_rejected_and_its_neighbours_are_not_touched(feed, body, reason):
    events, rejects = codec(**feed).decode(SOURCE, records(GOOD, body, GOOD))
    assert events.offsets.tolist() == [100, 102]
    assert events.ids == ["a", "a"]
    assert [(reject.record.offset, reject.reason) for reject in rejects] == [(101, reason)]
    assert rejects[0].message


@pytest.mark.parametrize("depth", [1, 64])
def test_brackets_inside_text_are_not_nesting(depth):
    body = (
        b'{"series":"a","time":1,"value":1,"x":"' + b'[{\\"' * 500 + b'","y":' + b"[" * (depth - 1) + b"]" * (depth - 1)
    )
    events, rejects = codec().decode(SOURCE, records(body + b',"z":0}' if depth > 1 else body + b"0}"))
    assert not rejects
    assert len(events) == 1


def test_quotes_without_end_take_no_time():
    events, rejects = codec().decode(SOURCE, records(b'{"x":' + b'[\\"' * 80_000))
    assert not len(events)
    assert rejects[0].reason in ("not_json", "too_deep")


def test_typed_and_generic_reading_agree():
    bodies = [
        GOOD,
        b'{"series":5,"time":1360324800.5,"value":-0.0}',
        b'{"value":1e-400,"time":0,"series":"\\u00e9\\u0000"}',
        b'{"series":"a","series":"b","time":1,"value":9007199254740993}',
    ]
    typed, _ = codec().decode(SOURCE, records(*bodies))
    mapped, _ = codec(values=["value"]).decode(SOURCE, records(*bodies))
    assert typed.ids == mapped.ids
    assert typed.times.tobytes() == mapped.times.tobytes()
    assert typed.values.tobytes() == mapped.values.tobytes()


def results(n, **columns):
    out = np.zeros(n, result_dtype(2))
    for name in ("expected", "lower50", "upper50", "lower80", "upper80", "lower", "upper", *BANDS):
        out[name] = np.nan
    out["events"] = 7
    for name, values in columns.items():
        out[name] = values
    return out


EVENTS = EventBatch(SOURCE, ["a", "b:x"], ["", "x"], np.array([100.0, 200.0]), np.array([1.0, 2.0]), np.array([10, 11]))


def test_a_result_for_every_event():
    outputs = codec().results(EVENTS, results(2, time=[100, 200], value=[1, 2], score=[0.5, 0.25], lower=[0.5, np.nan]))
    assert [output.topic for output in outputs] == ["f.results"] * 2
    assert [output.key for output in outputs] == [b"a", b"b:x"]
    assert json.loads(outputs[0].value) == {
        "series": "a", "time": 100, "value": 1, "expected": None,
        "lower50": None, "upper50": None, "lower80": None, "upper80": None, "lower": 0.5,
        "upper": None, "score": 0.5, "alert_score": 0, "severity": "none", "state": "learning", "gap": 0,
    }  # fmt: skip
    assert dict(outputs[1].headers) == {
        "ce_specversion": b"1.0", "ce_type": b"liquidstream.result", "ce_source": b"f",
        "content-type": b"application/json", "ce_id": b"in/3/11/x",
    }  # fmt: skip


def alerting():
    shares = np.zeros((2, len(EVIDENCE)))
    shares[1, :2] = 0.75, 0.25
    return results(
        2, time=[100, 200], value=[1, 9], expected=[1, 2], lower=[0, 1], upper=[2, 3], score=[0.1, 1.5],
        severity=[0, 2], alert=[0, OPENED], notify=[0, 1],
        alert_begin=[0, 200], alert_peak=[0, 1.5], alert_peak_time=[0, 200],
        direction=[0, 1], shares=shares, alert_score=[0.1, 1.5], state=[1, 1],
    )  # fmt: skip


def test_a_result_that_opens_an_alert_says_so():
    plain, opening = (json.loads(output.value) for output in codec().results(EVENTS, alerting()))
    assert not {"alert", "shares"} & set(plain)
    assert opening["alert"] == {
        "change": "opened",
        "begin": 200,
        "peak": 1.5,
        "peak_time": 200,
        "direction": "above",
        "notify": True,
    }
    assert opening["shares"] == {EVIDENCE[0]: 0.75, EVIDENCE[1]: 0.25}
    assert opening["severity"] == "minor"


def test_a_new_peak_without_a_change_is_said_and_nothing_else():
    def peaks(rows):
        return [json.loads(output.value).get("peak") for output in codec().results(EVENTS, rows)]

    assert peaks(alerting()) == [None, None]
    going_on = alerting()
    going_on["alert"] = 0
    assert peaks(going_on) == [None, 1.5]
    going_on["alert_peak_time"] = 150
    assert peaks(going_on) == [None, None]
    assert peaks(results(2)) == [None, None]


def test_alerts_have_their_own_record():
    outputs, changes = codec(unit="min").alerts(EVENTS, alerting())
    (record,) = [json.loads(output.value) for output in outputs]
    assert outputs[0].topic == "f.alerts"
    assert outputs[0].key == b"b:x"
    assert dict(outputs[0].headers)["ce_id"] == b"in/3/11/x#alert"
    assert record["why"].startswith("9 min, expected 1 to 3")
    assert (record["change"], record["direction"], record["severity"]) == ("opened", "above", "minor")
    assert record["notify"]
    assert isinstance(changes[0], AlertRecord)
    assert changes[0].series == "b:x"
    closed = alerting()
    closed["alert"] = CLOSED
    assert [change.change for change in codec().alerts(EVENTS, closed)[1]] == ["closed", "closed"]
    assert codec().alerts(EVENTS, results(2)) == ([], [])


def test_drifts_have_their_own_record():
    changed = results(2, time=[100, 200], drift=[0, 0b0001_0001], drift_onset=[0, 150])
    (output,) = codec().drifts(EVENTS, changed)
    assert (output.topic, output.key) == ("f.drift", b"b:x")
    assert dict(output.headers)["ce_id"] == b"in/3/11/x#drift/input"
    assert json.loads(output.value) == {
        "series": "b:x", "kind": "input", "change": "begun", "time": 200, "onset": 150,
    }  # fmt: skip
    assert codec().drifts(EVENTS, results(2, drift=[0, 1])) == []


def test_forecasts_go_out_at_most_once_per_stretch_of_the_shortest_horizon():
    feed = codec(horizons=["1m", "1h"])  # a stretch is a second
    times = np.array([100.1, 100.6, 101.2, 109.0])
    events = EventBatch(SOURCE, ["a"] * 4, [""] * 4, times, np.ones(4), np.arange(4))
    made = results(4, time=times, value=1.0, gap=np.diff(times, prepend=99.9), mean=[[1.0, 2.0]] * 4)
    outputs = feed.forecasts(events, made)
    assert [json.loads(output.value)["origin"] for output in outputs] == [100.1, 101.2, 109.0]
    assert json.loads(outputs[0].value)["horizons"][1] == {
        "seconds": 3600, "time": 3700.1, "mean": 2, "lo50": None, "hi50": None,
        "lo80": None, "hi80": None, "lo95": None, "hi95": None,
    }  # fmt: skip
    assert dict(outputs[0].headers)["ce_id"] == b"in/3/0#forecast"


def test_a_series_first_event_carries_a_forecast():
    events = EventBatch(SOURCE, ["a"], [""], np.array([100.1]), np.ones(1), np.zeros(1, np.int64))
    assert len(codec().forecasts(events, results(1, time=100.1, events=1))) == 1
    assert not codec().forecasts(events, results(1, time=100.1, events=2))


def test_dead_letters_keep_the_original():
    _, rejects = codec().decode(SOURCE, records(b"\xff", None))
    first, second = dead_letters("f.dlq", rejects)
    assert first.value == b"\xff"
    assert first.key == b"key"
    assert second.value == b""
    assert dict(first.headers) == {
        "dlq.topic": b"in", "dlq.partition": b"3", "dlq.offset": b"100", "dlq.timestamp": b"5",
        "dlq.error": b"not_utf8", "dlq.message": b"byte 0 of the record is not UTF-8",
    }  # fmt: skip


def test_schemas_describe_the_records():
    schemas = json_schemas()
    assert set(schemas) == {"results", "forecasts", "alerts", "drift"}
    assert set(ResultRecord.__struct_fields__) == set(schemas["results"]["$defs"]["ResultRecord"]["properties"])
