"""Joint series through the codec, the engine and what it saves."""

import json

import numpy as np
import pytest
from pydantic import ValidationError

from liquid import SeriesOptions
from liquid.results import OPENED, REJECTED, SKIPPED
from stream import codec
from stream.config import FeedSettings
from stream.engine import FeedEngine
from stream.events import EventBatch
from stream.feedback import Feedback, requests
from stream.feeds import JOINT
from stream.joint import field_shares, why_joint
from stream.pipeline import Pipeline
from stream.transport.base import Record, TopicPartition
from tests.stream.rows import leaves

SOURCE = TopicPartition("pumps", 0)
FIELDS = ("flow", "power", "noise")
FEED = FeedSettings(name="pumps", values=FIELDS, joint=True, horizons=[60], options={"minimum": 0}, unit="kW")
EVERYTHING = 10**6


def measured(n, seed=0, parted=slice(0, 0)):
    """flow and power go together, noise does not; in `parted` they go against each other, each as far as ever."""
    rng = np.random.default_rng(seed)
    e = rng.normal(size=(n, 3))
    e[:, 1] = 0.95 * e[:, 0] + 0.3 * e[:, 1]
    e[parted, 1] *= -1
    return 50 + e * [1, 10, 3]


def named(row):
    return {name: None if np.isnan(value) else value for name, value in zip(FIELDS, row, strict=True)}


def records(values, first=0):
    bodies = [{"series": "p1", "time": 1e9 + 60 * (first + i), **named(row)} for i, row in enumerate(values.tolist())]
    return [
        Record(SOURCE.topic, SOURCE.partition, first + i, i, b"p1", json.dumps(body).encode())
        for i, body in enumerate(bodies)
    ]


def decoded(values, first=0) -> EventBatch:
    return codec.create(FEED).decode(SOURCE, records(values, first)).events


def of_joint(batch, results):
    return results[[field == JOINT for field in batch.fields]]


def rows(snapshots, engine):
    return {s.key: leaves(s.data, engine.model.row_dtype) for s in snapshots}


def test_every_record_has_a_joint_event_after_those_of_its_fields():
    values = measured(2)
    values[1, 0] = np.nan
    batch = decoded(values)
    assert batch.ids == ["p1:flow", "p1:power", "p1:noise", "p1:joint", "p1:power", "p1:noise", "p1:joint"]
    assert batch.offsets.tolist() == [0, 0, 0, 0, 1, 1, 1]
    assert np.isnan(batch.values[[3, 6]]).all()
    plain = FEED.model_copy(update={"joint": False})
    assert codec.create(plain).decode(SOURCE, records(values)).events.ids == [i for i in batch.ids if "joint" not in i]


def test_fields_that_part_while_each_stays_in_its_range_are_found_and_named():
    work = Pipeline(FeedEngine(FEED)).process(SOURCE, records(measured(1600, parted=slice(1500, 1530))))
    (emitted,) = work.emitted
    ids = np.array(emitted.ids)
    for field in FIELDS:
        own = emitted.results[ids == f"p1:{field}"]
        assert not (own["alert"][1500:] == OPENED).any(), field
    joint = emitted.results[ids == "p1:joint"]
    assert len(joint) == 1600 - 4  # nothing is expected of the first three, and no error known before the next
    begin = joint["time"][joint["alert"] == OPENED]
    assert len(begin)
    assert 0 <= begin[-1] - (1e9 + 60 * 1500) < 10 * 60
    quiet = joint[600:1400]
    assert (quiet["alert"] == OPENED).sum() <= 1
    assert np.median(quiet["value"]) == pytest.approx(0, abs=0.5)
    (alert,) = [a for a in emitted.alerts if a.series == "p1:joint" and a.begin == begin[-1] and a.change == "opened"]
    assert set(list(alert.fields)[:2]) == {"flow", "power"}
    assert alert.why.startswith(("flow and power do not go together", "power and flow do not go together"))
    assert "kW" not in alert.why
    written = [json.loads(o.value) for o in work.outputs if o.topic == "pumps.alerts"]
    assert [w["fields"] for w in written if w["series"] == "p1:joint" and w["change"] == "opened"][-1] == alert.fields
    assert all("fields" not in w for w in written if w["series"] != "p1:joint")
    names = [dict(o.headers)["ce_id"] for o in work.outputs if o.topic == "pumps.results"]
    assert len(set(names)) == len(names)


def test_a_field_far_off_alone_is_its_own_series_affair():
    values = measured(1500)
    values[1400, 2] += 60
    batch = decoded(values)
    results = FeedEngine(FEED).step(batch)
    joint = of_joint(batch, results)
    assert joint["value"][1400] < 2.0
    noise = results[[i == "p1:noise" for i in batch.ids]]
    assert noise["score"][1400] > 1.5


def test_how_it_is_cut_changes_nothing():
    values = measured(300)
    values[::5, 1] = np.nan
    whole, parts = FeedEngine(FEED), FeedEngine(FEED)
    together = whole.step(decoded(values))
    apart = [parts.step(decoded(values[k : k + 7], k)) for k in range(0, 300, 7)]
    assert b"".join(part.tobytes() for part in apart) == together.tobytes()
    assert rows(whole.snapshots(EVERYTHING), whole) == rows(parts.snapshots(EVERYTHING), parts)


