"""Whether intervals hold what they promise, on streams whose truth is known."""

from collections.abc import Callable

import numpy as np
import pytest

from liquid import Model, ModelConfig
from liquid.forecast import forecast_row
from liquid.results import BANDS
from liquid.tiers import TIERS

HOUR, DAY = 3600.0, 86400.0
LEVELS = {0.5: ("50", "50"), 0.8: ("80", "80"), 0.95: ("", "95")}
#: Mean coverage errors over windows of 1,000 events, in points: what is asked at the levels of 50, 80 and 95 %.
ALLOWED = {0.5: 2.5, 0.8: 1.5, 0.95: 1.0}
#: Hours ahead. Misses of overlapping forecasts come in runs as long as the horizon: an exact law is itself 1.9, 1.7 and
#: .9 points off at 5 rows ahead, 4.0, 3.5 and 1.8 at a day.
AHEAD = (1, 4)


def white(rng: np.random.Generator, n: int) -> np.ndarray:
    return rng.normal(size=n)


def ar1(rng: np.random.Generator, n: int) -> np.ndarray:
    v = rng.normal(size=n)
    for i in range(1, n):
        v[i] += 0.8 * v[i - 1]
    return v


def walk(rng: np.random.Generator, n: int) -> np.ndarray:
    return np.cumsum(rng.normal(size=n))


def hard_nights(rng: np.random.Generator, n: int) -> np.ndarray:
    """A day whose noise is four times as large for a third of it."""
    hour = np.arange(n) % 24
    return 5 * np.sin(2 * np.pi * hour / 24) + rng.normal(size=n) * np.where(hour < 8, 2.0, 0.5)


def heavy(rng: np.random.Generator, n: int) -> np.ndarray:
    return rng.standard_cauchy(n)


