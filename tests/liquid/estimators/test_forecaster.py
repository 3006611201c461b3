from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from liquid import LiquidForecaster, Model, ModelConfig
from liquid.cells.params import Array


def wave(n: int = 900) -> tuple[Array, Array]:
    rng = np.random.default_rng(0)
    times = rng.exponential(size=n).cumsum()
    return times, 100 + 10 * np.sin(times / 8) + 0.5 * rng.normal(size=n)


def test_any_time_ahead_is_better_than_the_last_value() -> None:
    t, v = wave()
    model = LiquidForecaster(horizons=[4, 16]).fit(t[:800], v[:800])
    later = t[800:820]
    error = np.abs(model.predict(later) - v[800:820]).mean()
    assert error < 0.5 * np.abs(v[799] - v[800:820]).mean()
    assert model.score(t[400:800], v[400:800]) > 0.9


def test_it_is_the_services_model() -> None:
    t, v = wave(300)
    model = LiquidForecaster(horizons=[4.0, 16.0]).fit(t, v)
    own = Model(ModelConfig(horizons=(4.0, 16.0)))
    z = (v - v.mean()) / v.std()
    own.run(np.full(300, own.slot("one")), t, z)
    told = own.forecast(0, [1.0, 30.0], [0.8])
    np.testing.assert_allclose(model.forecast([1.0, 30.0]), v.mean() + v.std() * told["mean"], rtol=1e-6)
    low, high = model.predict_interval(t[-1] + np.array([1.0, 30.0]), level=0.8)
    np.testing.assert_allclose(low, v.mean() + v.std() * told["lower"][:, 0], rtol=1e-6)
    np.testing.assert_allclose(high, v.mean() + v.std() * told["upper"][:, 0], rtol=1e-6)
    np.testing.assert_allclose(model.horizons_, [4, 16])


def test_within_the_series_only_the_past_counts() -> None:
    t, v = wave(300)
    whole, half = LiquidForecaster(horizons=[4.0, 16.0]).fit(t, v), LiquidForecaster(horizons=[4.0, 16.0])
    half.fit(t[:150], v[:150])
    half.target_scaling_ = whole.target_scaling_
    z = (v - v.mean()) / v.std()
    half.model_ = half._fresh(np.array([4.0, 16.0]), 1)
    half._times, half._values = t[:0], z[:0, None]
    half._learn(t[:150], np.empty((150, 0)), z[:150, None])
    between = (t[149] + t[150]) / 2
    assert whole.predict([between]) == half.predict([between])
    assert whole.predict([t[150]]) == half.predict([t[150]])


def test_pieces_are_the_whole() -> None:
    t, v = wave(300)
    whole = LiquidForecaster(horizons=[4.0, 16.0]).fit(t, v)
    pieces = LiquidForecaster(horizons=[4.0, 16.0]).fit(t[:200], v[:200]).update(t[200:], v[200:])
    assert pieces.time_ == whole.time_ == t[-1]
    np.testing.assert_allclose(
        pieces.forecast([1, 10]), whole.forecast([1, 10]), rtol=1e-3
    )  # scaled by its first piece
    with pytest.raises(ValueError, match="before the last event"):
        pieces.update(t[:1], v[:1])
    with pytest.raises(ValueError, match="y has 2 targets, but 1 were learned"):
        pieces.update(t[-1:], [[1.0, 2.0]])


def test_order_of_rows_and_form_of_times_do_not_matter() -> None:
    t, v = wave(200)
    t = np.round(t * 1000) / 1000
    mixed = np.random.default_rng(1).permutation(200)
    model = LiquidForecaster().fit(t, v)
    ahead = t[-1] + np.array([1.0, 2.0])
    want = model.predict(ahead)
    np.testing.assert_array_equal(LiquidForecaster().fit(t[mixed, None], v[mixed]).predict(ahead[:, None]), want)
    dates = pd.Timestamp("1970-01-01") + pd.to_timedelta(np.r_[t, ahead], unit="s")
    forms: list[Any] = [dates.to_numpy(), dates.to_pydatetime(), pd.Series(dates), pd.DataFrame({"when": dates}),
                        dates.tz_localize("UTC").to_pydatetime().tolist()]  # fmt: skip
    for form in forms:
        dated = LiquidForecaster(time_unit=3600.0).fit(form[:200], v)  # of no effect on dates
        np.testing.assert_allclose(dated.predict(form[200:]), want, rtol=1e-4)
    hours = LiquidForecaster(time_unit=3600.0).fit(t / 3600, v)
    np.testing.assert_allclose(hours.predict(ahead / 3600), want, rtol=1e-4)
    np.testing.assert_allclose(hours.horizons_ * 3600, model.horizons_)