@pytest.mark.parametrize("limit", [1, 2])
def test_its_rows_are_saved_together_and_go_on_where_they_were(limit):
    values = measured(200)
    values[::5, 1] = np.nan
    undisturbed, one, two = FeedEngine(FEED), FeedEngine(FEED), FeedEngine(FEED)
    undisturbed.step(decoded(values))
    one.step(decoded(values[:100]))
    saved = one.snapshots(limit)
    assert {s.key for s in saved} == {"p1:flow", "p1:power", "p1:noise", "p1:joint"}
    assert len(one.dirty) == 0
    one.step(decoded(values[100:150], 100))
    assert two.restore(saved) == (4, 0)
    replayed = two.step(decoded(values[50:], 50))  # from before what is saved
    assert (replayed["flags"] & SKIPPED).any()
    assert rows(two.snapshots(EVERYTHING), two) == rows(undisturbed.snapshots(EVERYTHING), undisturbed)


def test_feedback_on_one_of_them_saves_them_all_also_after_a_restart():
    one, two = FeedEngine(FEED), FeedEngine(FEED)
    one.step(decoded(measured(30)))
    two.restore(one.snapshots(EVERYTHING))
    two.heed(SOURCE, 30, Feedback("p1:power", "useless", 1e9, {"level": 1.0}))
    assert {s.key for s in two.snapshots(1)} == {"p1:flow", "p1:power", "p1:noise", "p1:joint"}


def test_feedback_in_between_leaves_the_shares_of_alerts_as_they_are():
    values = measured(1540, parted=slice(1500, 1530))
    whole = Pipeline(FeedEngine(FEED)).process(SOURCE, records(values))
    (request,) = requests(Feedback("nobody", "useful", 1e9, {}), [SOURCE])
    said = Record(SOURCE.topic, SOURCE.partition, 1540, 0, request.key, request.value, request.headers)
    heard = Pipeline(FeedEngine(FEED)).process(SOURCE, [*records(values), said])
    (plain,), (with_it,) = whole.emitted, heard.emitted
    assert any(a.series == "p1:joint" for a in plain.alerts)
    assert with_it.alerts == plain.alerts


def test_other_fields_start_anew():
    one = FeedEngine(FEED)
    one.step(decoded(measured(50)))
    saved = one.snapshots(EVERYTHING)
    other = FeedEngine(FEED.model_copy(update={"values": ("flow", "noise", "power")}))
    assert other.restore(saved) == (3, 1)
    assert other.describe("p1:joint")["events"] == 0
    without = FeedEngine(FEED.model_copy(update={"joint": False}))
    assert without.restore(saved) == (3, 1)


def test_a_slot_that_is_used_again_remembers_nothing():
    one, fresh = FeedEngine(FEED), FeedEngine(FEED)
    one.step(decoded(measured(100)))
    one.drop(SOURCE)
    assert one.step(decoded(measured(40, 1))).tobytes() == fresh.step(decoded(measured(40, 1))).tobytes()
    assert rows(one.snapshots(EVERYTHING), one) == rows(fresh.snapshots(EVERYTHING), fresh)


def test_one_field_at_a_time_says_nothing_together():
    values = measured(60)
    values[::2, :2] = np.nan
    values[1::2, 2] = np.nan
    values[1::2, 0] = np.nan
    batch = decoded(values)
    results = FeedEngine(FEED).step(batch)
    assert (of_joint(batch, results)["flags"] == REJECTED).all()
    (emitted,) = Pipeline(FeedEngine(FEED)).process(SOURCE, records(values)).emitted
    assert "p1:joint" not in emitted.ids


def test_what_is_declared_of_values_is_not_about_the_joint_series():
    feed = FeedSettings(
        name="f",
        values=["a", "b"],
        joint=True,
        options={"minimum": 0, "timezone": "Europe/Berlin", "direction": "down"},
        patterns=[{"match": "*", "maximum": 9, "cool_down": "1h"}, {"match": "*:joint", "min_effect": 0.5}],
    )
    assert feed.series_options("s:joint") == SeriesOptions(
        timezone="Europe/Berlin", cool_down=3600.0, min_effect=0.5, direction="up"
    )
    assert feed.series_options("s:a").maximum == 9
    plain = FeedSettings(name="f", options={"minimum": 0})
    assert plain.series_options("s:joint") == SeriesOptions(minimum=0)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, "joint needs 2 to 16 fields in values"),
        ({"values": ["a"]}, "joint needs 2 to 16 fields in values"),
        ({"values": [str(k) for k in range(17)]}, "joint needs 2 to 16 fields in values"),
        ({"values": ["a", "joint"]}, "no field can be called 'joint'"),
    ],
)
def test_mistakes(settings, words):
    with pytest.raises(ValidationError, match=words):
        FeedSettings(name="f", joint=True, **settings)


def test_words():
    assert field_shares(["a", "b", "c"], [0.2, -0.1, 0.9]) == {"c": 0.9, "a": 0.2}
    assert why_joint({"a": 1.0}, 3.0, np.nan) == "a does not go with the others: 8 deviations off"
    assert why_joint({}, 1.0, 1.0) == "the fields do not go together: 2 deviations off, expected up to 2"
