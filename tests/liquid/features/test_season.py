import numpy as np
import pytest

from liquid.features import rings, season
from liquid.features.rings import rings_dtype
from liquid.tiers import TIERS
from tests.liquid.checks import record
from tests.liquid.naive import season as naive
from tests.liquid.naive.rings import Rings
from tests.liquid.tolerances import SINGLE

LEVELS, LENGTH, AHEAD = TIERS["full"][:3]
DISTANCES = (0.0, 0.01, 1.0, 3.7, 24.0, 24.5, 100.0, 8191.0, 1e6, 1e24)
PERIODS = (0.0, 1.9, 2.0, 24.0, 97.3, 1440.0, 1e9)


def both(cells: int) -> tuple[np.void, Rings]:
    rng = np.random.default_rng(cells)
    r, twin = record(rings_dtype(LEVELS, LENGTH, AHEAD)), Rings(LEVELS, LENGTH)
    for k, v in enumerate(np.sin(np.arange(cells) * 2 * np.pi / 24) + 0.2 * rng.normal(size=cells)):
        rings.push(r, k, v, v, 1, 0.0, 1.0)
        twin.push(v, v, 1, 0.0, 1.0)
    return r, twin


@pytest.mark.parametrize("cells", [1, 2, 24, 25, 26, 300, 1300, 2111])
def test_equals_twin(cells: int) -> None:
    r, twin = both(cells)
    for period in PERIODS:
        for distance in DISTANCES:
            mine, expected = season.read(r, cells, distance, period), naive.read(twin, distance, period)
            np.testing.assert_allclose(mine, expected, atol=SINGLE)


def test_a_cycle_is_said_again() -> None:
    cells = 400
    r = record(rings_dtype(LEVELS, LENGTH, AHEAD))
    values = np.round(48 * np.sin(np.arange(cells + 100) * 2 * np.pi / 24)) / 48
    for k, v in enumerate(values[:cells]):
        rings.push(r, k, v, v, 1, 0.0, 1.0)
    for distance in (0, 1, 5, 24, 25, 60):
        now, then = season.read(r, cells, float(distance), 24.0)
        assert (now, then) == pytest.approx((values[cells - 1], values[cells - 1 + distance]), abs=1 / 48 + 1e-6)


def test_nothing_is_said_that_the_memory_does_not_reach() -> None:
    r, _ = both(30)
    assert np.isfinite(season.read(r, 30, 1.0, 24.0)).all()
    assert np.isnan(season.read(r, 30, 1.0, 30.0)).all()
    assert np.isnan(season.read(r, 30, 30.0, 24.0)).all()
