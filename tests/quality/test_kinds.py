"""Series of other kinds: what they are, and that they are measured."""

import numpy as np
import pytest

from benchmarks.quality import happenings, kinds, page
from benchmarks.quality.kind_streams import MADE, seeded, shipped
from benchmarks.quality.methods import OURS


@pytest.mark.parametrize("name", MADE)
def test_streams_are_as_long_as_said_and_repeat_by_seed(name: str) -> None:
    t, v = seeded(name, 3)
    assert len(t) == len(v) == MADE[name].events
    assert np.isfinite(t).all()
    assert np.isfinite(v).all()
    again, other = seeded(name, 3), seeded(name, 4)
    assert np.array_equal(t, again[0])
    assert np.array_equal(v, again[1])
    assert not np.array_equal(v, other[1])
    steps = np.diff(t)
    if name == "disordered, twice":
        assert (steps < 0).any()
        assert (steps == 0).any()
    else:
        assert (steps > 0).all()


def test_shipped_series_run_forward() -> None:
    found = list(shipped())
    assert len({name for name, _, _ in found}) == len(found) > 10
    for name, t, v in found:
        assert len(t) == len(v) > 100, name
        assert (np.diff(t) > 0).all(), name
        assert np.isfinite(v).all(), name


def test_a_kind_is_measured_beside_the_baselines() -> None:
    (row,) = kinds.rows(1, ["days with a week, short"])
    assert [c.horizon for c in row.cells] == [0, 1, 2, 3]
    assert all(set(c.rmae) == {OURS, *kinds.QUICK} for c in row.cells)
    assert row.best >= 0.5
    error, best, name, *others = row.figures()
    assert (float(error), float(best)) == pytest.approx((0.4, row.best), abs=0.2)
    assert name.split(" .")[0] in kinds.QUICK
    assert others == ["–"] * 4  # too short for any of these


def test_what_happens_in_a_series_is_looked_for() -> None:
    rng = np.random.default_rng(0)
    t, v = 300.0 * np.arange(happenings.EVENTS), rng.normal(size=happenings.EVENTS)
    assert kinds.found(t, v, "level up by 3", 0) == dict.fromkeys((OURS, f"{OURS}, notified", *kinds.SCORERS), True)
    assert not kinds.found(t, np.zeros(len(v)), "gap of 100 events", 0)["rolling robust z"]


def test_page_has_a_place_for_the_tables() -> None:
    assert "kinds table" in page.replaced(page.PAGE.read_text(), "kinds", "kinds table")
