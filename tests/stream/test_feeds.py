import math
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.config import FeedSettings
from stream.feeds import LATEST, REASONS, FeedMapping, UnreadableError, parse_time, series_id, template_fields

NOON = 1360324800.0  # 2013-02-08T12:00:00Z


def mapping(**settings):
    return FeedMapping(FeedSettings(name="f", **settings))


def reason_of(record, **settings):
    with pytest.raises(UnreadableError) as caught:
        mapping(**settings).read(record)
    assert caught.value.reason in REASONS
    assert str(caught.value)
    return caught.value.reason


def test_default_mapping():
    assert mapping().read({"series": "a", "time": NOON, "value": 3}) == ("a", NOON, [("", 3.0)])


def test_default_mapping_of_several_values_leaves_out_what_was_not_measured():
    record = {"series": "a", "time": NOON, "values": {"x": 1, "y": None, "z": -2.5}}
    assert mapping().read(record).values == [("x", 1.0), ("z", -2.5)]


def test_value_goes_before_values():
    assert mapping().read({"series": "a", "time": NOON, "value": 1, "values": {"x": 2}}).values == [("", 1.0)]


def test_foreign_mapping():
    feed = mapping(
        series="{origin}.{plane.carrier}", time={"field": "meta.at", "unit": "ms"}, values=["dep_delay", "arr.delay"]
    )
    record = {
        "origin": "JFK", "plane": {"carrier": 9}, "meta": {"at": NOON * 1000}, "dep_delay": 4, "arr": {"delay": 7},
    }  # fmt: skip
    assert feed.read(record) == ("JFK.9", NOON, [("dep_delay", 4.0), ("arr.delay", 7.0)])


def test_one_configured_field_is_the_only_value():
    assert mapping(values=["delay"]).read({"series": "a", "time": NOON, "delay": 1}).values == [("", 1.0)]


def test_a_missing_field_among_several_is_left_out():
    assert mapping(values=["a", "b"]).read({"series": "s", "time": NOON, "b": 1}).values == [("b", 1.0)]


def test_a_field_that_is_literally_so_called_goes_first():
    feed = mapping(series="{a.b}")
    assert feed.read({"a.b": "flat", "a": {"b": "deep"}, "time": NOON, "value": 1}).series == "flat"


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ([1], "not_object"),
        ("text", "not_object"),
        (None, "not_object"),
        ({"time": NOON, "value": 1}, "no_series"),
        ({"series": None, "time": NOON, "value": 1}, "no_series"),
        ({"series": "", "time": NOON, "value": 1}, "no_series"),
        ({"series": True, "time": NOON, "value": 1}, "no_series"),
        ({"series": 1.5, "time": NOON, "value": 1}, "no_series"),
        ({"series": {}, "time": NOON, "value": 1}, "no_series"),
        ({"series": "x" * 513, "time": NOON, "value": 1}, "no_series"),
        ({"series": "a", "value": 1}, "no_time"),
        ({"series": "a", "time": None, "value": 1}, "no_time"),
        ({"series": "a", "time": [], "value": 1}, "bad_time"),
        ({"series": "a", "time": True, "value": 1}, "bad_time"),
        ({"series": "a", "time": NOON}, "no_value"),
        ({"series": "a", "time": NOON, "value": None}, "no_value"),
        ({"series": "a", "time": NOON, "values": {}}, "no_value"),
        ({"series": "a", "time": NOON, "values": {"x": None}}, "no_value"),
        ({"series": "a", "time": NOON, "values": [1, 2]}, "no_value"),
        ({"series": "a", "time": NOON, "value": "3"}, "not_a_number"),
        ({"series": "a", "time": NOON, "value": True}, "not_a_number"),
        ({"series": "a", "time": NOON, "value": [1]}, "not_a_number"),
        ({"series": "a", "time": NOON, "value": {}}, "not_a_number"),
        ({"series": "a", "time": NOON, "values": {"x": 1, "y": "2"}}, "not_a_number"),
        ({"series": "a", "time": NOON, "value": math.nan}, "not_finite"),
        ({"series": "a", "time": NOON, "value": -math.inf}, "not_finite"),
        ({"series": "a", "time": NOON, "value": 10**400}, "not_finite"),
    ],
)
def test_reasons(record, reason):
    assert reason_of(record) == reason


@pytest.mark.parametrize("scale", [1, 1e3, 1e6, 1e9])
def test_the_unit_of_a_number_is_found_from_its_size(scale):
    assert parse_time(NOON * scale) == pytest.approx(NOON, abs=1e-6)
    assert parse_time(int(NOON * scale)) == pytest.approx(NOON, abs=1e-6)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2013-02-08T12:00:00Z", NOON),
        ("2013-02-08T12:00:00", NOON),
        ("2013-02-08 12:00", NOON),
        ("2013-02-08T13:30:00+01:30", NOON),
        ("2013-02-08T07:00:00.250-05:00", NOON + 0.25),
        ("2013-02-08", NOON - 43200),
        ("1970-01-01T00:00:00Z", 0.0),
        ("2199-12-31T23:59:59Z", LATEST - 1),
    ],
)
def test_iso_times(text, seconds):
    assert parse_time(text) == seconds
    assert parse_time(text, "iso") == seconds


@pytest.mark.parametrize(
    "value",
    [
        -1, -0.001, -1e30, 1e30, 10**400, LATEST * 1e9, math.nan, math.inf, True, None, [], {},
        "", "yesterday", "1360324800", "2013-13-01", "2013-02-30", "2013-02-08T25:00", "2013-02-08T12:00:60Z",
        "1969-12-31T23:59:59Z", "2200-01-01", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00",
    ],
)  # fmt: skip
def test_times_that_are_refused(value):
    with pytest.raises(UnreadableError) as caught:
        parse_time(value)
    assert caught.value.reason == "bad_time"


def test_a_fixed_unit_takes_only_that():
    assert parse_time(1500, "ms") == 1.5
    for value, unit in [("2013-02-08", "s"), (NOON, "iso"), (LATEST, "s")]:
        with pytest.raises(UnreadableError):
            parse_time(value, unit)


@given(
    st.datetimes(datetime(1970, 1, 2), datetime(2199, 12, 30)),
    st.integers(-14 * 60, 14 * 60),
)
def test_any_iso_text_means_its_moment(moment, minutes):
    aware = moment.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    assert parse_time(aware.isoformat()) == aware.timestamp()
    assert parse_time(moment.isoformat()) == moment.replace(tzinfo=UTC).timestamp()


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["series", "time", "value", "values", "x"]), inner)
        ),
        max_leaves=12,
    )
)
def test_anything_is_read_or_refused(record):
    try:
        series, time, values = mapping().read(record)
    except UnreadableError as error:
        reason = error.reason
    else:
        reason = None
        assert series
        assert 0 <= time < LATEST
        assert values
        assert all(math.isfinite(number) for _, number in values)
    assert reason in (None, *REASONS)


def test_series_ids_may_be_whole_numbers():
    assert series_id(17) == "17"


@pytest.mark.parametrize("template", ["plain", "", "{}", "{a!r}", "{a:>3}", "{a", "a}"])
def test_what_is_no_template(template):
    with pytest.raises(ValueError, match=r".+"):
        template_fields(template)
