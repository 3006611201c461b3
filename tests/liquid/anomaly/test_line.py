import math

import numpy as np
import pytest

from liquid.anomaly import line
from liquid.anomaly.line import EVERY, LEARNING, LINE, STATE
from tests.liquid.checks import not_finite, record
from tests.liquid.naive.line import Line

OLD = 10_000


def lines(evidence: np.ndarray, first: int = OLD, values: np.ndarray | None = None) -> tuple[np.void, np.ndarray]:
    """Of evidence at values that never come again, where none are given."""
    state = record(STATE)
    values = np.arange(len(evidence)) if values is None else values
    events = enumerate(zip(evidence, values, strict=True))
    return state, np.array([line.observe(state, float(g), float(v), first + k) for k, (g, v) in events])


@pytest.mark.parametrize("scale", [0.5, 1.0, 1e30])
def test_equals_twin(scale: float) -> None:
    evidence = np.random.default_rng(0).exponential(scale * LINE, 5000) * (np.arange(5000) % 900 < 300)
    evidence[2000:2700] = 20 * LINE  # longer than the longest crossing
    values = np.round(np.random.default_rng(1).normal(size=5000)) * 1e99
    state, mine = lines(evidence, first=0, values=values)
    twin = Line()
    expected = [twin.observe(g, v, n) for n, (g, v) in enumerate(zip(evidence, values, strict=True))]
    np.testing.assert_allclose(mine, expected, rtol=1e-5)
    assert bool(state["crossed"]) == (twin.crossing is not None)
    assert not_finite(state) == []


def test_a_series_without_crossings_has_the_common_line_when_it_is_old() -> None:
    young = lines(np.zeros(3000), first=0)[1] / LINE
    assert young[0] == pytest.approx(2, abs=0.01)
    assert (np.diff(young) <= 0).all()
    assert young[LEARNING] < 1.1
    assert young[-1] == pytest.approx(1, abs=1e-6)


def test_many_crossings_raise_the_line_for_a_while() -> None:
    rising = np.tile(np.append([1.1 * LINE], np.zeros(99)), 6)
    _, high = lines(np.concatenate((rising, np.zeros(6000))))
    assert (np.diff(high[:600:100]) > 0).sum() == 1  # the second 1.1 no longer reaches it
    assert high[150] > 1.1 * LINE
    assert high[-1] == pytest.approx(LINE, rel=0.01)


def test_a_strong_crossing_raises_it_more_but_not_without_bound() -> None:
    own = [float(lines(np.array([g * LINE]))[0]["own"]) for g in (1.0, 2.0, 3.0, 100.0, math.inf)]
    assert own[0] < own[1] < own[2] == own[3] == own[4] < 0.3


def test_a_value_that_crosses_it_again_raises_it_faster() -> None:
    evidence = np.tile(np.append([2.0 * LINE], np.zeros(199)), 3)
    places = np.array([0, 200, 400])

    def own(*values: float) -> float:
        every = np.arange(len(evidence)) + 0.5
        every[places] = values
        return float(lines(evidence, values=every)[0]["own"])

    assert own(1.0, 1.0, 1.0) > own(1.0, 2.0, 2.0) > own(1.0, 2.0, 1.0) == own(1.0, 2.0, 3.0)


@pytest.mark.parametrize("law", ["exponential", "pareto"])
def test_no_series_crosses_its_line_more_often_than_stated_in_the_long_run(law: str) -> None:
    """Evidence that crosses the common line ten times as often as it should."""
    rng = np.random.default_rng(0)
    n = 60_000
    g = rng.exponential(1.4, n) if law == "exponential" else rng.pareto(3.0, n) * 0.7
    assert (g >= LINE).mean() > 4 / EVERY
    _, at = lines(g)
    late = slice(n // 2, None)
    above = np.flatnonzero(g[late] >= at[late])
    crossings = (np.diff(above, prepend=-1000) > line.QUIET).sum()
    assert 0.3 < crossings / (n / 2 / EVERY) < 1.6
