import numpy as np
import pytest

from liquid.features import analog, rings
from liquid.features.analog import DETAILS
from liquid.features.rings import STEPS, rings_dtype, scratch
from liquid.tiers import TIERS
from tests.liquid.checks import record
from tests.liquid.naive import analog as naive
from tests.liquid.naive.rings import Rings
from tests.liquid.tolerances import SHAPE

LEVELS, LENGTH, AHEAD = TIERS["full"][:3]
DISTANCES = (0.0, 0.01, 1.0, 1.9, 2.0, 3.7, 8.0, 24.0, 100.0, 8191.0, 1e6, 1e24)


def both(cells: int) -> tuple[np.void, Rings]:
    rng = np.random.default_rng(cells)
    values = np.sin(np.arange(cells) / 9) + 0.2 * rng.normal(size=cells)
    r, twin = record(rings_dtype(LEVELS, LENGTH, AHEAD)), Rings(LEVELS, LENGTH)
    r["distance"] = -1
    work = scratch(LENGTH)
    for k, v in enumerate(values):
        fresh = rings.push(r, k, v, v, 1, 0.0, 1.0)
        twin.push(v, v, 1, 0.0, 1.0)
        for level in range(LEVELS):
            if fresh & 1 << level and twin.level[level].enough and k > cells - 40:
                rings.search(r, level, STEPS, work)
                twin.level[level].search(STEPS)
    return r, twin


@pytest.mark.parametrize("cells", [10, 75, 200, 407, 1300])
@pytest.mark.parametrize("detail", DETAILS)
def test_equals_twin(cells: int, detail: int) -> None:
    r, twin = both(cells)
    for distance in DISTANCES:
        mine, expected = analog.read(r, cells, distance, detail, 0.5), naive.read(twin, distance, detail, 0.5)
        np.testing.assert_allclose(mine, expected, atol=SHAPE)


def test_says_the_last_value_until_a_level_has_been_searched() -> None:
    r, _ = both(71)
    assert [analog.read(r, 71, d, 1, 0.5) for d in DISTANCES] == [(0.5, 0.5, 0.0)] * len(DISTANCES)


@pytest.mark.parametrize("detail", DETAILS)
def test_now_and_then_are_equal_at_distance_0(detail: int) -> None:
    r, _ = both(407)
    now, then, _ = analog.read(r, 407, 0.0, detail, 0.0)
    assert now == then


def test_continues_the_cycle() -> None:
    r, _ = both(1300)
    for distance in (2.0, 5.0, 14.0, 28.0):
        _, then, _ = analog.read(r, 1300, distance, 1, 0.0)
        assert then == pytest.approx(np.sin((1299 + distance) / 9), abs=0.25)


def test_spread_grows_with_the_noise_ahead() -> None:
    r, _ = both(1300)
    assert 0.05 < analog.read(r, 1300, 3.0, 1, 0.0)[2] < 0.5
