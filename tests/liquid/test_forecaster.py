import numpy as np
import pytest

from liquid import Model, ModelConfig
from liquid.forecaster_state import WORK, forecaster_dtype, recode, start
from liquid.results import BANDS
from liquid.tiers import TIERS
from tests.liquid.checks import not_finite, record, unpack
from tests.liquid.naive.forecaster import Forecaster, reweigh
from tests.liquid.naive.rings import Rings
from tests.liquid.odd import DAY, HOUR, stream
from tests.liquid.tolerances import ACCUMULATED, LEAST_SQUARES

EXPECTED = ("expected", "lower50", "upper50", "lower80", "upper80", "lower", "upper")
TWO = ModelConfig(horizons=(HOUR, DAY))
TIER = TIERS[TWO.tier]


def run(times: np.ndarray, values: np.ndarray, horizons: tuple[float, ...] = (HOUR, DAY)) -> tuple[Model, np.ndarray]:
    model = Model(ModelConfig(horizons=horizons), capacity=1)
    return model, model.run(np.zeros(len(times), int), times, values)


def bucket(model: Model, m: int) -> np.void:
    """What horizon m has learned."""
    return model.rows[0]["forecaster"]["bucket"][m + 1]


# -- which forecasts are learned from which events


def test_every_event_of_a_regular_series_is_feedback_for_the_forecast_one_horizon_ago() -> None:
    n = 60
    model, _ = run(HOUR * np.arange(n), np.arange(n) % 7.0)
    # forecasts are made from the third event on; each meets the event one hour, one day later
    assert bucket(model, 0)["conformal"]["feedbacks"] == n - 3
    # for a day one forecast in two hours is kept
    kept = -(-(n - 2) // 2)
    assert model.rows[0]["forecaster"]["made"].tolist() == [n - 2, kept]
    assert bucket(model, 1)["rows"] == (n - 3 - 24) // 2 + 1
    # and one in two for its intervals
    assert bucket(model, 1)["conformal"]["feedbacks"] == (n - 3 - 24) // 2 + 1
    assert bucket(model, 0)["rows"] == bucket(model, 0)["conformal"]["feedbacks"]


@pytest.mark.parametrize(
    ("late", "scored", "learned"),
    [
        (-0.6, 0, 0),  # units before its time: too early, still waits
        (-0.4, 0, 1),  # early by less than half a unit: a row, but too far off for the intervals
        (-0.05, 1, 1),
        (0.0, 1, 1),
        (0.3, 1, 1),
        (0.5, 0, 1),
        (1.9, 0, 1),
        (2.1, 0, 0),  # more than half the horizon late: forgotten
    ],
)
def test_an_event_near_the_time_of_a_forecast_is_its_target(late: float, scored: int, learned: int) -> None:
    """Horizon 4 units: scored within a tenth (.4 units), learned within half (2 units), half a unit early at most."""
    unit = 600.0
    times = [0.0, unit, 2 * unit]
    model, _ = run(np.array(times), np.array([0.0, 1.0, 0.5]), (4 * unit, 100 * unit))
    model.run([0], [(2 + 4 + late) * unit], [0.7])
    b = bucket(model, 0)
    now = float(model.rows[0]["clock"]["unit"])
    assert now == pytest.approx(unit, rel=0.02)
    if abs(late) <= 0.4 and late != -0.4:
        assert (b["conformal"]["feedbacks"], b["rows"]) == (scored, learned)
    assert b["rows"] == learned


def test_of_several_due_forecasts_the_nearest_is_learned_from_and_none_is_left() -> None:
    unit = 600.0
    times = unit * np.append(np.arange(10), 12.0)  # after a silence of three units the origins 6..9 are due
    model, _ = run(times, np.sin(np.arange(11.0)), (3 * unit,))
    f = model.rows[0]["forecaster"]
    waiting = f["pending"]["time"][0][f["waiting"][0] > 0]
    assert sorted(waiting / unit) == [12.0]
    assert bucket(model, 0)["rows"] == 9 - 2 - 3 + 1 + 1


def test_origins_are_kept_a_part_of_the_horizon_apart_and_cover_it() -> None:
    times, values = stream("daily", 800)
    model, _ = run(times, values)
    origins = np.sort(model.rows[0]["forecaster"]["pending"]["time"][1])
    assert len(origins) == TIER.slots
    assert np.diff(origins).min() >= DAY / TIER.slots * (1 - 1e-6)
    assert origins[-1] - origins[0] >= DAY * (1 - 1 / TIER.slots)


def test_a_horizon_far_below_the_unit_has_no_feedback_and_still_a_forecast() -> None:
    model, out = run(HOUR * np.arange(200.0), np.sin(np.arange(200.0)), (10.0,))
    assert bucket(model, 0)["rows"] == 0
    assert (out["lo80"][3:] < out["mean"][3:]).all()
    assert np.abs(out["mean"][50:, 0] - out["value"][50:]).max() < 0.3


# -- scale


@pytest.mark.parametrize("power", [-60, -7, 1, 40])
def test_scaling_by_a_power_of_two_scales_every_number_exactly(power: int) -> None:
    times, values = stream("daily", 700)
    _, a = run(times, values)
    _, b = run(times, values * 2.0**power)
    for field in (*EXPECTED, *BANDS):
        np.testing.assert_array_equal(b[field], a[field] * 2.0**power, field)
    for field in ("score", "alert_score", "severity", "alert", "direction", "shares"):
        np.testing.assert_array_equal(b[field], a[field], field)


@pytest.mark.parametrize(("offset", "factor"), [(0.0, 0.3), (1e4, 1.0), (-70.0, 1e5), (20.0, -1.0), (3.0, -1e-5)])
def test_shift_scale_and_sign_hardly_matter(offset: float, factor: float) -> None:
    """Only rounding differs. Signs: the bins of the habits are open on one side, which a mirror swaps."""
    times, values = stream("daily", 700)
    _, a = run(times, values)
    _, b = run(times, offset + factor * values)
    size = (a["upper"] - a["lower"])[100:]
    off = np.abs((b["expected"] - offset) / factor - a["expected"])[100:] / size
    assert np.quantile(off, 0.99) < 0.05
    assert np.median(np.abs(a["score"] - b["score"])) < 0.01
    assert np.quantile(np.abs(a["score"] - b["score"]), 0.97) < 0.1
    assert (b["direction"] == a["direction"] * np.sign(factor)).mean() > 0.97


def test_recoding_equals_twin() -> None:
    """After a while of learning, the whole state of the forecaster in a new unit."""
    times, values = stream("daily", 300)
    model, _ = run(times, values)
    mine = model.rows[0]["forecaster"]
    twin = Forecaster((HOUR, DAY), *TWO.kinds(), TIER)
    readouts = ((twin.linear, "readout", "covariance"), (twin.units, "unit_readout", "unit_covariance"))
    for squares, readout, packed in readouts:
        squares.w = mine[readout].astype(float)
        squares.P = unpack(mine[packed], len(squares.w))
    twin.linear.transform(reweigh(twin.names, 0.6, -1.7))
    twin.units.transform(0.6 * np.eye(TIER.units))
    recode(mine, 0.6, -1.7, record(WORK))
    for squares, readout, packed in readouts:
        np.testing.assert_allclose(mine[readout], squares.w, atol=ACCUMULATED)
        most = np.abs(squares.P).max()
        np.testing.assert_allclose(unpack(mine[packed], len(squares.w)), squares.P, atol=LEAST_SQUARES * most)


def test_a_change_of_unit_of_the_values_does_not_disturb_the_forecast() -> None:
    """A thousand times larger values after the scale has followed: forecasts as good as before, relative to them."""
    t = HOUR * np.arange(900.0)
    v = 10 + np.sin(2 * np.pi * t / DAY) + 0.1 * np.random.default_rng(0).normal(size=900)
    v[45:] *= 1000
    _, out = run(t, v)
    e = np.abs(out["expected"] - v)[400:] / 1000
    assert e.mean() < 0.2


@pytest.mark.parametrize(("factor", "shift"), [(1e-300, 1e3), (1e3, -1e30), (1.0, 0.0), (0.0, 0.5)])
def test_any_recoding_leaves_a_row_finite(factor: float, shift: float) -> None:
    fresh = record(forecaster_dtype(2, TIER))
    start(fresh)
    model, _ = run(*stream("cycle", 300))
    for f in (fresh, model.rows[0]["forecaster"]):
        for _ in range(20):
            recode(f, factor, shift, record(WORK))
        assert not_finite(f) == []
        assert (np.diag(unpack(f["covariance"], len(f["readout"]))) > 0).all()
        assert (np.diag(unpack(f["unit_covariance"], len(f["unit_readout"]))) > 0).all()


def test_a_twin_starts_like_the_kernel() -> None:
    mine, twin = record(forecaster_dtype(2, TIER)), Forecaster((HOUR, DAY), *TWO.kinds(), TIER)
    start(mine)
    np.testing.assert_allclose(unpack(mine["covariance"], len(twin.names)), twin.linear.P, rtol=1e-6)
    np.testing.assert_allclose(unpack(mine["unit_covariance"], TIER.units), twin.units.P, rtol=1e-6)
    np.testing.assert_allclose(mine["decoder"]["weight"], twin.decoder.weight)
    assert Rings(5, 512).level[4].size == 16


def test_a_new_period_starts_the_modes_again_everywhere() -> None:
    times, values = stream("cycle", 1500)
    model = Model(TWO, capacity=1)
    period = 0.0
    for time, value in zip(times, values, strict=True):
        model.run([0], [time], [value])
        f = model.rows[0]["forecaster"]
        if f["bank"]["period"] != period:
            period = float(f["bank"]["period"])
            kept = f["pending"]["time"] < time
            assert not f["pending"]["code"][kept][:, 4 : 4 + TIER.bank].any()
            assert np.abs(f["bank"]["mode"]).max() < 0.05  # one event's worth
    assert period == pytest.approx(31, rel=0.03)


# -- quality


def errors(out: np.ndarray, values: np.ndarray, lag: int, m: int, first: int) -> tuple[float, float]:
    """Mean absolute error of horizon m, and of the last value."""
    target, made = values[first + lag :], out[first : len(values) - lag]
    return float(np.abs(target - made["mean"][:, m]).mean()), float(np.abs(target - made["value"]).mean())


def cycle_of(period: float, n: int, noise: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    t = HOUR * np.arange(float(n))
    form = np.sin(2 * np.pi * t / period) + 0.5 * np.cos(4 * np.pi * t / period)
    return t, 50 + 10 * form + noise * np.random.default_rng(seed).normal(size=n)


def test_beats_the_last_value_on_a_day() -> None:
    t, v = cycle_of(DAY, 2000, 1.0, 0)
    _, out = run(t, v, (6 * HOUR, DAY))
    error, naive = errors(out, v, 6, 0, 500)
    assert error < 0.15 * naive
    error, naive = errors(out, v, 24, 1, 500)  # the last value is yesterday's: only its noise can be beaten
    assert error < 0.8 * naive


def test_knows_a_plan_of_the_week() -> None:
    rng = np.random.default_rng(0)
    plan, n = rng.normal(size=168), 168 * 6
    values = plan[np.arange(n) % 168] + 0.1 * rng.normal(size=n)
    _, out = run(HOUR * np.arange(n), values)
    at = np.arange(168 * 3, n - 24)
    # two values of a plan differ by 1.1, two of the noise by .11
    assert np.abs(out["mean"][at, 1] - values[at + 24]).mean() < 0.15
    assert np.abs(out["expected"] - values)[168 * 3 :].mean() < 0.13


@pytest.mark.parametrize("period", [17.0, 40.0, 100.0])
def test_beats_the_last_value_on_a_cycle_that_nobody_declared(period: float) -> None:
    t, v = cycle_of(period * HOUR, 2500, 1.0, 1)
    _, out = run(t, v, (6 * HOUR, DAY))
    error, naive = errors(out, v, 6, 0, 1000)
    assert error < 0.35 * naive


def test_is_hardly_worse_than_the_last_value_on_a_random_walk() -> None:
    rng = np.random.default_rng(2)
    ratio = []
    for _ in range(4):
        v = np.cumsum(rng.normal(size=2500))
        _, out = run(HOUR * np.arange(2500.0), v, (6 * HOUR, DAY))
        for lag, m in ((6, 0), (24, 1)):
            error, naive = errors(out, v, lag, m, 500)
            ratio.append(error / naive)
    assert np.mean(ratio) < 1.04


@pytest.mark.parametrize("factor", [10, 1000])
def test_recovers_when_the_values_come_in_another_unit(factor: float) -> None:
    """Long after the scale was learned: within 500 events the forecast beats the last value again, and covers."""
    t, v = cycle_of(DAY, 3200, 1.0, 6)
    v[2000:] *= factor
    _, out = run(t, v)
    late = slice(2500, 3200)
    assert np.abs(out["expected"][late] - v[late]).mean() < 0.8 * np.abs(np.diff(v)[2499:-1]).mean()
    assert ((out["lower"][late] <= v[late]) & (v[late] <= out["upper"][late])).mean() > 0.9


def test_comes_near_the_mean_on_noise() -> None:
    """The best forecast of white noise is its mean: 1/sqrt(2) of the last value's error."""
    v = np.random.default_rng(3).normal(size=3000)
    _, out = run(HOUR * np.arange(3000.0), v)
    error, naive = errors(out, v, 1, 0, 500)
    assert error < 1.06 * naive / np.sqrt(2)


SERIES = {
    "noise": lambda rng, n: rng.normal(size=n),
    "walk": lambda rng, n: np.cumsum(rng.normal(size=n)),
    "day": lambda rng, n: 10 * np.sin(2 * np.pi * np.arange(n) / 24) + rng.normal(size=n),
    "heavy": lambda rng, n: rng.standard_t(3, n),
}


@pytest.mark.parametrize("name", SERIES)
def test_intervals_cover_what_they_promise(name: str) -> None:
    n, first = 4000, 800
    v = SERIES[name](np.random.default_rng(4), n)
    _, out = run(HOUR * np.arange(float(n)), v)
    late = out[first:]
    next80 = ((late["lower80"] <= late["value"]) & (late["value"] <= late["upper80"])).mean()
    next95 = ((late["lower"] <= late["value"]) & (late["value"] <= late["upper"])).mean()
    assert next80 == pytest.approx(0.80, abs=0.02)
    assert next95 == pytest.approx(0.95, abs=0.01)
    for m, lag in enumerate((1, 24)):
        target, made = v[first + lag :], out[first : n - lag]
        at80 = ((made["lo80"][:, m] <= target) & (target <= made["hi80"][:, m])).mean()
        at95 = ((made["lo95"][:, m] <= target) & (target <= made["hi95"][:, m])).mean()
        assert at80 == pytest.approx(0.80, abs=0.05)
        assert at95 == pytest.approx(0.95, abs=0.025)


def test_intervals_are_not_wider_than_need_be() -> None:
    """On Gaussian noise: 2 x 1.28 and 2 x 1.96 deviations."""
    v = np.random.default_rng(5).normal(size=4000)
    _, out = run(HOUR * np.arange(4000.0), v)
    assert np.nanmedian(out["upper80"] - out["lower80"]) == pytest.approx(2.563, rel=0.1)
    assert np.nanmedian(out["upper"] - out["lower"]) == pytest.approx(3.92, rel=0.12)
