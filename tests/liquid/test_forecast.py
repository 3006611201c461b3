import math

import numpy as np
import pytest

from liquid import Model, ModelConfig
from liquid.forecast import forecast_row
from liquid.results import BANDS
from tests.liquid.naive.forecast import width
from tests.liquid.naive.model import Model as Twin
from tests.liquid.odd import DAY, HOUR, STREAMS, stream
from tests.liquid.tolerances import ANY_HORIZON, FORECAST, SINGLE

TWO = ModelConfig(horizons=(HOUR, DAY))
HORIZONS = (1.0, 300.0, HOUR / 2, HOUR, 3 * HOUR, DAY, 7 * DAY, 300 * DAY)


def learned(name: str, n: int = 600, config: ModelConfig = TWO) -> tuple[Model, np.ndarray]:
    model = Model(config, capacity=1)
    return model, model.run(np.zeros(n, int), *stream(name, n))


@pytest.mark.parametrize("name", ["daily", "cycle", "walk", "ticks", "silences", "counts"])
def test_equals_twin(name: str) -> None:
    model, _ = learned(name, 300)
    twin = Twin(TWO)
    twin.run(np.zeros(300, int), *stream(name, 300))
    for level in (0.3, 0.5, 0.6, 0.8, 0.9, 0.95, 0.999):
        mine = model.forecast(0, HORIZONS, [level])
        for k, horizon in enumerate(HORIZONS):
            mean, half = twin.series[0].forecast(horizon, level)
            size = half + twin.series[0].scale.step
            assert mine["mean"][k] == pytest.approx(mean, abs=FORECAST * size)
            assert mine["upper"][k, 0] - mine["mean"][k] == pytest.approx(half, rel=FORECAST)


@pytest.mark.parametrize("name", STREAMS)
def test_fixed_horizons_are_what_came_with_the_event(name: str) -> None:
    model, out = learned(name)
    f, last = model.forecast(0, TWO.horizons), out[-1]
    rounding = SINGLE * np.abs(last["value"] - model.rows[0]["scale"]["centre"]) + 1e-300
    tolerance = ANY_HORIZON * (last["hi95"] - last["lo95"]) + rounding
    lower, upper = f["lower"].T, f["upper"].T
    ends = [end for both in zip(lower, upper, strict=True) for end in both]
    for field, asked in zip(BANDS, (f["mean"], *ends), strict=True):
        np.testing.assert_array_less(np.abs(asked - last[field]), tolerance, field)
    assert f["time"].tolist() == [model.describe(0)["time"] + h for h in TWO.horizons]


@pytest.mark.parametrize("name", STREAMS)
@pytest.mark.parametrize("bank", ["liquid_s4", "cfc", "none"])
def test_goes_to_the_last_value_as_the_horizon_goes_to_0(name: str, bank: str) -> None:
    model, out = learned(name, 500, ModelConfig(horizons=(HOUR, DAY), bank=bank))
    f = model.forecast(0, [0.0, 1e-9])
    step = model.rows[0]["scale"]["step"]
    assert f["mean"] == pytest.approx([out["value"][-1]] * 2, rel=1e-6, abs=1e-4 * step)
    assert (f["upper"][0] == f["mean"][0]).all()
    assert (f["lower"][0] == f["mean"][0]).all()


def test_mean_is_continuous_in_the_horizon_but_where_another_level_of_the_memory_takes_over() -> None:
    model, _ = learned("daily", 1500)
    h = np.linspace(HOUR, 3 * DAY, 4000)
    f = model.forecast(0, h)
    step = model.rows[0]["scale"]["step"]
    jumps = np.abs(np.diff(f["mean"])) > 0.1 * step
    assert jumps.sum() <= 12


def test_intervals_widen_with_the_level_and_are_centred() -> None:
    model, _ = learned("daily")
    levels = [0.01, 0.2, 0.5, 0.8, 0.9, 0.95, 0.99, 0.9999]
    f = model.forecast(0, HORIZONS, levels)
    half = f["upper"] - f["mean"][:, None]
    assert (np.diff(half, axis=1) > 0).all()
    np.testing.assert_allclose(f["mean"][:, None] - f["lower"], half, rtol=1e-9)


def test_intervals_widen_like_a_walk_beyond_the_last_horizon() -> None:
    model, _ = learned("walk", 1500)
    f = model.forecast(0, [DAY, 4 * DAY, 16 * DAY], [0.8])
    half = (f["upper"] - f["lower"])[:, 0]
    assert half[1] / half[0] == pytest.approx(2, rel=0.2)
    assert half[2] / half[1] == pytest.approx(2, rel=0.2)


@pytest.mark.parametrize("q", [(0.7, 1.6, 3.0), (1.0, 1.0, 1.0)])
def test_width_meets_the_learned_levels(q: tuple[float, float, float]) -> None:
    for level, half in zip((0.5, 0.8, 0.95), q, strict=True):
        assert width(np.array(q), level) == pytest.approx(half)
    assert width(np.array(q), 1e-12) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("n", [0, 1, 2])
def test_says_nothing_before_the_third_event(n: int) -> None:
    model = Model(TWO, capacity=1)
    model.run(np.zeros(n, int), np.arange(n) * 60.0, np.arange(float(n)))
    f = model.forecast(0, [60.0, HOUR])
    assert f["mean"].shape == (2,)
    assert f["lower"].shape == f["upper"].shape == (2, 3)
    assert all(np.isnan(f[key]).all() for key in ("mean", "lower", "upper"))
    model.run(np.zeros(3, int), 1000.0 + np.arange(3) * 60.0, np.arange(3.0))
    assert all(np.isfinite(v).all() for v in model.forecast(0, [60.0, HOUR]).values())


def test_reads_a_row_without_writing_to_it() -> None:
    model, _ = learned("daily")
    before = model.row_bytes(0)
    first = model.forecast(0, HORIZONS)
    second = forecast_row(model.rows[0].copy(), TWO, HORIZONS)
    assert model.row_bytes(0) == before
    for key, value in first.items():
        np.testing.assert_array_equal(value, second[key])


def test_horizons_in_any_order_and_number() -> None:
    model, _ = learned("daily")
    both = model.forecast(0, [DAY, HOUR, HOUR], [0.5])
    assert both["mean"][1] == both["mean"][2]
    for k, horizon in enumerate((DAY, HOUR)):
        alone = model.forecast(0, [horizon], [0.5])
        assert alone["mean"][0] == both["mean"][k]
        assert alone["upper"][0, 0] == both["upper"][k, 0]
    assert model.forecast(0, [])["mean"].shape == (0,)
    assert model.forecast(0, [1.0], [])["lower"].shape == (1, 0)


@pytest.mark.parametrize("horizon", [-1.0, math.nan, math.inf])
def test_refuses_a_horizon_that_is_none(horizon: float) -> None:
    with pytest.raises(ValueError, match="horizons must be finite and not negative"):
        learned("walk", 5)[0].forecast(0, [1.0, horizon])


@pytest.mark.parametrize("level", [0.0, 1.0, 80.0, -0.5, math.nan])
def test_refuses_a_level_that_is_none(level: float) -> None:
    with pytest.raises(ValueError, match="levels must lie between 0 and 1"):
        learned("walk", 5)[0].forecast(0, [1.0], [0.8, level])
