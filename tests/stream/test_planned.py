from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from liquid.special_days import Special
from stream.config import FeedSettings
from stream.planned import planned


@pytest.fixture
def file(tmp_path):
    def write(text):
        path = tmp_path / f"{abs(hash(text))}.csv"
        path.write_text(text)
        return path

    return write


def test_lines_are_times_on_the_zones_clock(file):
    path = file(
        "begin,end,name,like\n"
        "2025-12-24T14:00,2025-12-25,Christmas Eve,saturday\n"
        '2025-10-26, 2025-10-27, "a day, 25 hours long",\n'
        "2025-01-01T00:00Z,2025-01-01T01:00+00:00,,Monday\n"
    )
    berlin = ZoneInfo("Europe/Berlin")

    def at(*when):
        return datetime(*when, tzinfo=berlin).timestamp()

    assert planned(path, "Europe/Berlin") == (
        Special(at(2025, 12, 24, 14), at(2025, 12, 25), 5),
        Special(at(2025, 10, 26), at(2025, 10, 26) + 25 * 3600, 6),
        Special(at(2025, 1, 1, 1), at(2025, 1, 1, 2), 0),
    )
    assert planned(file("end,begin\n1970-01-02,1970-01-01\n"), None) == (Special(0.0, 86400.0, 6),)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "the first line names the columns begin, end, name, like"),
        ("begin,until\n", "the first line names the columns"),
        ("begin,end\n2025-01-01,soon\n", "line 2: begin and end are times like"),
        ("begin,end\n2025-01-01\n", "line 2: begin and end are times like"),
        ("begin,end\n2025-01-02,2025-01-01\n", "line 2: an event ends after it begins"),
        ("begin,end,like\n2025-01-01,2025-01-02,holiday\n", "line 2: like is a weekday, monday to sunday"),
    ],
)
def test_mistakes_say_where(file, text, words):
    with pytest.raises(ValueError, match=words):
        planned(file(text), None)


def test_a_feed_reads_its_file_when_it_is_configured(file, tmp_path):
    path = file("begin,end\n2025-01-01,2025-01-02\n")
    feed = FeedSettings(name="f", options={"events": str(path)}, patterns=[{"match": "b", "timezone": "Asia/Tokyo"}])
    begin = feed.series_options("a").events[0].begin
    assert feed.series_options("b").events[0].begin == begin - 9 * 3600
    with pytest.raises(ValidationError, match="No such file"):
        FeedSettings(name="f", options={"events": str(tmp_path / "none.csv")})
