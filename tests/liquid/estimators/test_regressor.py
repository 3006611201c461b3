from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning, NotFittedError

from liquid import LiquidRegressor
from liquid.cells import CELLS
from liquid.cells.params import Array
from liquid.equilibrium import Equilibrium
from liquid.training import load_model, save_model

SMALL: dict[str, Any] = {"units": 4, "cell_options": {"backbone_layers": 0}, "epochs": 5, "learning_rate": 0.05,
                         "random_state": 0}  # fmt: skip


def events(n: int = 40, length: int = 6) -> Array:
    rng = np.random.default_rng(0)
    return np.stack([rng.exponential(size=(n, length)).cumsum(axis=1), rng.normal(size=(n, length))], axis=2)


@pytest.mark.slow
def test_a_table_is_learned_at_rest() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 2))
    y = 1e3 + 50 * X[:, 0] * X[:, 1]  # a product: no linear model explains any of it
    model = LiquidRegressor(units=8, cell_options={"backbone_layers": 0}, learning_rate=0.02, random_state=0)
    model.fit(X[:200], y[:200])
    assert model.score(X[200:], y[200:]) > 0.7
    assert isinstance(model.model_, Equilibrium)
    assert model.time_scale_ is None
    assert model.convergence_ is not None
    assert model.convergence_.converged == 1
    assert model.convergence_.residual < 1e-9
    assert 1 <= model.n_iter_ == len(model.history_["validation"]) <= 100


def test_times_are_seen() -> None:
    """The target is the last gap: nothing else of a sequence tells it."""
    X = events(200, 4)
    y = np.exp(-(X[:, -1, 0] - X[:, -2, 0]))
    model = LiquidRegressor(units=8, cell_options={"backbone_layers": 0}, learning_rate=0.02, random_state=0)
    assert model.fit(X[:150], y[:150]).score(X[150:], y[150:]) > 0.9
    assert LiquidRegressor(**SMALL, time_column=None).fit(X[..., 1:], y).score(X[..., 1:], y) < 0.5


def test_targets_for_each_sample() -> None:
    X = events(100)
    y = np.cumsum(X[..., 1], axis=1)
    ragged, targets = [x[: 3 + i % 4] for i, x in enumerate(X)], [t[: 3 + i % 4] for i, t in enumerate(y)]
    model = LiquidRegressor(**{**SMALL, "epochs": 40, "units": 8}).fit(ragged, targets)
    found = model.predict(ragged)
    assert [len(one) for one in found] == [len(one) for one in ragged]
    assert model.score(ragged, targets) > 0.6
    assert model.score(ragged, targets, sample_weight=np.arange(100)) != model.score(ragged, targets)
    model.fit(X, y[..., None])
    assert model.predict(X).shape == (100, 6, 1)


def test_several_targets() -> None:
    X = events()
    y = np.c_[X[:, -1, 1], 100 * X[:, -1, 1]]
    found = LiquidRegressor(**{**SMALL, "epochs": 30}).fit(X, y).predict(X)
    assert found.shape == y.shape
    np.testing.assert_allclose(found.std(axis=0) / y.std(axis=0), 1, atol=0.3)


def test_lists_arrays_and_padding_say_the_same() -> None:
    X = events()
    y = X[:, 2, 1]
    whole, pieces = LiquidRegressor(**SMALL).fit(X, y), LiquidRegressor(**SMALL).fit(list(X), y)
    np.testing.assert_array_equal(whole.predict(X), pieces.predict(list(X)))
    mixed = [X[0], X[1, :2], X[2, :1]]
    alone = [whole.predict([one])[0] for one in mixed]
    np.testing.assert_allclose(whole.predict(mixed), alone, rtol=1e-12)


def test_the_unit_of_time_is_found_or_given() -> None:
    X = events()
    y = X[:, -1, 1]
    slow = X * [3600.0, 1.0]
    model, other = LiquidRegressor(**SMALL).fit(X, y), LiquidRegressor(**SMALL).fit(slow, y)
    assert model.time_scale_ == pytest.approx(np.median(np.diff(X[..., 0])))
    np.testing.assert_allclose(other.predict(slow), model.predict(X), rtol=1e-6)
    assert LiquidRegressor(**SMALL, time_scale=2.0).fit(X, y).time_scale_ == 2.0


def test_dates_are_times() -> None:
    X = events(20)
    y = X[:, -1, 1]
    seconds = np.round(X[..., 0] * 1000) / 1000
    numbers = [np.c_[s, x[:, 1]] for s, x in zip(seconds, X, strict=True)]
    dates = []
    for s, x in zip(seconds, X, strict=True):
        one = np.empty(x.shape, object)
        one[:, 0] = np.datetime64("2026-01-01") + (s * 1000).round().astype("timedelta64[ms]")
        one[:, 1] = x[:, 1]
        dates.append(one)
    model = LiquidRegressor(**SMALL).fit(numbers, y)
    np.testing.assert_allclose(LiquidRegressor(**SMALL).fit(dates, y).predict(dates), model.predict(numbers), rtol=1e-6)


