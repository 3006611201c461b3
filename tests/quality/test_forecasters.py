"""Every baseline forecaster: exact on series with a known answer, and blind to the future."""

from math import exp

import numpy as np
import pytest

from benchmarks.quality.forecasters import FORECASTERS, Forecaster, Hints
from benchmarks.quality.forecasters.holt import DAMPING
from benchmarks.quality.forecasters.rls import update
from benchmarks.quality.methods import OURS
from benchmarks.quality.prequential import forecasts
from benchmarks.quality.sets import DAY, HOUR, Series, thinned


def fed(name: str, times, values, hints: Hints) -> Forecaster:
    forecaster = FORECASTERS[name](hints)
    for t, y in zip(times, values, strict=True):
        forecaster.learn(float(t), float(y))
    return forecaster


def hourly(n: int, seed: int = 0) -> Series:
    rng = np.random.default_rng(seed)
    time = 1.6e9 + HOUR * np.arange(n)
    value = 10 + 3 * np.sin(2 * np.pi * time / DAY) + rng.normal(0, 0.3, n)
    return Series("made", "up", time, value, (HOUR, 6 * HOUR), n // 3, time, value)


@pytest.mark.parametrize("name", [OURS, *FORECASTERS])
def test_later_values_change_no_earlier_forecast(name: str) -> None:
    s = thinned(hourly(240), "drop", 0.3)
    k = 120
    changed = s.value.copy()
    changed[k:] += 100.0
    # The hints come from the unscored rows, which lie before the change.
    assert s.warm_up < k
    before, after = (
        forecasts(Series(s.source, s.name, s.time, v, s.horizons, s.warm_up, s.full_time, v), name)
        for v in (s.value, changed)
    )
    np.testing.assert_array_equal(before.mean[: k + 1, 0], after.mean[: k + 1, 0])
    np.testing.assert_array_equal(before.mean[:k, 1:], after.mean[:k, 1:])
    assert np.isfinite(after.mean[k + 1 :]).any()
    assert not np.array_equal(before.mean[k + 1 :], after.mean[k + 1 :], equal_nan=True)
    if name == OURS:
        np.testing.assert_array_equal(before.bands[:k], after.bands[:k])
        np.testing.assert_array_equal(before.bands[k, 0], after.bands[k, 0])


@pytest.mark.parametrize("name", FORECASTERS)
def test_a_constant_series_stays_constant(name: str) -> None:
    hints = Hints(60.0, (60.0, 600.0), period=1200.0)
    forecaster = fed(name, 60.0 * np.arange(200), np.full(200, 7.0), hints)
    assert [forecaster.next(200 * 60.0), *forecaster.ahead()] == pytest.approx([7.0] * 3, abs=1e-6)


def test_last_value() -> None:
    assert fed("last value", [0, 5], [1.0, 4.0], Hints(1.0, (2.0,))).ahead() == [4.0]


def test_ewma_forgets_in_time_not_in_events() -> None:
    forecaster = fed("EWMA", [0, 10, 40], [0.0, 1.0, 0.0], Hints(10.0, (5.0,)))
    assert forecaster.at(50.0) == pytest.approx((1 - exp(-1 / 3)) * exp(-1))


def test_seasonal_naive_reads_between_events_one_or_seven_seasons_before() -> None:
    times, values = np.arange(0.0, 101.0, 2.0), np.arange(0.0, 101.0, 2.0) * 3
    hints = Hints(2.0, (5.0, 14.0), period=10.0)
    assert fed("seasonal naive", times, values, hints).ahead() == pytest.approx([3 * 95.0, 3 * 94.0])
    assert fed("seasonal naive week", times, values, hints).ahead() == pytest.approx([3 * 35.0, 3 * 44.0])
    assert fed("seasonal naive", times[:2], values[:2], hints).ahead() == [values[1]] * 2  # no season seen yet
    assert fed("seasonal naive", times, values, Hints(2.0, (5.0,))).ahead() == [values[-1]]  # there is none


def test_holt_follows_its_recursion_over_a_gap() -> None:
    forecaster = fed("damped Holt", [0, 1, 3], [0.0, 2.0, 2.0], Hints(1.0, (4.0,)))
    a1, b1 = 1 - exp(-1 / 0.7), 1 - exp(-1 / 8)
    level, trend = a1 * 2, b1 * a1 * 2
    expected = level + trend * DAMPING * (1 - exp(-2 / DAMPING))
    new = expected + (1 - exp(-2 / 0.7)) * (2 - expected)
    rate = 1 - exp(-2 / 8)
    trend = rate * (new - level) / 2 + (1 - rate) * trend * exp(-2 / DAMPING)
    assert forecaster.at(7.0) == pytest.approx(new + trend * DAMPING * (1 - exp(-4 / DAMPING)))


def test_rls_is_weighted_least_squares_with_a_prior() -> None:
    rng = np.random.default_rng(0)
    x, w = rng.normal(size=(25, 3)), np.zeros(3)
    y = x @ [1.0, -2.0, 0.5] + rng.normal(0, 0.1, 25)
    P, typical = np.eye(3), np.zeros(2)
    for row, target in zip(x, y, strict=True):
        update(P, w, row, target, 0.95, typical)
    weight = 0.95 ** np.arange(24, -1, -1.0)
    normal = x.T @ (weight[:, None] * x) + 0.95**25 * np.eye(3)
    np.testing.assert_allclose(w, np.linalg.solve(normal, x.T @ (weight * y)), rtol=1e-9)
    np.testing.assert_allclose(P, np.linalg.inv(normal), rtol=1e-9)


def test_rls_learns_a_noiseless_oscillation() -> None:
    times = np.arange(1500.0)
    forecaster = fed("RLS lags + calendar", times, np.sin(0.3 * times), Hints(1.0, (1.0, 5.0)))
    made = [forecaster.next(1500.0), *forecaster.ahead()]
    assert made == pytest.approx(np.sin(0.3 * np.array([1500.0, 1500.0, 1504.0])), abs=5e-3)


@pytest.mark.parametrize("name", ["river SNARIMAX", "river HoltWinters"])
def test_river_learns_a_line_through_a_gap_as_if_it_were_complete(name: str) -> None:
    hints = Hints(1.0, (1.0, 3.0))
    whole = fed(name, np.arange(60), 2.0 * np.arange(60), hints)
    keep = np.r_[0:20, 30:60]
    holes = fed(name, keep, 2.0 * keep, hints)
    assert holes.ahead() == pytest.approx(whole.ahead())
    assert holes.ahead() == pytest.approx([120.0, 124.0], rel=0.02)


def test_river_holt_winters_survives_a_level_of_zero() -> None:
    forecaster = fed("river HoltWinters", np.arange(40), np.zeros(40), Hints(1.0, (1.0,), period=4.0))
    assert forecaster.ahead() == [0.0]


def test_hints_come_from_the_unscored_rows() -> None:
    s = hourly(600)
    assert Hints.of(s) == Hints(HOUR, s.horizons, DAY, True)
    time = np.arange(600.0)
    value = np.sin(2 * np.pi * time / 20)
    bare = Series("made", "up", time, value, (1.0,), 200, time, value)
    assert Hints.of(bare) == Hints(1.0, (1.0,), 20.0, False)
    noise = np.where(time < 200, np.arange(600.0), value)
    assert Hints.of(Series("made", "up", time, noise, (1.0,), 200, time, noise)).period is None
