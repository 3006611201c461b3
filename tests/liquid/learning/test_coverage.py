import numpy as np
import pytest

from liquid.learning import coverage
from liquid.learning.conformal import LEVELS
from liquid.learning.coverage import HELD, WINDOWS
from tests.liquid.checks import record
from tests.liquid.naive.coverage import Held

DAY = 86400.0
HALF = np.array([1.0, 2.0, 3.0], np.float32)


def read(held: np.void, time: float, born: float = 0.0) -> dict[str, tuple[float, np.ndarray]]:
    """By window: errors, and the shares of them that were inside."""
    found = {}
    for name in WINDOWS:
        n, inside = coverage.recent(np.array(held), np.array(time), np.array(born), name)
        found[name] = float(n), inside / n if n > 0 else inside
    return found


@pytest.mark.parametrize("gap", [600.0, 7000.0, 0.4 * DAY, 3 * DAY, 40 * DAY])
def test_equals_twin(gap: float) -> None:
    rng = np.random.default_rng(0)
    mine, twin, time = record(HELD), Held(), -5 * DAY
    for _ in range(600):
        time += gap * rng.exponential()
        error = rng.uniform(0, 4)
        coverage.count(mine, time, error, HALF)
        twin.count(time, error, HALF.tolist())
        for w, name in enumerate(WINDOWS):
            n, inside = twin.counts(name)
            assert mine["n"][w].tolist() == n
            assert mine["inside"][w].tolist() == inside


@pytest.mark.parametrize("length", [3 * DAY, 200 * DAY])
def test_is_the_share_over_the_window_before_now(length: float) -> None:
    """Of errors spread evenly, whose size changes slowly, to within what the part before cannot tell."""
    rng = np.random.default_rng(1)
    times = 1e9 + np.sort(rng.uniform(0, length, 8000))
    errors = rng.uniform(0, 4, 8000) * (1 + 0.3 * np.sin(times / length * 6))
    held = record(HELD)
    for time, error in zip(times, errors, strict=True):
        coverage.count(held, time, error, HALF)
    now = times[-1] + 60.0
    for name, (n, shares) in read(held, now).items():
        recent = errors[times > now - WINDOWS[name]]
        assert n == pytest.approx(len(recent), rel=0.1, abs=8)
        if len(recent) > 300:
            real = [(recent <= h).mean() for h in HALF]
            np.testing.assert_allclose(shares, real, atol=0.05)


def test_what_is_older_than_the_window_is_not_counted() -> None:
    held = record(HELD)
    for k in range(100):
        coverage.count(held, 1e9 + 60.0 * k, 0.5, HALF)
    n, shares = read(held, 1e9 + 6000)["day"]
    assert (n, shares.tolist()) == (100, [1.0] * LEVELS)
    late = read(held, 1e9 + 2.1 * DAY)
    assert late["day"][0] == 0
    assert late["month"][0] > 0


def test_full_counts_are_halved_and_shares_stay() -> None:
    held = record(HELD)
    held["time"] = 1e9
    for k in range(150_000):
        coverage.count(held, 1e9 + 1e-3 * k, float(k % 4) + 0.5, HALF)
    n, shares = read(held, 1e9 + 150.0)["month"]
    assert 20_000 < n <= 65_535
    assert shares == pytest.approx((0.25, 0.5, 0.75), abs=1e-3)


def test_of_a_young_series_all_is_in_the_window() -> None:
    born = 3 * DAY - 1800.0
    held = record(HELD)
    for k in range(120):  # over midnight
        coverage.count(held, born + 60.0 * k, 0.5, HALF)
    now = born + 60.0 * 119
    assert read(held, now, born)["day"][0] == 120
    assert read(held, now)["day"][0] < 120  # as if it had been silent for most of the day before
