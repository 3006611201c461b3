import json

import pytest

from stream.api.events import MAX_BODY
from tests.stream.api.conftest import FEEDS, START, eventually

JSON = {"content-type": "application/json"}
NDJSON = {"content-type": "application/x-ndjson"}


def event(series, value=1.0, time=START):
    return {"series": series, "time": time, "value": value}


def log_of(running, topic):
    """What is in a topic, read from the log itself."""
    return [json.loads(record.value) for record in running.service.tail(topic, 100_000)]


@pytest.mark.parametrize(
    ("body", "headers", "accepted"),
    [
        (json.dumps(event("in-one")), JSON, 1),
        (json.dumps([event("in-list"), event("in-list", time=START + 1)]), JSON, 2),
        (
            '{"series":"in-lines","time":1e9,"value":1}\r\n\n{"series":"in-lines","time":"2026-01-31","value":2}\n',
            NDJSON,
            2,
        ),
        (json.dumps(event("in-charset")), {"content-type": "Application/JSON; charset=utf-8"}, 1),
        (json.dumps({"series": 17, "time": START, "values": {"a": 1, "b": 2.5, "c": None}}), JSON, 1),
    ],
)
def test_events_are_accepted_logged_and_processed(running, body, headers, accepted):
    answer = running.client.post("/v1/events?feed=spare", content=body, headers=headers)
    assert answer.status_code == 202
    assert answer.json() == {"accepted": accepted, "rejected": []}
    sent = (
        json.loads(body) if headers is not NDJSON else [json.loads(line) for line in body.split("\n") if line.strip()]
    )
    sent = sent if isinstance(sent, list) else [sent]
    logged = log_of(running, "spare")
    assert all(one in logged for one in sent)
    series = f"{sent[0]['series']}:b" if "values" in sent[0] else sent[0]["series"]
    eventually(lambda: len(running.service.history.rows("spare", series)) == accepted)


def test_bad_records_are_told_by_position_and_not_logged(running):
    records = [event("good"), {"time": 1}, event("bad", "n/a"), 7, event("late", time="yesterday"), event("good", 2)]
    answer = running.post(records, "spare")
    assert answer.status_code == 202
    assert answer.json()["accepted"] == 2
    assert [(one["index"], one["error"]) for one in answer.json()["rejected"]] == [
        (1, "no_series"), (2, "not_a_number"), (3, "not_object"), (4, "bad_time"),
    ]  # fmt: skip
    logged = log_of(running, "spare")
    assert event("good") in logged
    assert not any(isinstance(one, int) or one.get("series") == "bad" for one in logged)


def test_lines_are_counted_from_nought_with_the_empty_ones(running):
    body = "\n".join(["", json.dumps(event("lines")), "nonsense", ""])
    answer = running.client.post("/v1/events?feed=spare", content=body, headers=NDJSON)
    assert [(one["index"], one["error"]) for one in answer.json()["rejected"]] == [(2, "not_json")]


def test_all_bad_is_a_problem_with_the_reasons(running):
    problem = running.refused(422, "/v1/events?feed=spare", "POST", json=[{"series": "x"}, event("x", [])])
    assert [one["error"] for one in problem["rejected"]] == ["no_time", "not_a_number"]
    assert "'time' is missing" in problem["detail"]


@pytest.mark.parametrize("body", ["", " ", "[]", "[", "[1,", "[{}", "[" * 50_000, "[" * 50_000 + "]" * 50_000])
def test_what_holds_no_records_is_a_problem(running, body):
    assert running.refused(422, "/v1/events?feed=spare", "POST", content=body, headers=JSON)["errors"]


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_other_content_types_are_refused(running, kind):
    headers = {"content-type": kind} if kind else {}
    problem = running.refused(415, "/v1/events?feed=spare", "POST", content=json.dumps(event("x")), headers=headers)
    assert "application/x-ndjson" in problem["detail"]


@pytest.mark.parametrize(
    ("body", "limit"), [(b" " * (MAX_BODY + 1), "4 MiB"), (b"[" + b"1," * 100_001 + b"1]", "100,000")]
)
def test_too_large_a_request_is_refused(running, body, limit):
    assert limit in running.refused(413, "/v1/events?feed=spare", "POST", content=body, headers=JSON)["detail"]


def test_the_largest_requests_are_accepted(running):
    line = json.dumps(event("many" + "x" * 20)) + "\n"
    answer = running.client.post("/v1/events?feed=bulk", content=line * (MAX_BODY // len(line)), headers=NDJSON)
    assert answer.json() == {"accepted": MAX_BODY // len(line), "rejected": []}


def test_a_single_record_too_large_for_the_feed_is_rejected_alone(running):
    answer = running.post([event("x" * 300_000), event("small")], "spare")
    assert [one["error"] for one in answer.json()["rejected"]] == ["too_large"]
    assert answer.json()["accepted"] == 1


def test_the_feed_must_be_named_where_there_are_several(running):
    assert running.refused(422, "/v1/events", "POST", json=event("x"))["feeds"] == FEEDS
    assert running.refused(404, "/v1/events?feed=none", "POST", json=event("x"))["feeds"]


def test_records_are_keyed_by_series_without_the_field(running):
    running.post({"host": {"name": "keyed"}, "at": START, "cpu": 1, "memory": 2}, "hosts")
    record = next(r for r in running.service.tail("hosts", 100) if b"keyed" in (r.value or b""))
    assert record.key == b"keyed"
    eventually(lambda: running.service.history.feeds_of("keyed:memory") == ["hosts"])
