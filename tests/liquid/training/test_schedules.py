from itertools import pairwise
from math import cos, pi

import pytest

from liquid.training import Constant, Cosine, Exponential, Schedule, Staircase


@pytest.mark.parametrize("schedule", [Constant(warmup=4), Cosine(warmup=4), Exponential(warmup=4), Staircase(warmup=4)])
def test_a_warm_up_rises_in_a_line(schedule: Schedule) -> None:
    assert [schedule.factor(step, 20) for step in range(5)] == [0.25, 0.5, 0.75, 1, 1]


def test_constant() -> None:
    assert {Constant().factor(step, 9) for step in range(12)} == {1.0}


def test_cosine() -> None:
    schedule = Cosine(warmup=2, floor=0.1)
    for step in range(2, 12):
        want = 0.1 + 0.9 * 0.5 * (1 + cos(pi * (step - 2) / 10))
        assert schedule.factor(step, 12) == pytest.approx(want, rel=1e-15)
    assert schedule.factor(12, 12) == schedule.factor(99, 12) == pytest.approx(0.1)


def test_exponential() -> None:
    values = [Exponential(final=0.1).factor(step, 10) for step in range(11)]
    assert values[0] == 1
    assert values[10] == pytest.approx(0.1)
    for before, after in pairwise(values):
        assert after / before == pytest.approx(0.1**0.1)


def test_staircase() -> None:
    values = [Staircase(drop=0.5, stairs=3).factor(step, 7) for step in range(8)]
    assert values == [1, 1, 1, 0.5, 0.5, 0.25, 0.25, 0.25]


def test_a_training_of_warm_up_only() -> None:
    assert Cosine(warmup=5).factor(4, 5) == 1
    assert Cosine(warmup=5).factor(5, 5) == 1


@pytest.mark.parametrize(
    ("kind", "values", "message"),
    [
        (Constant, {"warmup": -1}, "warmup is -1"),
        (Exponential, {"final": 0.0}, "final is 0.0"),
        (Staircase, {"stairs": 0}, "stairs is 0"),
    ],
)
def test_bad_settings(kind: type[Schedule], values: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        kind(**values)
