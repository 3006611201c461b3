from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from liquid import LiquidDetector
from liquid.cells.params import Array

SMALL: dict[str, Any] = {"units": 8, "cell_options": {"backbone_layers": 0}, "learning_rate": 0.02, "random_state": 0}
QUICK: dict[str, Any] = {**SMALL, "epochs": 3, "units": 4}


def wave(n: int = 500) -> Array:
    rng = np.random.default_rng(0)
    times = rng.exponential(size=n).cumsum()
    return np.c_[times, np.sin(times / 3) + 0.05 * rng.normal(size=n)]


def test_a_usual_value_at_the_wrong_moment() -> None:
    X = wave()
    X[450, 1] = -np.sign(X[450, 1]) * 0.9
    model = LiquidDetector(time_column=0, **SMALL).fit(X[:400])
    scores = model.score_samples(X)
    assert abs(int(scores.argmin()) - 450) <= 1  # it, or the way back from it
    assert (scores <= 0).all()
    assert model.predict(X)[450] == -1
    assert (model.predict(X) == 1).mean() > 0.9
    assert (model.predict(X[:400]) == -1).sum() == 4  # 1 % of the training data


def test_columns_that_no_longer_agree() -> None:
    """Each column is as usual by itself."""
    rng = np.random.default_rng(0)
    steps = np.sin(np.arange(600) / 4) + 0.05 * rng.normal(size=600)
    X = np.c_[steps, np.r_[0, steps[:-1]]]  # one repeats the other a step later
    X[550, 1] = -X[550, 1] - 0.4
    model = LiquidDetector(**SMALL).fit(X[:500])
    assert model.score_samples(X)[500:].argmin() == 50


def test_training_data_may_have_outliers() -> None:
    X = wave()
    X[::50, 1] += 10
    model = LiquidDetector(time_column=0, contamination=0.05, **SMALL).fit(X)
    assert (model.predict(X)[50::50] == -1).all()


def test_many_series() -> None:
    X = [wave(40 + i) * [1.0, 1.0 + (i % 3)] for i in range(12)]
    model = LiquidDetector(time_column=0, **QUICK).fit(X)
    scores, events = model.score_samples(X), model.score_events(X)
    assert [len(one) for one in events] == [len(one) for one in X]
    np.testing.assert_allclose(scores, [one.mean() for one in events])
    assert set(model.predict(X)) == {-1, 1}
    np.testing.assert_allclose(model.score_events(X[3:4])[0], events[3], rtol=1e-9)
    np.testing.assert_allclose(model.score_samples(X[3]), events[3], rtol=1e-9)  # the events, of one series


def test_times_are_numbers_or_dates() -> None:
    X = wave(60)
    X[:, 0] = np.round(X[:, 0] * 1000)
    dated = X.astype(object)
    dated[:, 0] = np.datetime64("2026-01-01") + X[:, 0].astype(int).astype("m8[ms]")
    numbers, dates = LiquidDetector(time_column=0, **QUICK).fit(X), LiquidDetector(time_column=0, **QUICK).fit(dated)
    np.testing.assert_allclose(dates.score_samples(dated), numbers.score_samples(X), rtol=1e-3, atol=1e-6)
    assert dates.time_scale_ == pytest.approx(numbers.time_scale_ / 1000, rel=1e-3)
    with pytest.warns(UserWarning, match="never ceases to rise: if it holds times, say time_column=0"):
        LiquidDetector(**QUICK).fit(X)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_seeds_copies_and_pickles(dtype: str) -> None:
    X = wave(80)
    model = LiquidDetector(time_column=0, dtype=dtype, **QUICK).fit(X)
    assert model.params_.flat.dtype == dtype
    want = model.score_samples(X)
    assert want.dtype == np.float64
    np.testing.assert_array_equal(clone(model).fit(X).score_samples(X), want)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).score_samples(X), want)
    assert (clone(model).set_params(random_state=1).fit(X).score_samples(X) != want).any()
    piped = make_pipeline(StandardScaler(), LiquidDetector(**QUICK)).fit(X[:, 1:])
    assert piped.decision_function(X[:, 1:]).shape == (80,)
    np.testing.assert_array_equal(clone(model).fit_predict(X), model.predict(X))


def test_extremes_are_finite() -> None:
    X = np.random.default_rng(0).normal(size=(40, 2))
    model = LiquidDetector(**QUICK).fit(X)
    X[20] = 1e300, -1e300
    scores = model.score_samples(X)
    assert np.isfinite(scores).all()
    assert scores.argmin() == 20
    assert np.isfinite(LiquidDetector(**QUICK).fit(X).score_samples(X)).all()
    assert LiquidDetector(**QUICK).fit(np.ones((1, 1))).score_samples([[1.0]]) == 0
    still = LiquidDetector(**QUICK).fit(np.ones((50, 1)))
    assert still.score_samples([[1.0], [1.0], [2.0]]).argmin() == 2


@pytest.mark.parametrize(
    ("settings", "X", "message"),
    [
        ({}, [], "Expected 2D array|0 sample"),
        ({}, [1.0, 2.0], "Expected 2D array"),
        ({}, [[1.0], [np.nan]], "NaN"),
        ({"time_column": 0}, [[2.0, 1.0], [1.0, 1.0]], "runs back in time"),
        ({"time_column": 0}, [[2.0], [1.0]], "at least one more is needed"),
        ({"time_column": 3}, [[2.0, 1.0]], "time_column is 3"),
        ({}, [np.ones((3, 1)), np.ones((0, 1))], r"X\[1\] has shape \(0, 1\)"),
        ({"contamination": 0.0}, [[1.0]], "contamination is 0.0"),
        ({"contamination": 0.6}, [[1.0]], "contamination is 0.6"),
        ({"window": 1}, [[1.0]], "window is 1"),
        ({"time_scale": -1.0}, [[1.0]], "time_scale is -1.0"),
        ({"cell": "clc"}, [[1.0]], "there is no cell named 'clc'"),
    ],
)
def test_bad_input(settings: dict[str, Any], X: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        LiquidDetector(**{**QUICK, **settings}).fit(X)


def test_bad_questions() -> None:
    with pytest.raises(NotFittedError):
        LiquidDetector().predict([[1.0]])
    model = LiquidDetector(**QUICK).fit(np.random.default_rng(0).normal(size=(20, 2)))
    with pytest.raises(ValueError, match="X has 1 features, but LiquidDetector is expecting 2"):
        model.predict([[1.0]])
    with pytest.raises(ValueError, match="expecting 2 features"):
        model.predict(np.ones((2, 3, 3)))
    with pytest.raises(ValueError, match="many series"):
        model.score_events(np.ones((3, 2)))
