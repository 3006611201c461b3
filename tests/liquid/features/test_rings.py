import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liquid.features import rings
from liquid.features.rings import MIN_BLOCKS, STEPS, WINDOW, rings_dtype, scratch
from liquid.tiers import TIERS
from tests.liquid.checks import not_finite, record
from tests.liquid.naive.rings import Level, Rings
from tests.liquid.odd import relaxed
from tests.liquid.tolerances import SHAPE

LEVELS, LENGTH, AHEAD = TIERS["full"][:3]
WORK = scratch(LENGTH)


def codes(r: np.void, level: int) -> np.ndarray:
    """The codes of a level, oldest first."""
    blocks = int(r["blocks"][level])
    ring = r["code"][level]
    return np.roll(ring, -(blocks % LENGTH)) if blocks >= LENGTH else ring[:blocks]


def fill(values: np.ndarray) -> tuple[np.void, Level]:
    """Level 0 of a ring that has got these codes, and its twin."""
    r = record(rings_dtype(LEVELS, LENGTH, AHEAD))
    level = Level(0, LENGTH, AHEAD)
    for k, v in enumerate(values):
        rings.push(r, k, 0.0, float(v), 1, 0.0, STEPS)
        level.push(float(v), 0.0, STEPS)
    return r, level


def test_pushes_and_recodings_equal_twin() -> None:
    rng = np.random.default_rng(0)
    r, twin = record(rings_dtype(LEVELS, LENGTH, AHEAD)), Rings(LEVELS, LENGTH)
    cells, previous, centre, step = 0, 0.0, 0.0, 1.0
    for _ in range(1200):
        value, new = (
            rng.normal(centre, 2 * step),
            int(rng.choice([0, 1, 1, 1, 2, 5, 64], p=[0.1, 0.2, 0.2, 0.2, 0.15, 0.13, 0.02])),
        )
        fresh = rings.push(r, cells, previous, value, new, centre, step)
        assert [k for k in range(LEVELS) if fresh & 1 << k] == twin.push(previous, value, new, centre, step)
        cells, previous = cells + new, value
        if rng.random() < 0.02:
            factor, move = rng.choice([0.5, 0.9, 1.6, 1e-6]), rng.normal()
            rings.recode(r, factor, move)
            twin.recode(factor, move)
            rings.shift_sums(r, cells, move * step / factor)
            centre, step = centre + move * step / factor, step / factor
    for k, level in enumerate(twin.level):
        assert r["blocks"][k] == level.blocks == cells >> k
        assert codes(r, k).tolist() == level.codes
        assert r["sum"][k] == pytest.approx(sum(v - centre for v in level.cells), rel=1e-6, abs=1e-6 * step)


