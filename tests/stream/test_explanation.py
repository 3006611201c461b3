import msgspec
import numpy as np
import pytest

from liquid.results import OPENED
from stream.codec import create
from stream.config import FeedSettings
from stream.engine import FeedEngine
from stream.events import EventBatch
from stream.explanation import explained, similar
from stream.explanation_text import quiet, sentences
from stream.history import History
from stream.transport.base import TopicPartition
from tests.stream.test_history import change

A = TopicPartition("f", 0)


class Stream:
    """An engine and its history, fed as the service does it."""

    def __init__(self, per_series: int = 2000, **feed: object) -> None:
        self.feed = FeedSettings.model_validate({"name": "f", "unit": "V", "horizons": ["1m"], **feed})
        self.engine, self.history = FeedEngine(self.feed), History(per_series)
        self.codec = create(self.feed)
        self.count = 0

    def take(self, values: np.ndarray, save: bool = True) -> np.ndarray:
        n = len(values)
        offsets = np.arange(self.count, self.count + n)
        events = EventBatch(A, ["s"] * n, [""] * n, 60.0 * offsets, np.asarray(values, float), offsets)
        self.count += n
        out = self.engine.step(events)
        self.history.add("f", events.ids, out, self.codec.alerts(events, out)[1])
        if save:
            self.engine.snapshots(10)
        return out

    def ask(self, event: int | None = None):
        return explained(self.engine, self.history, self.feed, "s", None if event is None else 60.0 * event)


def noise(n: int, seed: int = 12) -> np.ndarray:
    return 50 + np.random.default_rng(seed).normal(size=n)


def spiked(stream: Stream, quiet: int, after: int = 0) -> int:
    """Quiet events, one that opens an alert, some more; gives the number of the alert."""
    for part in np.split(noise(quiet), range(100, quiet, 100)):
        stream.take(part)
    assert stream.take(np.array([95.0]))["alert"].tolist() == [OPENED]
    for part in np.split(noise(after, 2), range(100, after, 100)) if after else ():
        stream.take(part)
    return quiet


def test_the_state_before_an_alert_stays_when_newer_ones_are_saved():
    stream = Stream(per_series=1000)
    at = spiked(stream, 600, after=800)
    found = stream.ask(at)
    assert found.exact  # though the first 401 results are gone
    assert (found.learned_from, found.events) == (600, 601)
    assert found.episode.begin == 60.0 * at
    assert found.found.alerts
    assert stream.ask().exact


def test_without_a_saved_row_the_kept_results_stand_in_and_it_says_so():
    stream = Stream(per_series=192)
    stream.take(noise(900), save=False)
    found = stream.ask()
    assert not found.exact
    assert found.learned_from < 192
    known = "What it would have taken is not known" if found.found is None else "The state that met it is not kept"
    assert any(text.startswith(known) for text in sentences(found))


def test_rows_are_made_again_from_nothing_where_all_results_are_kept():
    stream = Stream()
    stream.take(noise(300), save=False)
    found = stream.ask(250)
    assert found.exact
    assert (found.learned_from, found.events) == (250, 251)


def test_another_worker_has_the_state():
    stream = Stream()
    stream.take(noise(20))
    stream.engine.drop_all()
    found = stream.ask()
    assert (found.found, found.exact, found.shares) == (None, False, {})
    assert quiet(found) == []
    assert sentences(found)[0].startswith(f"{found.row['value']:.1f}"[:2])


def test_nothing_is_known_of_an_unknown_series():
    assert Stream().ask() is None


def test_what_is_declared_keeps_it_quiet():
    stream = Stream(options={"min_effect": 60, "direction": "down", "cool_down": "1d"})
    for part in np.split(noise(600), range(100, 600, 100)):
        stream.take(part)
    stream.take(np.array([95.0]))
    texts = quiet(stream.ask())
    assert any("alert needs 60 V (min_effect)" in text for text in texts)
    assert any(text == "Only values below what was expected alert (direction)." for text in texts)


def test_a_value_outside_its_range_says_so():
    stream = Stream(options={"range": [0, 90]})
    stream.take(np.append(noise(100), 95.0))
    found = stream.ask()
    assert found.found.alerts
    assert "It is outside its declared range, 0 to 90, where a value always alerts." in sentences(found)
    assert 89 < found.found.quiet_at <= 90
    assert not any("range" in text for text in sentences(stream.ask(99)))


def test_what_cools_down_says_until_when():
    stream = Stream(options={"cool_down": "1d"})
    at = spiked(stream, 600, after=100)
    texts = quiet(stream.ask())
    assert any("no other one opens until 1970-01-02" in text for text in texts), texts
    assert any(text.startswith("Recent alerts raise the line by ") for text in texts)
    assert stream.ask(at).found.line.rests_until is None


def test_similar_alerts_share_evidence_direction_and_size():
    of = {"level": 0.8, "shape": 0.2}
    history = History()
    blank = np.zeros(0, FeedEngine(FeedSettings(name="f", horizons=[60])).model.result_dtype)

    def alert(begin, **more):
        return history.fill("f", [], blank, [msgspec.structs.replace(change("s", "opened", begin), **more)])[0]

    same = alert(1.0, shares=of, direction="above", peak=2.0)
    lower = alert(2.0, shares=of, direction="below", peak=2.0)
    gap = alert(3.0, shares={"gap": 1.0}, direction="above", peak=2.0)
    small = alert(4.0, shares=of, direction="above", peak=1.0)
    found = similar(of, "above", 2.0, [gap, lower, small, same])
    assert [one.episode.begin for one in found] == [1.0, 4.0, 2.0]
    assert [one.distance for one in found] == pytest.approx([0.0, 0.125, 0.25])
    assert similar({}, "above", 2.0, [same]) == []