def level_shift(rng: np.random.Generator, n: int) -> np.ndarray:
    return rng.normal(size=n) + np.where(np.arange(n) > n // 2, 12.0, 0.0)


def variance_shift(rng: np.random.Generator, n: int) -> np.ndarray:
    return rng.normal(size=n) * np.where(np.arange(n) > n // 2, 5.0, 1.0)


def unit_change(rng: np.random.Generator, n: int) -> np.ndarray:
    return (10 + ar1(rng, n)) * np.where(np.arange(n) > n // 2, 1000.0, 1.0)


STREAMS: dict[str, Callable[[np.random.Generator, int], np.ndarray]] = {
    f.__name__: f for f in (white, ar1, walk, hard_nights, heavy, level_shift, variance_shift, unit_change)
}


def run(values: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """Results of an hourly series at the rows that are kept."""
    model = Model(ModelConfig(horizons=tuple(HOUR * h for h in AHEAD)), capacity=1)
    return model.run(np.zeros(len(kept), int), HOUR * kept, values[kept])


def off(inside: np.ndarray, level: float, window: int) -> float:
    """Mean coverage error of whole windows, points."""
    whole = len(inside) // window
    shares = inside[: whole * window].reshape(whole, window).mean(1)
    return 100 * float(np.abs(shares - level).mean())


def errors(values: np.ndarray, kept: np.ndarray, skip: int, window: int = 1000) -> dict[tuple[int, float], float]:
    """Coverage errors by hours ahead (0: the next event) and level, over the rows after `skip`."""
    out, found = run(values, kept), {}
    for level, (of_next, ahead) in LEVELS.items():
        late = out[skip:]
        inside = (late[f"lower{of_next}"] <= late["value"]) & (late["value"] <= late[f"upper{of_next}"])
        found[0, level] = off(inside, level, window)
        for m, h in enumerate(AHEAD):
            rows = np.arange(skip, np.searchsorted(kept, len(values) - h))
            target = values[kept[rows] + h]
            low, high = out[f"lo{ahead}"][rows, m], out[f"hi{ahead}"][rows, m]
            found[h, level] = off((low <= target) & (target <= high), level, window)
    return found


@pytest.mark.parametrize("name", STREAMS)
def test_coverage_over_windows_of_a_thousand_events(name: str) -> None:
    """After 500 events of learning; windows go over what changes half way."""
    values = STREAMS[name](np.random.default_rng(11), 8600)
    found = errors(values, np.arange(len(values)), 500)
    assert {k: v for k, v in found.items() if v > ALLOWED[k[1]]} == {}


@pytest.mark.parametrize("name", ["ar1", "hard_nights", "heavy", "level_shift"])
def test_coverage_with_most_of_the_rows_missing(name: str) -> None:
    """A fifth of the rows is left: a forecast meets an event one time in five. A window of a thousand holds 200 errors
    that are learned from, whose own share has a standard error of 3.5, 2.8 and 1.5 points."""
    rng = np.random.default_rng(12)
    n = 32000
    kept = np.flatnonzero(rng.random(n) < 0.2)
    found = errors(STREAMS[name](rng, n), kept, 500)
    assert {k: v for k, v in found.items() if v > ALLOWED[k[1]] * (1.0 if k[0] == 0 else 2.3)} == {}


@pytest.mark.parametrize("name", ["ar1", "walk", "hard_nights"])
def test_coverage_where_only_moves_are_sent(name: str) -> None:
    """Send-on-delta, half a deviation of a step: silent between events, and within that of the last one."""
    values = STREAMS[name](np.random.default_rng(18), 16000)
    threshold, kept = 0.5 * np.diff(values).std(), [0]
    for i, v in enumerate(values):
        if abs(v - values[kept[-1]]) > threshold:
            kept.append(i)
    found = errors(values, np.array(kept), 1000)
    assert {k: v for k, v in found.items() if v > {0.5: 6.0, 0.8: 5.0, 0.95: 2.5}[k[1]]} == {}


@pytest.mark.parametrize("name", ["level_shift", "variance_shift", "unit_change"])
def test_the_first_windows_after_a_change(name: str) -> None:
    """300 events after the change, the next 500 are held as promised within a few points."""
    values = STREAMS[name](np.random.default_rng(13), 3000)
    found = errors(values[:2300], np.arange(2300), 1800, window=490)
    assert {k: v for k, v in found.items() if v > {0.5: 6.0, 0.8: 4.5, 0.95: 3.5}[k[1]]} == {}


@pytest.mark.parametrize("name", STREAMS)
def test_never_infinite_and_never_crossing(name: str) -> None:
    values = STREAMS[name](np.random.default_rng(14), 1200)
    values[700:710] = 1e12  # and back
    out = run(values, np.arange(1200))
    order = ("lo95", "lo80", "lo50", "mean", "hi50", "hi80", "hi95")
    assert set(order) == set(BANDS)
    ends = np.stack([out[k][3:] for k in order])
    assert np.isfinite(ends).all()
    assert (np.diff(ends, axis=0) >= 0).all()
    order = ("lower", "lower80", "lower50", "expected", "upper50", "upper80", "upper")
    ends = np.stack([out[k][3:] for k in order])
    assert np.isfinite(ends).all()
    assert (np.diff(ends, axis=0) >= 0).all()


@pytest.mark.parametrize("tier", TIERS)
def test_any_level_on_demand_is_finite_and_holds_those_below_it(tier: str) -> None:
    values = heavy(np.random.default_rng(19), 700)
    config = ModelConfig(horizons=tuple(HOUR * h for h in AHEAD), tier=tier)
    model = Model(config, capacity=1)
    levels = (1e-9, 0.01, 0.1, 0.5, 0.65, 0.8, 0.9, 0.95, 0.99, 0.999, 1 - 1e-9, float(np.nextafter(1.0, 0.0)))
    ahead = HOUR * np.array([0.0, 0.1, 1.0, 2.5, 4.0, 24.0, 1000.0])
    for part in np.split(np.arange(700), [1, 2, 3, 5, 40, 300]):
        model.run(np.zeros(len(part), int), HOUR * part, values[part])
        if part[0] < 2:
            continue
        found = forecast_row(model.rows[0], config, ahead, levels)
        assert np.isfinite(found["lower"]).all()
        assert np.isfinite(found["upper"]).all()
        assert (np.diff(found["upper"] - found["lower"], axis=1) >= 0).all()
        assert (found["lower"] <= found["mean"][:, None]).all()
        assert (found["upper"] >= found["mean"][:, None]).all()
    # at the levels that are kept ready, what every event reports
    out = model.run(np.zeros(1, int), np.array([HOUR * 700]), np.array([0.0]))[0]
    found = forecast_row(model.rows[0], config, config.horizons, tuple(LEVELS))
    close = 1e-2 if TIERS[tier].packed else 1e-4
    for k, (_, ahead_name) in enumerate(LEVELS.values()):
        np.testing.assert_allclose(found["lower"][:, k], out[f"lo{ahead_name}"], rtol=close)
        np.testing.assert_allclose(found["upper"][:, k], out[f"hi{ahead_name}"], rtol=close)


def test_hours_that_are_hard_to_forecast_get_wider_intervals() -> None:
    values = hard_nights(np.random.default_rng(15), 4000)
    out = run(values, np.arange(4000))[1000:]
    hour = np.arange(1000, 4000) % 24
    for m, ahead in enumerate(AHEAD):
        width = out["hi80"][:, m] - out["lo80"][:, m]
        night = (hour + ahead) % 24 < 8
        assert np.median(width[night]) > 2.2 * np.median(width[~night])  # the truth is 4


@pytest.mark.slow
@pytest.mark.parametrize("name", STREAMS)
@pytest.mark.parametrize("ahead", [24, 100])
def test_long_horizons_are_hardly_further_off_than_the_exact_law(name: str, ahead: int) -> None:
    """Random walks: the exact law is 3.5 and 1.8 points off a day ahead, 7.0 and 3.5 at a hundred rows.

    A hundred rows ahead a new unit is known after a hundred events, and its scale a few hundred later."""
    values = STREAMS[name](np.random.default_rng(16), 20500)
    model = Model(ModelConfig(horizons=(HOUR * ahead,)), capacity=1)
    out = model.run(np.zeros(len(values), int), HOUR * np.arange(len(values)), values)[500:-ahead]
    target = values[500 + ahead :]
    for level, allowed in {0.8: {24: 3.5, 100: 7.0}, 0.95: {24: 1.8, 100: 3.5}}.items():
        k = LEVELS[level][1]
        inside = (out[f"lo{k}"][:, 0] <= target) & (target <= out[f"hi{k}"][:, 0])
        assert off(inside, level, 1000) <= (1.4 if name == "unit_change" else 1.2) * allowed[ahead]


def test_what_was_really_held_is_counted() -> None:
    """Against the results themselves, over windows that end within what the counter approximates."""
    values = ar1(np.random.default_rng(17), 2400)
    model = Model(ModelConfig(horizons=tuple(HOUR * h for h in AHEAD)), capacity=1)
    times = HOUR * np.arange(len(values))
    out = model.run(np.zeros(len(values), int), times, values)
    held = {(one.horizon, one.window, one.level): one for one in model.held(0)}
    for window, length in (("day", 24), ("week", 7 * 24), ("month", 30 * 24)):
        for level, (of_next, ahead) in LEVELS.items():
            recent = out[-length:]
            inside = (recent[f"lower{of_next}"] <= recent["value"]) & (recent["value"] <= recent[f"upper{of_next}"])
            one = held[0.0, window, level]
            assert one.n == pytest.approx(length, abs=1)
            assert one.share == pytest.approx(inside.mean(), abs=0.1 if window == "day" else 0.03)
            for m, h in enumerate(AHEAD):
                rows = np.arange(len(values) - h - length, len(values) - h)
                target = values[rows + h]
                inside = (out[f"lo{ahead}"][rows, m] <= target) & (target <= out[f"hi{ahead}"][rows, m])
                one = held[HOUR * h, window, level]
                assert one.n == pytest.approx(length, abs=1)
                assert one.share == pytest.approx(inside.mean(), abs=0.1 if window == "day" else 0.03)
    assert {one.window for one in Model().held(0)} == {"day", "week", "month"}
    assert all(one.n == 0 and np.isnan(one.share) for one in Model().held(0))
