import pytest
from pydantic import ValidationError

from liquid import SeriesOptions
from stream.config import FeedSettings, LogSettings, ModelSettings, Settings


def feed(**settings):
    return FeedSettings(name="f", **settings)


def test_defaults():
    settings = Settings(feeds=[{"name": "f"}])
    one = settings.feed("f")
    assert one.topics == ("f",)
    assert (one.results, one.forecasts, one.alerts, one.drift) == ("f.results", "f.forecasts", "f.alerts", "f.drift")
    assert one.dlq == "f.dlq"
    assert one.horizons == (3600.0, 86400.0)
    assert settings.transport.kind == "sqlite"
    assert settings.transport.options == {}


def test_kinds_keep_their_own_options():
    settings = Settings(feeds=[{"name": "f"}], sources=[{"kind": "psutil", "feed": "f", "every": "2s"}])
    assert settings.sources[0].options == {"every": "2s"}


def test_the_environment_is_left_to_the_loader(monkeypatch):
    monkeypatch.setenv("LIQUIDSTREAM__API__PORT", "1")
    assert Settings(feeds=[{"name": "f"}]).api.port == 8080


def test_unknown_feed():
    with pytest.raises(KeyError):
        Settings(feeds=[{"name": "f"}]).feed("g")


def test_a_models_settings_are_checked_by_the_model():
    with pytest.raises(ValidationError, match="bank must be one of"):
        ModelSettings(bank="huge")
    assert ModelSettings(bank="none").config((1.0, 2.0)).horizons == (1.0, 2.0)


def test_json_logs():
    assert LogSettings.model_validate({"json": True}).as_json


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"name": "a.b"}, "only letters"),
        ({"name": ""}, "at least 1"),
        ({"format": "xml"}, "not a format"),
        ({"series": "fixed"}, "names no field"),
        ({"values": []}, "at least one field"),
        ({"values": ["x", "x"]}, "none twice"),
        ({"horizons": []}, "1 to 4"),
        ({"horizons": [1, 2, 3, 4, 5]}, "1 to 4"),
        ({"horizons": ["1d", "1h"]}, "ascend"),
        ({"horizons": ["1h", "60m"]}, "ascend"),
        ({"horizons": [0]}, "longer than zero"),
        ({"horizons": ["soon"]}, "is not a duration"),
        ({"horizon": ["1h"]}, "Extra inputs"),
    ],
)
def test_mistakes_in_a_feed(settings, words):
    with pytest.raises(ValidationError, match=words):
        FeedSettings(**{"name": "f", **settings})


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"feeds": []}, "at least one feed"),
        ({"feeds": [{"name": "f"}, {"name": "f", "topics": ["x"]}]}, "two feeds are called 'f'"),
        ({"feeds": [{"name": "f"}, {"name": "g", "topics": ["f"]}]}, "topic 'f' belongs to two feeds"),
        ({"feeds": [{"name": "f"}, {"name": "g", "topics": ["f.results"]}]}, "cannot be one of its inputs"),
        ({"feeds": [{"name": "f"}], "sources": [{"kind": "psutil", "feed": "g"}]}, "not among the feeds"),
    ],
)
def test_mistakes_between_feeds(settings, words):
    with pytest.raises(ValidationError, match=words):
        Settings(**settings)


def test_options_of_a_series_come_from_its_feed_and_the_patterns_that_match():
    feed = FeedSettings(
        name="f",
        options={"minimum": 0},
        patterns=[
            {"match": "*:percent", "maximum": 100},
            {"match": "a:*", "minimum": None},
            {"match": "a:percent", "maximum": 50},
        ],
    )
    assert feed.series_options("b:size") == SeriesOptions(minimum=0)
    assert feed.series_options("b:percent") == SeriesOptions(minimum=0, maximum=100)
    assert feed.series_options("a:percent") == SeriesOptions(maximum=50)


def test_periods_are_written_as_lengths_of_time():
    feed = FeedSettings(
        name="f", options={"periods": ["12h", "7d"], "timezone": "UTC"}, patterns=[{"match": "n", "integer": True}]
    )
    assert feed.series_options("a") == SeriesOptions(periods=(43200.0, 604800.0), timezone="UTC")
    assert feed.series_options("n") == SeriesOptions(periods=(43200.0, 604800.0), timezone="UTC", integer=True)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"options": {"minimum": 2, "maximum": 1}}, "minimum must be below maximum"),
        (
            {"options": {"minimum": 2}, "patterns": [{"match": "*", "maximum": 1}]},
            r"pattern '\*'.*minimum must be below",
        ),
        ({"patterns": [{"match": "", "maximum": 1}]}, "at least 1 character"),
        ({"options": {"min_effect": -1}}, "min_effect must be a finite number from 0 on, not -1"),
        ({"options": {"direction": "sideways"}}, "'up', 'down' or 'both'"),
        ({"options": {"range": [3, 2]}}, "range must be two finite numbers, the lower one first, not 3 and 2"),
        ({"options": {"range": [3]}}, "Field required"),
        ({"options": {"cool_down": "a while"}}, "is not a duration"),
        ({"options": {"maximun": 2}}, "Extra inputs are not permitted"),
        ({"options": {"timezone": "Berlin"}}, "there is no time zone 'Berlin'"),
        ({"options": {"periods": ["0s"]}}, "must be longer than zero"),
        ({"options": {"periods": ["1h", "2h", "3h"]}}, "one or two periods"),
    ],
)
def test_mistakes_in_options(settings, words):
    with pytest.raises(ValidationError, match=words):
        FeedSettings(name="f", **settings)


def test_options_of_alerts_are_read_as_people_write_them():
    feed = FeedSettings(
        name="f",
        options={"cool_down": "30m", "range": [2, 8]},
        patterns=[{"match": "*:door", "direction": "up", "min_effect": 0.5, "cool_down": "1h"}],
    )
    assert feed.series_options("a") == SeriesOptions(cool_down=1800.0, range=(2.0, 8.0))
    assert feed.series_options("a:door") == SeriesOptions(
        direction="up", min_effect=0.5, cool_down=3600.0, range=(2.0, 8.0)
    )
