from stream.episodes import Episodes
from tests.stream.test_history import change


def test_an_episode_is_opened_escalated_and_closed():
    episodes = Episodes(10)
    opened = episodes.apply("f", change("a", "opened", 1.0, peak=1.2, why="first"))
    assert (opened.end, opened.why, len(opened.id)) == (None, "first", 16)
    escalated = episodes.apply("f", change("a", "escalated", 1.0, 4.0, peak=3.0, severity="major", why="worse"))
    assert (escalated.id, escalated.begin, escalated.severity, escalated.why) == (opened.id, 1.0, "major", "worse")
    closed = episodes.apply("f", change("a", "closed", 1.0, 9.0, peak=3.0, severity="none", why="over"))
    assert (closed.end, closed.peak, closed.severity, closed.why) == (9.0, 3.0, "major", "worse")
    assert episodes.open() == 0
    assert list(episodes) == [closed]


def test_the_time_when_somebody_was_told_stays():
    episodes = Episodes(10)
    assert episodes.apply("f", change("a", "opened", 1.0, peak=2.0)).notified is None
    told = episodes.apply("f", change("a", "notified", 1.0, 3.0, peak=2.0, notify=True))
    assert (told.notified, told.end) == (3.0, None)
    for kind, peak in (("escalated", 4.0), ("closed", 4.0)):
        assert episodes.apply("f", change("a", kind, 1.0, 5.0, peak=peak)).notified == 3.0
    assert episodes.apply("f", change("b", "opened", 1.0, notify=True)).notified == 1.0


def test_a_missed_closing_ends_where_the_next_begins():
    episodes = Episodes(10)
    episodes.apply("f", change("a", "opened", 1.0))
    episodes.apply("f", change("a", "opened", 8.0))
    assert [(e.begin, e.end) for e in episodes] == [(1.0, 8.0), (8.0, None)]
    assert episodes.open() == 1


def test_a_missed_opening_is_made_up_for():
    episodes = Episodes(10)
    episodes.apply("f", change("a", "escalated", 1.0, 3.0))
    episodes.apply("f", change("b", "closed", 1.0, 3.0))
    assert [(e.series, e.begin, e.end) for e in episodes] == [("a", 1.0, None), ("b", 1.0, 3.0)]


def test_applying_the_same_changes_again_changes_nothing():
    once, twice = Episodes(10), Episodes(10)
    changes = [change("a", "opened", 1.0), change("a", "closed", 1.0, 5.0), change("a", "opened", 9.0)]
    for one in changes:
        once.apply("f", one)
    for one in changes + changes:
        twice.apply("f", one)
    assert {e.id: e for e in twice} == {e.id: e for e in once}
    assert twice.open_of("f", "a") == once.open_of("f", "a")


def test_the_same_series_of_two_feeds_are_two():
    episodes = Episodes(10)
    a, b = (episodes.apply(feed, change("a", "opened", 1.0)) for feed in "fg")
    assert a.id != b.id
    assert (episodes.open(), episodes.open("f"), episodes.open("h")) == (2, 1, 0)


def test_closed_ones_are_forgotten_first():
    episodes = Episodes(3)
    episodes.apply("f", change("open", "opened", 0.0))
    for k in range(1, 6):
        episodes.apply("f", change("a", "opened", float(k)))
        episodes.apply("f", change("a", "closed", float(k), k + 0.5))
    assert [(e.series, e.begin) for e in episodes] == [("open", 0.0), ("a", 4.0), ("a", 5.0)]
    for k in range(4):
        episodes.apply("f", change(f"b{k}", "opened", 9.0))
    assert len(episodes) == 3
    assert episodes.open() == 3
    assert episodes.open_of("f", "open") is None


def test_a_peak_between_changes_raises_only_the_open_episode_it_belongs_to():
    episodes = Episodes(10)
    episodes.apply("f", change("a", "opened", 5.0, peak=1.2, severity="warning"))
    episodes.raise_peak("f", "a", 4.0, 9.0)  # of an earlier one
    episodes.raise_peak("f", "b", 6.0, 9.0)
    assert episodes.open_of("f", "a").peak == 1.2
    episodes.raise_peak("f", "a", 6.0, 2.6)
    episodes.raise_peak("f", "a", 7.0, 1.9)
    now = episodes.open_of("f", "a")
    assert (now.peak, now.peak_time, now.severity) == (2.6, 6.0, "critical")
