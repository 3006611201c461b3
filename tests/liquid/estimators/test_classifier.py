from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from liquid import LiquidClassifier
from liquid.cells.params import Array

SMALL: dict[str, Any] = {"units": 8, "cell_options": {"backbone_layers": 0}, "epochs": 30, "learning_rate": 0.05,
                         "random_state": 0}  # fmt: skip


def paces(n: int = 120) -> tuple[list[Array], list[str]]:
    """Sequences that differ by nothing but their times."""
    rng = np.random.default_rng(0)
    X = [np.c_[rng.exponential(1 + 4 * (i % 3), size=8 + i % 5).cumsum(), np.zeros(8 + i % 5)] for i in range(n)]
    return X, [("fast", "medium", "slow")[i % 3] for i in range(n)]


def test_classes_that_only_the_times_tell() -> None:
    X, y = paces()
    model = LiquidClassifier(**SMALL).fit(X[:90], y[:90])
    assert model.classes_.tolist() == ["fast", "medium", "slow"]
    assert model.score(X[90:], y[90:]) > 0.7
    shares = model.predict_proba(X)
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    np.testing.assert_array_equal(model.predict(X), model.classes_[shares.argmax(axis=1)])


@pytest.mark.slow
def test_a_table_of_classes_no_line_parts() -> None:
    X = np.random.default_rng(0).normal(size=(300, 2))
    y = np.hypot(*X.T) < 1.2
    model = LiquidClassifier(**SMALL).fit(X[:200], y[:200])
    assert model.score(X[200:], y[200:]) > 0.85
    assert model.convergence_ is not None
    assert model.convergence_.converged > 0.95


def test_one_class_is_always_that_one() -> None:
    X, _ = paces(6)
    model = LiquidClassifier(**{**SMALL, "epochs": 2}).fit(X, ["same"] * 6)
    assert set(model.predict(X)) == {"same"}
    np.testing.assert_array_equal(model.predict_proba(X), np.ones((6, 1)))


def test_weights_of_zero_leave_samples_and_their_classes_out() -> None:
    X, y = paces(30)
    model = LiquidClassifier(**{**SMALL, "epochs": 2}).fit(X, y, sample_weight=[label != "slow" for label in y])
    assert set(model.predict(X)) <= {"fast", "medium"}


def test_bad_input() -> None:
    X, _ = paces(4)
    with pytest.raises(ValueError, match="Unknown label type: continuous"):
        LiquidClassifier().fit(X, [0.1, 0.2, 0.3, 0.4])
    with pytest.raises(ValueError, match="loss is 'mse', but must be one of cross_entropy"):
        LiquidClassifier(loss="mse").fit(X, [0, 1, 0, 1])
