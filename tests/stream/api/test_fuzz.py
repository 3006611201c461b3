"""Whatever is sent, the answer is a success or a problem that says what is wrong, never a defect."""

import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.stream.api.conftest import SPIKED, START

QUICK = settings(max_examples=60, deadline=None)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
NEARLY = st.fixed_dictionaries(
    {
        "series": st.sampled_from(["fuzz", "fuzz/2", "fuzz:3"]) | JSON,
        "time": st.floats(0, 3e9) | st.just(START) | st.datetimes().map(str) | JSON,
    },
    optional={"value": st.floats() | JSON, "values": st.dictionaries(st.text(max_size=5), st.floats() | JSON)},
)
RECORD = NEARLY | JSON
BODY = st.one_of(
    st.binary(max_size=300),
    RECORD.map(json.dumps).map(str.encode),
    st.lists(RECORD, max_size=5).map(json.dumps).map(str.encode),
    st.lists(RECORD, max_size=5).map(lambda records: "\n".join(map(json.dumps, records)).encode()),
    st.lists(NEARLY, min_size=1, max_size=3).map(json.dumps).map(lambda text: damaged(text.encode())),
)
KIND = st.sampled_from(["application/json", "application/x-ndjson", "application/json;charset=utf-16"])
ODD = ["", "0", "-1", "1h", "1e308", "nan", "NaN", "inf", "true", "\0", "%", "9" * 40]
TEXT = st.text(max_size=30) | st.sampled_from(ODD)
NAMES = [
    "feed",
    "series",
    "search",
    "state",
    "severity",
    "sort",
    "limit",
    "cursor",
    "since",
    "until",
    "horizon",
    "level",
    "open",
    "time",
]
QUERY = st.lists(st.tuples(st.sampled_from(NAMES) | TEXT, TEXT), max_size=5)
PATHS = [
    "/v1/series",
    "/v1/series/{}",
    "/v1/series/{}/forecast",
    "/v1/series/{}/scores",
    "/v1/alerts",
    "/v1/explain",
    "/v1/feedback",
    "/v1/feeds",
    "/{}",
]
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]


def damaged(body):
    """The same with a byte lost, doubled or turned, always the same way."""
    chance = random.Random(body)
    at = chance.randrange(len(body))
    middle = chance.choice([b"", body[at : at + 1] * 2, bytes([chance.randrange(256)])])
    return body[:at] + middle + body[at + 1 :]


def sound(answer):
    """A success, or a problem with words; every body is JSON without NaN."""
    kind = answer.headers["content-type"]
    assert answer.status_code < 500, answer.text
    if answer.status_code < 400:
        assert kind.startswith(("application/json", "text/"))
    else:
        assert kind == "application/problem+json"
        problem = answer.json()
        assert problem["status"] == answer.status_code
        assert problem["detail"]
    if "json" in kind:
        return json.loads(answer.text, parse_constant=pytest.fail)
    return None


@QUICK
@given(body=BODY, kind=KIND)
def test_any_body(running, body, kind):
    before = len(running.service.tail("spare", 10**9))
    answer = running.client.post("/v1/events?feed=spare", content=body, headers={"content-type": kind})
    said = sound(answer)
    assert answer.status_code in (202, 422)
    accepted = said["accepted"] if answer.status_code == 202 else 0
    assert len(running.service.tail("spare", 10**9)) == before + accepted


@QUICK
@given(path=st.sampled_from(PATHS), series=st.text(max_size=20) | st.just(SPIKED), query=QUERY)
def test_any_query(running, path, series, query):
    encoded = "".join(f"%{byte:02X}" for byte in series.encode(errors="replace"))
    sound(running.client.get(path.format(encoded), params=query))


@QUICK
@given(st.binary(max_size=40))
def test_any_path(running, path):
    raw = "".join(f"%{byte:02X}" if byte in b"?#% " or not 32 < byte < 127 else chr(byte) for byte in path)
    sound(running.client.get(f"/v1/series/{raw}"))


@QUICK
@given(method=st.sampled_from(METHODS), path=st.sampled_from(PATHS))
def test_any_method(running, method, path):
    sound(running.client.request(method, path.format("x")))


def test_afterwards_the_service_is_well(running):
    assert running.get("/readyz") == {"status": "ready"}
    assert running.service.failure is None
