import pytest

from tests.stream.api.conftest import SPIKED, START, wave

PATH = "/v1/series/JFK%2FAA%201/scores"


def test_columns_oldest_first(running):
    answer = running.get(PATH)
    assert (answer["series"], answer["feed"]) == (SPIKED, "flights")
    assert answer["time"] == [START + 60 * i for i in range(620)]
    assert answer["value"] == [wave(i) for i in range(620)]
    assert {len(column) for name, column in answer.items() if name not in ("series", "feed")} == {620}
    assert answer["expected"][0] is None
    assert answer["score"][560] >= 1
    assert answer["severity"][560] != "none"


@pytest.mark.parametrize(
    ("query", "first", "count"),
    [
        ({"limit": 3}, 617, 3),
        ({"since": START + 600}, 10, 610),
        ({"until": START + 600}, 0, 11),
        ({"since": START + 60, "until": START + 300, "limit": 2}, 4, 2),
        ({"since": (START + 60) * 1000}, 1, 619),
        ({"since": "2013-02-04T17:47:40Z"}, 1, 619),
        ({"since": "2013-02-04T18:47:40+01:00"}, 1, 619),
        ({"until": "2013-02-04T18:47:40 01:00"}, 0, 2),  # a + that was not encoded
        ({"since": START + 1e6}, None, 0),
        ({"since": START + 600, "until": START}, None, 0),
    ],
)
def test_ranges(running, query, first, count):
    answer = running.get(PATH, **query)
    assert len(answer["time"]) == count
    assert answer["time"][:1] == ([] if first is None else [START + 60 * first])


@pytest.mark.parametrize(
    "query", ["since=yesterday", "since=nan", "until=inf", "until=-1", "since=", "limit=0", "limit=1e9"]
)
def test_bad_ranges_are_explained(running, query):
    assert running.refused(422, f"{PATH}?{query}")["errors"][0]["where"].split(".")[1] == query.split("=")[0]
