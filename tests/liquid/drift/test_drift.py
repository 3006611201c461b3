import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liquid import drift
from liquid.drift import DRIFTS, KINDS, WORK, drift_dtype
from liquid.drift.base import LINE, MOST_SCORES
from liquid.drift.sequential import RELEARN, WINDOWS
from tests.liquid.checks import not_finite, record
from tests.liquid.naive.drift import Drift, Seen
from tests.liquid.odd import relaxed

ROUNDING = 2e-3  # of a statistic: thousands of float32 updates of averages and of what they are divided by
HOUR, DAY = 3600.0, 86400.0


class Kernel:
    def __init__(self, scores: int = 4, windows: int = 4) -> None:
        self.state, self.work = record(drift_dtype(scores, windows)), record(WORK)

    def observe(self, seen: Seen) -> tuple[int, float]:
        s = self.work["seen"]
        for name in ("time", "day_time", "gap", "value", "missed80", "missed95"):
            s[name] = getattr(seen, name)
        s["forecast"] = seen.error is not None
        s["error"] = seen.error or 0.0
        return drift.observe(self.state, s, self.work["said"])


def events(values, times=None, errors=None, missed80=None, missed95=None):
    """Seen events; a forecast that is always 0 away where none is given."""
    n = len(values)
    t = HOUR * np.arange(n) if times is None else times
    e = np.zeros(n) if errors is None else errors
    m80 = np.zeros(n, bool) if missed80 is None else missed80
    m95 = np.zeros(n, bool) if missed95 is None else missed95
    return [
        Seen(t[i], t[i], t[i] - t[i - 1] if i else 0.0, values[i], float(e[i]) if i > 2 else None, m80[i], m95[i])
        for i in range(n)
    ]


def noise(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=n)


def begun(bits: np.ndarray, kind: str) -> list[int]:
    """Events at which drifts of a kind begin."""
    k = DRIFTS.index(kind)
    return np.flatnonzero((bits >> k & 1) & (bits >> (k + 4) & 1)).tolist()


def run(seen: list[Seen]) -> tuple[np.ndarray, np.ndarray, Kernel]:
    kernel = Kernel()
    said = [kernel.observe(s) for s in seen]
    return np.array([b for b, _ in said]), np.array([o for _, o in said]), kernel


@pytest.mark.parametrize(("scores", "windows"), [(4, 4), (2, 2), (1, 2)])
def test_equals_twin(scores: int, windows: int) -> None:
    """Shifts of everything; bits are the same but where a statistic is within rounding of a line."""
    rng = np.random.default_rng(3)
    n = 3600
    errors = noise(n, 1) * np.repeat([1, 1, 3, 3], 900)
    missed = rng.random(n) < np.repeat([0.2, 0.2, 0.5, 0.2], 900)
    times = 1.7e9 + np.cumsum(rng.exponential(HOUR, n) * np.repeat([1, 0.5, 0.5, 2], 900))
    times[100:110] = times[100]
    values = 1e6 + 3 * np.sin(times / DAY * 2 * np.pi) + np.repeat([0, 4, 4, 0.0], 900) + noise(n)
    kernel, twin = Kernel(scores, windows), Drift(scores, windows)
    for seen in events(values, times, errors, missed, missed & (rng.random(n) < 0.25)):
        mine, theirs = kernel.observe(seen), twin.observe(seen)
        for name, kind in twin.kinds.items():
            assert kernel.state[name]["status"]["statistic"] == pytest.approx(kind.statistic, abs=ROUNDING)
        assert mine[0] == theirs[0]
        assert mine[1] == pytest.approx(theirs[1], rel=1e-9)
    assert all(kind.drifts for kind in twin.kinds.values())
    for name, kind in twin.kinds.items():
        status = kernel.state[name]["status"]
        assert (status["drifts"], status["events"]) == (kind.drifts, kind.events)
        assert status["peak"] == pytest.approx(kind.peak, rel=ROUNDING)