def test_weights_of_zero_leave_samples_out() -> None:
    X = events()
    y = X[:, -1, 1].copy()
    kept = np.arange(40) % 4 > 0
    clean = LiquidRegressor(**SMALL).fit(X[kept], y[kept])
    y[~kept] = 1e9
    np.testing.assert_array_equal(
        LiquidRegressor(**SMALL).fit(X, y, sample_weight=kept * 2.0).predict(X), clean.predict(X)
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in CELLS if name not in ("stack", "hybrid")])
def test_any_cell_by_name(name: str) -> None:
    X = events(20, 3)
    y = X[:, -1, 1]
    model = LiquidRegressor(cell=name, units=4, epochs=2, random_state=0).fit(X, y)
    assert model.model_.cell.inputs == 1  # type: ignore[attr-defined]
    assert np.isfinite(model.predict(X)).all()


def test_what_is_learned_can_be_saved_without_pickle(tmp_path: Any) -> None:
    X = events()
    model = LiquidRegressor(**SMALL).fit(X, X[:, -1, 1])
    save_model(tmp_path / "model.npz", model.params_)
    network, params = load_model(tmp_path / "model.npz")
    assert network == model.model_
    np.testing.assert_array_equal(params.flat, model.params_.flat)


def test_a_state_without_rest_is_said() -> None:
    X = np.random.default_rng(0).normal(size=(30, 2))
    model = LiquidRegressor(**SMALL).fit(X, X[:, 0])
    object.__setattr__(model.model_, "most_steps", 1)
    with pytest.warns(ConvergenceWarning, match=r"does not rest for 100.0% of the samples"):
        model.predict(X)


def test_extreme_but_finite_numbers() -> None:
    X = events()
    X[..., 1] *= 1e200
    model = LiquidRegressor(**SMALL).fit(X, X[:, -1, 1] * 1e50)
    assert np.isfinite(model.predict(X)).all()
    one = LiquidRegressor(**SMALL).fit(X[:1, :1], [5.0])
    assert one.predict(X[:1, :1]) == pytest.approx(5.0, abs=1)


GOOD = events(4, 3)


@pytest.mark.parametrize(
    ("settings", "X", "y", "message"),
    [
        ({}, GOOD, None, "requires y to be passed"),
        ({}, GOOD, [1, 2, 3], "inconsistent numbers of samples"),
        ({}, GOOD, [1, 2, 3, np.nan], "y contains NaN"),
        ({}, GOOD[:0], [], "no sequences"),
        ({}, [GOOD[0], GOOD[1][:0]], [1, 2], r"X\[1\] has shape \(0, 2\)"),
        ({}, [GOOD[0], GOOD[1][:, :1]], [1, 2], r"X\[1\] has shape \(3, 1\)"),
        ({}, GOOD[..., :1], range(4), "the only column of the sequences is their time"),
        ({}, GOOD[:, ::-1], range(4), r"X\[0\] runs back in time at its sample 1"),
        ({}, np.where(GOOD[2, 1, 1] == GOOD, np.nan, GOOD), range(4), r"X\[2\] has NaN or infinity in its sample 1"),
        ({}, GOOD * 1j, range(4), "complex"),
        ({}, GOOD.astype(str).astype(object) + "x", range(4), "no real number"),
        ({"time_column": 2}, GOOD, range(4), "time_column is 2, but the sequences have 2 columns"),
        ({"time_scale": 0.0}, GOOD, range(4), "time_scale is 0.0"),
        ({"cell": "clc"}, GOOD, range(4), "there is no cell named 'clc': choose one of"),
        ({"cell_options": {"depth": 2}}, GOOD, range(4), "cell_options has depth, but cfc has only"),
        ({"loss": "cross_entropy"}, GOOD, range(4), "loss is 'cross_entropy', but must be one of mse"),
        ({"validation_fraction": 1.0}, GOOD, range(4), "validation_fraction is 1.0"),
        ({"dtype": "float16"}, GOOD, range(4), "dtype is 'float16'"),
        ({"epochs": 0}, GOOD, range(4), "epochs is 0"),
        ({"units": 0}, GOOD, range(4), "units"),
        ({"learning_rate": -1.0}, GOOD, range(4), "rate"),
    ],
)
def test_bad_input(settings: dict[str, Any], X: Any, y: Any, message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        LiquidRegressor(**{**SMALL, **settings}).fit(X, y)


def test_bad_weights() -> None:
    for weight, message in (
        ([1, 1], "sample_weight"),
        (np.zeros(4), "at least one non-zero|0 for all"),
        ([1, 1, 1, -1], "(?i)negative"),
    ):
        with pytest.raises(ValueError, match=message):
            LiquidRegressor(**SMALL).fit(GOOD, range(4), sample_weight=weight)


def test_bad_input_to_a_fitted_model() -> None:
    with pytest.raises(NotFittedError):
        LiquidRegressor().predict(GOOD)
    model = LiquidRegressor(**SMALL).fit(GOOD, range(4))
    with pytest.raises(ValueError, match="was fitted on sequences"):
        model.predict(GOOD[0])
    with pytest.raises(ValueError, match="X has 3 features, but LiquidRegressor is expecting 2"):
        model.predict(np.zeros((2, 3, 3)))
    with pytest.raises(ValueError, match="was fitted on the rows of a table"):
        LiquidRegressor(**SMALL).fit(GOOD[0], range(3)).predict(GOOD)