def test_what_is_known_beforehand_helps() -> None:
    t, v = wave(400)
    holiday = np.random.default_rng(2).random(400) < 0.2
    v = v - 30 * holiday
    table = pd.DataFrame({"when": t, "day": np.where(holiday, "off", "work")})
    known = make_column_transformer((OneHotEncoder(drop="if_binary"), ["day"]), remainder="passthrough")
    model = make_pipeline(known, LiquidForecaster(time_column=-1))
    informed = model.fit(table[:350], v[:350]).score(table[350:], v[350:])
    assert informed > 0.3 + LiquidForecaster().fit(t[:350], v[:350]).score(t[350:], v[350:])
    with pytest.raises(ValueError, match="must be known for a forecast"):
        model[-1].forecast([1.0])


def test_several_targets_are_several_series() -> None:
    t, v = wave(150)
    both = LiquidForecaster().fit(t, np.c_[v, -2 * v])
    alone = LiquidForecaster().fit(t, v)
    ahead = t[-1] + np.array([0.5, 5.0])
    np.testing.assert_allclose(both.predict(ahead), np.c_[1, -2] * alone.predict(ahead)[:, None], rtol=1e-3)
    assert both.forecast([1.0]).shape == (1, 2)


def test_before_there_is_anything_to_go_by() -> None:
    model = LiquidForecaster().fit([1.0, 2.0, 3.0], [5.0, 6.0, 10.0])
    np.testing.assert_allclose(model.predict([0.0, 1.0, 1.5, 2.5]), [7, 7, 5, 6])
    low, high = model.predict_interval([0.0, 1.5])
    assert np.isneginf(low).all()
    assert np.isposinf(high).all()
    assert LiquidForecaster().fit([1.0], [5.0]).predict([9.0]) == 5


def test_extremes_are_finite() -> None:
    t, v = wave(60)
    for times, values in ((t, v * 1e200), (t * 1e-12, v), (t * 1e10, v), (t * 0, v), (t, v * 0)):
        model = LiquidForecaster().fit(times, values)
        assert np.isfinite(model.predict(np.r_[times, times[-1] + 1e12])).all()


def test_pickled_cloned_and_searched() -> None:
    t, v = wave(200)
    model = LiquidForecaster(decoder="none").fit(t, v)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.forecast([1.0, 9.0]), model.forecast([1.0, 9.0]))
    assert clone(model).get_params() == model.get_params()
    np.testing.assert_array_equal(clone(model).fit(t, v).forecast([1.0, 9.0]), model.forecast([1.0, 9.0]))
    grid = GridSearchCV(LiquidForecaster(), {"alpha": [0.1, 1e9]}, cv=TimeSeriesSplit(2))
    x = np.random.default_rng(0).normal(size=200)
    assert grid.fit(np.c_[t, x], v + 50 * x).best_params_ == {"alpha": 0.1}


@pytest.mark.parametrize(
    ("settings", "X", "y", "message"),
    [
        ({}, [1, 2], None, "requires y"),
        ({}, [2, 1], [1, 2], "Expected 2D array"),
        ({}, [1, 2], [1, 2, 3], "inconsistent numbers of samples"),
        ({}, [1, np.nan], [1, 2], "Expected 2D array|NaN"),
        ({}, [1, 2], [1, np.inf], "infinity"),
        ({}, [], [], "Expected 2D array|0 sample"),
        ({}, np.zeros((2, 2, 2)), [1, 2], "dim 3|3 dim"),
        ({}, [1, 2], np.zeros((2, 1, 1)), "y has shape|dim 3"),
        ({}, np.array(["NaT", "NaT"], "M8[s]"), [1, 2], "no time in its sample 0"),
        ({}, [1, 1e16], [1, 2], "times beyond"),
        ({"time_column": 1}, [1, 2], [1, 2], "time_column is 1, but X has 1 columns"),
        ({"time_unit": 0.0}, [1, 2], [1, 2], "time_unit is 0.0"),
        ({"horizons": [5, 1]}, [1, 2], [1, 2], "ascending"),
        ({"alpha": -1}, [1, 2], [1, 2], "alpha is -1"),
        ({"bank": "gru"}, [1, 2], [1, 2], "bank must be one of"),
    ],
)
def test_bad_input(settings: dict[str, Any], X: Any, y: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        LiquidForecaster(**settings).fit(X, y)


def test_bad_questions() -> None:
    with pytest.raises(NotFittedError):
        LiquidForecaster().forecast([1.0])
    with pytest.raises(NotFittedError):
        LiquidForecaster().update([1.0], [1.0])
    model = LiquidForecaster().fit([1, 2, 3], [1, 2, 3])
    with pytest.raises(ValueError, match="horizons must be finite and not negative"):
        model.forecast([-1.0])
    with pytest.raises(ValueError, match="level is 1"):
        model.predict_interval([4.0], level=1)
