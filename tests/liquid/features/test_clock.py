import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liquid.features.clock import CLOCK, MAX_CELLS, advance
from tests.liquid.checks import not_finite, record
from tests.liquid.naive.clock import Clock
from tests.liquid.odd import STREAMS, relaxed, stream
from tests.liquid.tolerances import DOUBLE


def assert_alike(clock: np.void, twin: Clock) -> None:
    assert (clock["cells"], clock["events"], clock["clamped"]) == (twin.cells, twin.events, twin.clamped)
    for name in ("time", "decile", "unit"):
        assert clock[name] == pytest.approx(getattr(twin, name), rel=DOUBLE), name


@pytest.mark.parametrize("name", STREAMS)
def test_equals_twin(name: str) -> None:
    clock, twin = record(CLOCK), Clock()
    for time in stream(name, 400)[0]:
        assert advance(clock, time) == twin.advance(time)
    assert_alike(clock, twin)


gaps = st.sampled_from((0.0, 5e-324, 1e-12, 0.5, 1.0, 1.0, 1.0, 3.0, 1e7, 1e12, -1.0, -1e9))


@relaxed
@given(st.sampled_from((0.0, 1.7e9, -1e15, 9e14)), st.lists(gaps, max_size=150))
def test_odd_times_equal_twin_and_stay_finite(start: float, gaps: list[float]) -> None:
    clock, twin = record(CLOCK), Clock()
    for time in start + np.cumsum([0.0, *gaps]):
        gap, cells = advance(clock, time)
        assert (gap, cells) == twin.advance(time)
        assert 0 <= gap < np.inf
        assert 0 <= cells <= MAX_CELLS
    assert_alike(clock, twin)
    assert not_finite(clock) == []
    assert (clock["unit"] > 0) == (clock["events"] > clock["clamped"] + 1)


@pytest.mark.parametrize("lost", [0.0, 0.3, 0.6])
@pytest.mark.parametrize("jitter", [0.0, 0.02])
def test_unit_is_the_gap_of_a_series_without_lost_events(lost: float, jitter: float) -> None:
    rng = np.random.default_rng(1)
    t = 1e9 + 15.0 * np.arange(3000)
    t += 15 * jitter * rng.uniform(-1, 1, len(t))
    clock = record(CLOCK)
    for time in t[rng.random(len(t)) >= lost]:
        advance(clock, time)
    assert clock["unit"] == pytest.approx(15, rel=0.02)
    assert clock["cells"] == pytest.approx(3000, rel=0.02)


def test_time_that_stands_still_or_runs_back_is_counted_and_changes_nothing_else() -> None:
    clock = record(CLOCK)
    for time in (100.0, 110.0, 120.0):
        advance(clock, time)
    before = clock.copy()
    assert advance(clock, 120.0) == (0.0, 0)
    assert advance(clock, 50.0) == (0.0, 0)
    assert (clock["events"], clock["clamped"]) == (5, 2)
    for name in ("time", "decile", "unit", "cells"):
        assert clock[name] == before[name]
