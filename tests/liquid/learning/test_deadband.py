import numpy as np
import pytest

from liquid.learning import deadband
from tests.liquid.checks import not_finite, record
from tests.liquid.naive.deadband import Deadband


def changes(times: np.ndarray, values: np.ndarray) -> tuple[np.void, Deadband, np.ndarray]:
    """What is found after each change."""
    mine, twin, found, usual = record(deadband.DEADBAND), Deadband(), [], 1.0
    for k, (gap, change) in enumerate(zip(np.diff(times), np.abs(np.diff(values)), strict=True)):
        deadband.observe(mine, change, bool(gap > usual), k + 1)
        twin.observe(float(np.float32(change)), bool(gap > usual))
        usual += 0.02 * (gap - usual)
        found.append(deadband.width(mine, k + 1))
    return mine, twin, np.array(found)


def walk(n: int) -> np.ndarray:
    return np.cumsum(np.random.default_rng(0).normal(size=n))


def wave(n: int) -> np.ndarray:
    rng = np.random.default_rng(1)
    return 3 * np.sin(np.arange(n) / 10) + 0.5 * rng.normal(size=n)


def by_exception(values: np.ndarray, threshold: float) -> np.ndarray:
    """Which rows are sent."""
    kept = [0]
    for i, v in enumerate(values):
        if abs(v - values[kept[-1]]) >= threshold:
            kept.append(i)
    return np.array(kept)


@pytest.mark.parametrize("make", [walk, wave])
@pytest.mark.parametrize("threshold", [1.0, 3.0])
def test_a_deadband_is_found_and_measured(make, threshold: float) -> None:
    values = make(12000)
    kept = by_exception(values, threshold)
    mine, twin, found = changes(kept.astype(float), values[kept])
    late = found[300:]
    assert np.mean(late > 0) > 0.95
    assert np.median(late[late > 0]) == pytest.approx(threshold, rel=0.1)
    assert mine["least"] == pytest.approx(twin.least, rel=1e-3)
    assert mine["middle"] == pytest.approx(twin.middle, rel=1e-3)
    assert mine["longer"] == pytest.approx(twin.longer, abs=1e-3)
    assert (found[-1] > 0) == (twin.width() > 0)


def noise(n: int) -> np.ndarray:
    return np.random.default_rng(2).normal(size=n)


def ramp(n: int) -> np.ndarray:
    return 0.3 * np.arange(n)


def constant(n: int) -> np.ndarray:
    return np.full(n, 7.0)


def counts(n: int) -> np.ndarray:
    return np.random.default_rng(3).poisson(3.0, n).astype(float)


@pytest.mark.parametrize("make", [walk, wave, noise, ramp, constant, counts])
def test_other_series_have_none(make) -> None:
    """Complete, but for the ramp, whose changes are all alike then; or at random half of them missing."""
    values = make(6000)
    half = np.flatnonzero(np.random.default_rng(4).random(6000) < 0.5)
    for kept in [half] if make is ramp else [half, np.arange(6000)]:
        assert not changes(kept.astype(float), values[kept])[2].any()


def test_odd_changes_stay_finite() -> None:
    mine = record(deadband.DEADBAND)
    for k, change in enumerate([0.0, 1e4, 0.0, 1e-30, 2e4] * 40):
        deadband.observe(mine, change, k % 2 == 0, k + 1)
        deadband.recode(mine, (1e9, 1e-9)[k % 2])
    assert not_finite(mine) == []
    assert deadband.width(mine, 99) == 0
