import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liquid.results import EVIDENCE
from stream.explain import WORDS, number, why


def shares(**groups: float) -> list[float]:
    return [groups.get(name, 0.0) for name in EVIDENCE]


def test_every_group_of_evidence_has_words():
    assert set(WORDS) == set(EVIDENCE)


@pytest.mark.parametrize(
    ("evidence", "numbers", "sentence"),
    [
        (
            shares(shape=0.5, level=0.3, gap=0.2),
            (41, 14, 6.2, 22.4, 1, "min"),
            "41 min, expected 6 to 22; mostly shape of the last cycles and level",
        ),
        (shares(gap=1.0), (0.5, 0.5, 0.4, 0.6, 0, None), "0.5, expected 0.4 to 0.6; mostly the wait between events"),
        (
            shares(level=0.4, trend=0.15, shape=0.25, gap=0.2),
            (1, 0, -1, 0.5, 1, None),
            "1, expected -1 to 0.5; mostly level and shape of the last cycles",
        ),
        (
            shares(level=0.25, trend=0.25, shape=0.25, gap=0.25),
            (3, 0, -1, 1, 1, None),
            "3, expected -1 to 1; mostly level, trend and the wait between events",
        ),
        (shares(level=1), (16.666667, 0, 0, 7.1e-8, 1, "%"), "16.67 %, expected 0; mostly level"),
        (shares(), (3, 1.5, math.nan, math.nan, 1, "V"), "3 V, expected about 1.5"),
        (shares(), (3, math.nan, math.nan, math.nan, -1, None), "3, lower than usual"),
        (shares(flatline=1), (5, 5, 5, 5, 0, "°C"), "5 °C, expected 5; mostly no change at all"),
    ],
)
def test_sentences(evidence, numbers, sentence):
    assert why(evidence, *numbers) == sentence


@pytest.mark.parametrize(
    ("value", "width", "text"),
    [
        (1234567.8, 20000, "1,234,600"),
        (1234567.8, 2, "1,234,568"),
        (28485353.0, 2.3e8, "28,000,000"),
        (123456.0, 0, "123,000"),
        (7e-8, 7.1e-8, "7e-08"),
        (7e-8, 20, "0"),
        (0.123456, 0.05, "0.123"),
        (1e-7, 0, "1e-07"),
        (0, 0, "0"),
        (-0.001, 5, "0"),
        (math.inf, 1, "unknown"),
        (2e20, 1, "2e+20"),
        (12.0, 1.0, "12"),
    ],
)
def test_numbers(value, width, text):
    assert number(value, width) == text


@given(
    st.lists(st.floats(width=32), max_size=12),
    *(st.floats() for _ in range(4)),
    st.sampled_from([-1, 0, 1]),
    st.none() | st.text(max_size=5),
)
def test_any_input_gives_one_line(evidence, value, expected, lower, upper, direction, unit):
    sentence = why(evidence, value, expected, lower, upper, direction, unit)
    assert sentence
    assert "nan" not in sentence.replace(str(unit), "")
