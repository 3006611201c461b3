import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.units import duration, seconds


@pytest.mark.parametrize(
    ("text", "value"),
    [("90s", 90), ("5m", 300), ("1h30m", 5400), ("1d", 86400), ("250ms", 0.25), ("2w", 1209600), (7, 7), (0.5, 0.5)],
)
def test_seconds(text, value):
    assert seconds(text) == value


@pytest.mark.parametrize("text", ["", "5", "m", "5 m", "-1s", "1y", "1h 30m", True, None, [], "1hour"])
def test_what_is_not_a_duration(text):
    with pytest.raises(ValueError, match="is not a duration"):
        seconds(text)


@pytest.mark.parametrize(
    ("value", "text"),
    [(3600, "1h"), (5400, "1h30m"), (86400, "1d"), (90061, "90061s"), (0.25, "250ms"), (1.5, "1.5s"), (0, "0s")],
)
def test_duration(value, text):
    assert duration(value) == text


@given(st.integers(1, 10**9))
def test_there_and_back(value):
    assert seconds(duration(value)) == value