@pytest.mark.parametrize("kind", DRIFTS)
def test_a_shift_of_its_own_kind_is_found_soon_dated_and_over_when_learned(kind: str) -> None:
    n, at = 3000, 1500
    after = np.arange(n) >= at
    rng = np.random.default_rng(4)
    level, growth, rhythm = (
        1.5 * after * (kind == "input"),
        1 + 2 * after * (kind == "error"),
        1 + after * (kind == "rhythm"),
    )
    misses = rng.random(n) < np.where(after & (kind == "calibration") & (np.arange(n) < at + 200), 0.45, 0.2)
    times = np.cumsum(HOUR * np.exp(0.3 * noise(n, 5)) / rhythm)
    bits, onset, kernel = run(
        events(noise(n) + level, times, noise(n, 6) * growth, misses, misses & (rng.random(n) < 0.25))
    )
    (found,) = begun(bits, kind)
    assert at < found <= at + 80
    assert times[at - 60] <= onset[found] <= times[found]
    k = DRIFTS.index(kind)
    active = np.flatnonzero(bits >> k & 1)
    assert active[0] == found
    assert RELEARN <= len(active) <= 2 * RELEARN
    said = drift.describe(kernel.state)[kind]
    assert (said["drifts"], said["active"], said["onset"]) == (1, False, onset[found])
    assert said["peak"] >= 1 > said["statistic"]
    assert said["changed"] == times[active[-1] + 1]
    assert [name for name in DRIFTS if begun(bits, name)] == [kind]


@pytest.mark.parametrize(
    ("a", "b"), [(0.0, 1.0), (-7.0, -2.5), (1e6, 1e-3), (0.0, 1e30)], ids=["same", "mirrored", "far", "huge"]
)
def test_the_unit_and_the_sign_do_not_matter(a: float, b: float) -> None:
    x, e = noise(1500) + 0.4 * (np.arange(1500) > 900), noise(1500, 1)
    plain = run(events(x, errors=e))[2].state
    other = run(events(a + b * x, errors=b * e))[2].state
    for name in DRIFTS:
        assert other[name]["status"]["statistic"] == pytest.approx(plain[name]["status"]["statistic"], abs=ROUNDING)
    assert plain["input"]["status"]["statistic"] > 0.2


def test_smaller_errors_are_no_drift() -> None:
    errors = noise(3000, 1) * np.where(np.arange(3000) < 1500, 1, 0.3)
    assert not run(events(noise(3000), errors=errors))[0].any()


@pytest.mark.parametrize("at", [1000, 2000])
def test_one_wild_event_is_no_drift(at: int) -> None:
    values, errors = noise(3000), noise(3000, 1)
    values[at] += 1000
    errors[at] += 1000
    bits, _, _ = run(events(values, errors=errors))
    assert not bits.any()


def test_a_constant_series_at_a_constant_pace_has_no_drift_until_it_changes() -> None:
    values = np.full(1500, 7.25)
    values[1200:] = 7.5
    bits, _, _ = run(events(values))
    (found,) = begun(bits, "input")
    assert 1200 < found < 1210


odd = st.sampled_from((0.0, 1.0, -1.0, 5e-324, 1e100, -1e100, 1e-300))
gaps = st.sampled_from((0.0, 5e-324, 1e-9, 1.0, 1.0, 1e15, 2e15))


@relaxed
@given(st.lists(st.tuples(st.integers(1, 300), odd, odd, gaps, st.booleans()), min_size=1, max_size=6))
def test_odd_input_stays_finite(runs: list[tuple[int, float, float, float, bool]]) -> None:
    kernel, time = Kernel(), -1e15
    for length, a, b, gap, missed in runs:
        for k in range(length):
            time += gap
            error = None if k < 2 else (a - b) * (k % 3 - 1)
            bits, onset = kernel.observe(Seen(time, time, gap, b if k % 2 else a, error, missed, missed and k % 2 == 0))
            assert 0 <= bits < 256
            assert np.isfinite(onset)
    assert not_finite(kernel.state) == []


def test_tables_fit_each_other() -> None:
    assert len(WINDOWS) == len(LINE)
    assert len(KINDS) <= 4  # bits of a byte
    for kind in KINDS:
        assert len(kind.PROMISED) == len(kind.SIDES) == len(kind.LINES) <= MOST_SCORES
        assert all(len(line) == len(WINDOWS) for line in kind.LINES)
    assert drift_dtype(4, 4).itemsize < 640
    assert drift_dtype(2, 2).itemsize < 440