SHAPES = {
    "noise": lambda k, rng: rng.normal(0, 24, len(k)),
    "sine": lambda k, rng: 34 * np.sin(k / 5) + rng.normal(0, 2, len(k)),
    "exact sine": lambda k, rng: 34 * np.sin(2 * np.pi * k / 32),
    "steps": lambda k, rng: np.where(k // 40 % 2, 100, -100),
    "constant": lambda k, rng: np.full(len(k), 7),
    "saturated": lambda k, rng: np.full(len(k), 500),
    "spike": lambda k, rng: np.where(k == len(k) - 3, 127, 0) + rng.integers(-1, 2, len(k)),
    "walk": lambda k, rng: np.cumsum(rng.normal(0, 3, len(k))),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("blocks", [MIN_BLOCKS, 200, LENGTH, LENGTH + 137])
@pytest.mark.parametrize("softness", [STEPS, 17.0, 35.0])
def test_search_equals_twin(shape: str, blocks: int, softness: float) -> None:
    r, level = fill(SHAPES[shape](np.arange(blocks), np.random.default_rng(blocks)))
    rings.search(r, 0, softness, WORK)
    level.search(softness)
    # flat windows far from the centre: rounding of mean^2 decides which of many equals weighs most
    tolerance = 8.0 if shape == "steps" else SHAPE
    assert r["distance"][0] == pytest.approx(level.distance, abs=1e-3 * max(tolerance, 1))
    np.testing.assert_allclose(r["curve"][0], level.curve, atol=tolerance, rtol=1e-3)
    np.testing.assert_allclose(r["spread"][0], level.spread, atol=20 * tolerance, rtol=1e-3)


@pytest.mark.parametrize("shape", SHAPES)
def test_weights_are_nearly_exponential(shape: str) -> None:
    """(1 - x/64)^64 instead of exp(-x) moves what the analogs say by a tenth of their spread at most."""
    _, level = fill(SHAPES[shape](np.arange(300), np.random.default_rng(0)))
    level.search(STEPS)
    near, spread = level.curve.copy(), level.spread.max()
    level.search(STEPS, decay=lambda x: np.exp(-x))
    assert np.abs(near - level.curve).max() <= 0.1 * spread + 0.05


def test_a_repeated_window_has_distance_0_and_is_continued() -> None:
    cycle = np.random.default_rng(0).integers(-100, 100, 61)
    r, _ = fill(np.resize(cycle, 400))
    rings.search(r, 0, STEPS, WORK)
    assert r["distance"][0] == 0
    following = np.resize(cycle, 500)[399 : 399 + AHEAD]
    np.testing.assert_allclose(r["curve"][0], following, atol=0.5)
    assert r["spread"][0].max() < 1


def test_an_unknown_form_is_far_and_a_quiet_window_is_near() -> None:
    rng = np.random.default_rng(0)
    form = 40 * np.sin(np.arange(400) / 4) + rng.normal(0, 2, 400)
    distance = {}
    for name, tail in {"same": form[-WINDOW:], "inverted": -form[-WINDOW:], "noise": rng.normal(0, 40, WINDOW)}.items():
        r, _ = fill(np.concatenate((form[:-WINDOW], tail)))
        rings.search(r, 0, STEPS, WORK)
        distance[name] = r["distance"][0]
    assert distance["same"] < 0.2
    assert distance["noise"] > 3 * distance["same"]
    # an inverted sine is a sine half a period later
    assert distance["inverted"] < 2 * distance["same"]


@pytest.mark.parametrize(
    ("value", "code"), [(1e300, 127), (-1e300, -127), (1e19, 127), (0.49, 0), (0.51, 1), (-0.51, -1)]
)
def test_codes_saturate_on_the_right_side(value: float, code: int) -> None:
    r, _ = fill(np.array([value]))
    assert r["code"][0][0] == code


def test_cells_of_a_long_gap_lie_on_the_straight_line() -> None:
    r = record(rings_dtype(LEVELS, LENGTH, AHEAD))
    rings.push(r, 0, 0.0, 0.0, 1, 0.0, STEPS)
    rings.push(r, 1, 0.0, 64.0, 64, 0.0, STEPS)
    assert codes(r, 0).tolist() == list(range(65))


@relaxed
@given(
    st.lists(st.sampled_from((-1e100, -1e3, -1.0, 0.0, 5e-324, 1.0, 126.9, 1e100)), min_size=1, max_size=9),
    st.floats(1e-280, 1e100),
    st.floats(0, 1e100),
    st.floats(-1e100, 1e100),
)
def test_odd_input_stays_finite(values: list[float], step: float, factor: float, shift: float) -> None:
    r = record(rings_dtype(LEVELS, LENGTH, AHEAD))
    r["distance"] = -1
    previous = 0.0
    for k, v in enumerate(np.resize(values, 100)):
        rings.push(r, k, previous, v, 1, 0.0, step)
        previous = v
    rings.search(r, 0, STEPS, WORK)
    rings.recode(r, factor, shift)
    rings.search(r, 0, STEPS, WORK)
    assert not_finite(r) == []


@pytest.mark.parametrize("power", range(40))
def test_floor_log2(power: int) -> None:
    assert rings.floor_log2(2.0**power) == power
    assert rings.floor_log2(math.nextafter(2.0 ** (power + 1), 0) * (1 - 1e-6)) == power
