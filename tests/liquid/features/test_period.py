import numpy as np
import pytest

from liquid.features import period, rings
from liquid.features.period import EVERY, PERIOD, YOUNG
from liquid.features.rings import STEPS, rings_dtype, scratch
from liquid.tiers import TIERS
from tests.liquid.checks import record
from tests.liquid.naive.period import Period, autocorrelation_peak
from tests.liquid.naive.rings import Rings

LEVELS, LENGTH, AHEAD = TIERS["full"][:3]
WORK = scratch(LENGTH)


def peak(x: np.ndarray) -> float:
    a, out = np.zeros((2, LENGTH), np.float32)
    a[: len(x)] = x
    return period.autocorrelation_peak(a, len(x), out)


def signal(cycle: float, n: int, noise: float, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    k = np.arange(n)
    form = np.sin(2 * np.pi * k / cycle) + 0.5 * np.sin(4 * np.pi * k / cycle + 1)
    return np.round(24 * (form + noise * rng.normal(size=n)))


@pytest.mark.parametrize("cycle", [7, 12.4, 24, 31, 50, 100])
@pytest.mark.parametrize("n", [128, 300, 512])
@pytest.mark.parametrize("noise", [0.0, 0.3, 1.5])
def test_peak_equals_twin(cycle: float, n: int, noise: float) -> None:
    x = signal(cycle, n, noise)
    assert peak(x) == pytest.approx(autocorrelation_peak(x), abs=1e-2)


@pytest.mark.parametrize("cycle", [7, 12.4, 24, 31, 50, 100])
def test_peak_finds_the_cycle_through_noise(cycle: float) -> None:
    assert peak(signal(cycle, 512, 0.3)) == pytest.approx(cycle, rel=0.04)


@pytest.mark.parametrize("x", [np.zeros(512), np.full(512, 7.0), np.arange(512.0) / 4, [5.0] * 511 + [120.0]], ids=str)
def test_no_cycle_no_peak(x: np.ndarray) -> None:
    assert peak(np.array(x)) == 0


def test_noise_and_walks_seldom_have_a_peak() -> None:
    rng = np.random.default_rng(0)
    assert sum(peak(24 * rng.normal(size=512)) > 0 for _ in range(200)) == 0
    walks = np.cumsum(rng.normal(size=(200, 512)), 1)
    assert sum(peak(w) > 0 for w in walks) <= 4


def run(values: np.ndarray, cells: np.ndarray) -> tuple[list[tuple[int, float]], list[tuple[int, float]]]:
    """(event, new period) by kernel and twin."""
    r, twin_rings = record(rings_dtype(LEVELS, LENGTH, AHEAD)), Rings(LEVELS, LENGTH)
    state, twin = record(PERIOD), Period()
    changes: tuple[list[tuple[int, float]], list[tuple[int, float]]] = ([], [])
    at, previous = 0, 0.0
    for k, (v, new) in enumerate(zip(values, cells, strict=True)):
        before = r["blocks"].copy()
        rings.push(r, at, previous, v, new, 0.0, STEPS)
        fresh = twin_rings.push(previous, v, int(new), 0.0, STEPS)
        at, previous = at + new, v
        for level in fresh:
            pushed = r["blocks"][level] - before[level]
            if period.look(state, r, level, pushed, WORK):
                changes[0].append((k, float(state["period"])))
            found = twin_rings.level[level]
            if twin.look(found.codes, level, found.blocks, int(pushed)):
                changes[1].append((k, twin.period))
    return changes


@pytest.mark.parametrize("cycle", [24, 60, 300])
@pytest.mark.parametrize("skip", [1, 3])
def test_look_equals_twin_and_finds_the_period(cycle: int, skip: int) -> None:
    steps = np.random.default_rng(0).integers(1, skip + 1, 2500)
    mine, twin = run(signal(cycle, steps.sum() + 1, 0.3)[np.cumsum(steps)], steps)
    assert [k for k, _ in mine] == [k for k, _ in twin]
    assert [p for _, p in mine] == pytest.approx([p for _, p in twin], rel=1e-3)
    assert mine[-1][1] == pytest.approx(cycle, rel=0.05)


def test_a_period_is_taken_at_the_second_sight_and_given_up_when_it_is_gone() -> None:
    x = np.concatenate((signal(30, 2 * EVERY, 0.1), 24 * np.random.default_rng(1).normal(size=3000)))
    mine, _ = run(x, np.ones(len(x), int))
    assert mine[0] == (6 * YOUNG - 1, pytest.approx(30, rel=0.02))
    assert mine[-1][1] == 0


def test_events_of_several_cells_do_not_jump_over_the_look() -> None:
    """With two cells an event, every second multiple of EVERY falls between two events of odd length."""
    steps = np.full(400, 2)
    steps[0] = 1
    x = signal(30, steps.sum() + 1, 0.1)[np.cumsum(steps)]
    mine, _ = run(x, steps)
    assert mine
    assert mine[0][0] <= EVERY + 1


def test_young_series_show_their_period_early_and_noise_seldom_one() -> None:
    mine, twin = run(signal(12, 80, 0.1), np.ones(80, int))
    assert mine == [(63, pytest.approx(12, rel=0.03))]
    assert [k for k, _ in twin] == [63]
    rng = np.random.default_rng(2)
    one = np.ones(EVERY - 1, int)
    for values in (24 * rng.normal(size=(60, EVERY - 1)), np.cumsum(5 * rng.normal(size=(60, EVERY - 1)), 1)):
        assert sum(bool(run(v, one)[0]) for v in values) <= 3


def test_a_period_is_seen_better_later() -> None:
    x = signal(37, 4 * EVERY, 0.2)
    r, state = record(rings_dtype(LEVELS, LENGTH, AHEAD)), record(PERIOD)
    for k, v in enumerate(x):
        rings.push(r, k, v, v, 1, 0.0, STEPS)
        period.look(state, r, 0, 1, WORK)
    assert state["period"] == pytest.approx(37, abs=0.15)
