"""Classification of rows of tables and of sequences at irregular times."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils import assert_all_finite, column_or_1d
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from liquid.cells.params import Array
from liquid.estimators.base import LiquidEstimator


class LiquidClassifier(ClassifierMixin, LiquidEstimator):  # type: ignore[misc]
    """A liquid cell with a linear readout and softmax, for classes.

    X : ``(n, features)``, a table whose rows are held until the cell rests (*static mode*); or sequences, a list of
    ``(length_i, columns)`` or an array ``(n, length, columns)``, with times in one column. y : ``(n,)`` classes.

    Parameters
    ----------
    loss : only "cross_entropy" (also by None). All else is as in `LiquidRegressor`.

    Attributes
    ----------
    classes_ : the classes, sorted. All else is as in `LiquidRegressor`.

    Examples
    --------
    >>> import numpy as np
    >>> from liquid import LiquidClassifier
    >>> rng = np.random.default_rng(0)
    >>> events = [np.c_[rng.exponential(1 + 3 * (i % 2), size=20).cumsum(), np.ones(20)] for i in range(200)]
    >>> pace = ["slow" if i % 2 else "fast" for i in range(200)]  # nothing but the times tells them apart
    >>> model = LiquidClassifier(units=8, cell_options={"backbone_units": 16}, learning_rate=0.01, random_state=0)
    >>> bool(model.fit(events[:150], pace[:150]).score(events[150:], pace[150:]) > 0.9)
    True
    """

    classes_: Array
    _losses = ("cross_entropy",)

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> LiquidClassifier:
        """Train a new model; `sample_weight (n,)` counts in the loss, in the scaling and when choosing the epoch."""
        samples, weight = self._learned_samples(X, y, sample_weight)
        y = column_or_1d(y, warn=True)
        assert_all_finite(y, input_name="y")
        check_classification_targets(y)
        self.classes_, numbers = np.unique(y, return_inverse=True)
        self._train(samples, numbers, weight, len(self.classes_), classes=True)
        return self

    def predict_proba(self, X: Any) -> Array:
        """Probabilities ``(n, classes)``, in the order of `classes_`."""
        check_is_fitted(self)
        scores = self._outputs(self._further_samples(X))
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        return shares / shares.sum(axis=1, keepdims=True)

    def predict(self, X: Any) -> Array:
        """The most probable class of each sample, ``(n,)``."""
        best = np.argmax(self.predict_proba(X), axis=1)
        return self.classes_[best]
