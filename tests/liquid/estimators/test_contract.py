"""scikit-learn's own checks, and what its tools do with the estimators."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from sklearn.base import BaseEstimator, clone
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from liquid import LiquidClassifier, LiquidDetector, LiquidForecaster, LiquidRegressor
from liquid.cells.params import Array

SMALL: dict[str, Any] = {"units": 4, "cell_options": {"backbone_layers": 0}, "epochs": 5, "learning_rate": 0.05}
LEARNERS = [LiquidRegressor(**SMALL), LiquidClassifier(**SMALL)]
ALL = [*LEARNERS, LiquidDetector(**SMALL), LiquidForecaster()]

EXCEPTIONS = {
    "check_methods_sample_order_invariance": "the rows of a table are one series, so their order matters",
    "check_methods_subset_invariance": "an event is judged by those before it",
}
"""Of the detector; the others have none."""


def exceptions(estimator: BaseEstimator) -> dict[str, str]:
    return EXCEPTIONS if isinstance(estimator, LiquidDetector) else {}


@parametrize_with_checks(ALL, expected_failed_checks=exceptions)
def test_scikit_learn(estimator: BaseEstimator, check: Any) -> None:
    check(estimator)


def table(n: int = 60) -> tuple[Array, Array]:
    X = np.random.default_rng(0).normal(size=(n, 2))
    return X, (X[:, 0] > 0.2).astype(int)


def sequences(n: int = 30) -> tuple[list[Array], Array]:
    """Events at random times, of numbers and of a length of their own."""
    rng = np.random.default_rng(1)
    made = [np.c_[rng.exponential(size=k).cumsum(), rng.normal(size=k)] for k in rng.integers(3, 9, size=n)]
    return made, np.array([int(one[-1, 1] > 0) for one in made])


@pytest.mark.parametrize("data", [table, sequences])
@pytest.mark.parametrize("learner", LEARNERS, ids=lambda e: type(e).__name__)
def test_a_seed_decides_every_bit(learner: BaseEstimator, data: Any) -> None:
    X, y = data()
    twins = [clone(learner).set_params(random_state=seed).fit(X, y) for seed in (3, 3, 4)]
    np.testing.assert_array_equal(twins[0].params_.flat, twins[1].params_.flat)
    np.testing.assert_array_equal(twins[0].predict(X), twins[1].predict(X))
    assert (twins[0].params_.flat != twins[2].params_.flat).any()


@pytest.mark.parametrize("data", [table, sequences])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("learner", LEARNERS, ids=lambda e: type(e).__name__)
def test_pickled_and_back(learner: BaseEstimator, dtype: str, data: Any) -> None:
    X, y = data()
    fitted = clone(learner).set_params(random_state=0, dtype=dtype).fit(X, y)
    assert fitted.params_.flat.dtype == dtype
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(again.predict(X), fitted.predict(X))
    again.params_["readout.bias"][...] += 1  # still a view
    assert (again.params_.flat != fitted.params_.flat).any()


@pytest.mark.parametrize("data", [table, sequences])
@pytest.mark.parametrize("learner", LEARNERS, ids=lambda e: type(e).__name__)
def test_search_over_settings(learner: BaseEstimator, data: Any) -> None:
    X, y = data()
    grid = GridSearchCV(clone(learner).set_params(random_state=0), {"learning_rate": [1e-6, 0.05]}, cv=2)
    grid.fit(X, y)
    assert grid.best_params_ == {"learning_rate": 0.05}
    assert grid.predict(X).shape == y.shape


@pytest.mark.parametrize("learner", LEARNERS, ids=lambda e: type(e).__name__)
def test_in_a_pipeline(learner: BaseEstimator) -> None:
    X, y = table()
    model = make_pipeline(StandardScaler(), clone(learner).set_params(random_state=0, epochs=30))
    assert cross_val_score(model, X * 1e6, y, cv=2).mean() > 0.4


def test_progress_is_shown_only_on_request(capsys: pytest.CaptureFixture[str]) -> None:
    X, y = table()
    LiquidRegressor(**SMALL, verbose=True).fit(X, y)  # no terminal: still silent
    assert capsys.readouterr() == ("", "")
