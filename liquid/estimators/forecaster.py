"""Forecasts of irregular series, with what else is known of each moment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.linear_model import Ridge
from sklearn.utils.validation import check_array, check_consistent_length, check_is_fitted, validate_data

from liquid.cells.params import Array
from liquid.config import ModelConfig
from liquid.estimators.dates import with_seconds
from liquid.estimators.scaling import Scaling
from liquid.model import Model

FARTHEST = 32.0
"""In median gaps, the longer one of the two horizons that are learned for where nothing else is asked for; at most a
quarter of the series. Two, as many as the service has by default: the kernels are compiled for their number."""

LATEST = 1e15
"""Seconds; `liquid.Model` takes no times beyond."""


class LiquidForecaster(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """A series at irregular times, forecast at any time after, each with an interval.

    X : ``(n,)`` times in order, or ``(n, columns)`` with times in one column, in any order; the other columns are what
    is known of every moment beforehand (a price, a timetable). Times are numbers or dates. y : ``(n,)`` or ``(n,
    targets)``, the values then.

    The model is `liquid.Model`, which learns from each event as it comes: one pass over the series is the whole
    training, seconds for a million events, its feedback is as delayed as in life, its intervals are calibrated as it
    goes (for `horizons`: between them, where a cycle may be shorter than their distance, they may be too narrow), and
    it knows the hours of days and weeks. A cell trained in epochs would need a horizon and a length of
    history to be trained for, and many more passes, for one series of a few hundred events that seldom suffice. Other
    columns enter by a ridge regression, whose remainder is what the model forecasts.

    A forecast for a time uses the events *before* that time: also for times within the series, by replay. So the score
    on the data it was fitted on is that of forecasts of each next event (but the regression knew them all).

    Parameters
    ----------
    horizons : up to 4 distances that forecasts are learned for, in the unit of X, ascending; any other is
        interpolated, less surely. None: 5.7 and 32 median gaps, less for short series.
    time_column : where X has its times.
    time_unit : seconds in one unit of X's times: 3600 if they are hours, so that days and weeks are found. Dates are
        counted in seconds whatever it is.
    alpha : strength of the ridge penalty, for scaled columns.
    bank, decoder : as in `liquid.ModelConfig`.

    Attributes
    ----------
    n_features_in_, feature_names_in_ : columns of X, and their names if it was a table with names.
    model_ : the `liquid.Model`, one series for each target, in deviations of `target_scaling_`.
    ridge_ : the regression on the other columns, None without any.
    time_ : time of the last event. horizons_ : those learned for. All in the unit of X.

    Examples
    --------
    >>> import numpy as np
    >>> from liquid import LiquidForecaster
    >>> rng = np.random.default_rng(0)
    >>> times = rng.exponential(size=1500).cumsum()
    >>> values = 100 + 10 * np.sin(times / 8) + rng.normal(size=1500)
    >>> model = LiquidForecaster().fit(times[:1450], values[:1450])
    >>> ahead = model.predict(times[1450:1455])
    >>> bool(np.abs(ahead - values[1450:1455]).max() < 5)
    True
    >>> low, high = model.predict_interval(times[1450:], level=0.95)
    >>> bool(((low < values[1450:]) & (values[1450:] < high)).mean() > 0.8)
    True
    """

    n_features_in_: int

    def __init__(
        self,
        horizons: Sequence[float] | None = None,
        *,
        time_column: int = 0,
        time_unit: float = 1.0,
        alpha: float = 1.0,
        bank: str = "liquid_s4",
        decoder: str = "cfc",
    ) -> None:
        self.horizons = horizons
        self.time_column = time_column
        self.time_unit = time_unit
        self.alpha = alpha
        self.bank = bank
        self.decoder = decoder

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def fit(self, X: Any, y: Any) -> LiquidForecaster:
        """Learn a series from its beginning."""
        times, known, values = self._events(X, y, reset=True)
        if not 0 <= self.alpha < np.inf:
            raise ValueError(f"alpha is {self.alpha}, but must be finite and not negative")
        self._flat = values.ndim == 1
        values = values.reshape(len(values), -1)
        everyone = np.ones(len(values))
        self.target_scaling_ = Scaling.of(values, everyone)
        self._known_scaling = Scaling.of(known, everyone)
        scaled = self.target_scaling_.apply(values)
        self.ridge_ = None
        if known.shape[1]:
            self.ridge_ = Ridge(alpha=self.alpha).fit(self._known_scaling.apply(known), scaled)
        horizons = self._horizons(times)
        self.horizons_ = horizons / self._unit
        self.model_ = self._fresh(horizons, values.shape[1])
        self._times, self._values = times[:0], scaled[:0]
        self._learn(times, known, scaled)
        return self

    def update(self, X: Any, y: Any) -> LiquidForecaster:
        """Go on with later events. Scaling, horizons and the ridge regression stay as `fit` made them.

        (It is not `partial_fit`, which must take any samples at any time.)
        """
        check_is_fitted(self)
        times, known, values = self._events(X, y, reset=False)
        values = values.reshape(len(values), -1)
        if values.shape[1] != self._values.shape[1]:
            raise ValueError(f"y has {values.shape[1]} targets, but {self._values.shape[1]} were learned")
        if times[0] < self._times[-1]:
            raise ValueError(
                f"X begins at {times[0] / self._unit:g}, before the last event at {self.time_:g}: only later ones "
                "can be learned; fit anew for the others"
            )
        self._learn(times, known, self.target_scaling_.apply(values))
        return self

    def predict(self, X: Any) -> Array:
        """Expected values at the times of X, ``(n,)`` or ``(n, targets)``, each from the events before its time.

        Before the third event it is the last value, before the first the mean.
        """
        return self._at(X, 0.5)[0]

    def predict_interval(self, X: Any, level: float = 0.95) -> tuple[Array, Array]:
        """Bounds that hold the value with the probability `level`, each shaped as `predict`; at first infinite."""
        if not 0 < level < 1:
            raise ValueError(f"level is {level}, but must be between 0 and 1")
        return self._at(X, level)[1:]

    def forecast(self, horizons: ArrayLike) -> Array:
        """Expected values at distances ``(n,)`` after the last event: `predict`, without other columns than the time.

        Distances are in the unit of X, seconds if it holds dates.
        """
        check_is_fitted(self)
        distances = np.asarray(horizons, np.float64).reshape(-1)
        if self.n_features_in_ > 1:
            raise ValueError("the other columns of X must be known for a forecast: use predict")
        if not (np.isfinite(distances).all() and (distances >= 0).all()):
            raise ValueError(f"horizons must be finite and not negative, not {distances.tolist()}")
        return self._back(self._ahead(len(self._times), distances * self._unit, 0.5)[0])

    def _events(self, X: Any, y: Any, reset: bool) -> tuple[Array, Array, Array]:
        """Times (n,) in seconds, ascending; other columns (n, columns - 1); y. Of equal times the order is kept."""
        if y is None:
            raise ValueError(f"{type(self).__name__} requires y to be passed, but the target y is None")
        times, known = self._moments(X, reset)
        values: Array = check_array(y, ensure_2d=False, dtype=np.float64, input_name="y")
        if values.ndim > 2:
            raise ValueError(f"y has shape {values.shape}, but (events,) or (events, targets) is expected")
        check_consistent_length(times, values)
        order = np.argsort(times, kind="stable")
        return times[order], known[order], values[order]

    def _moments(self, X: Any, reset: bool) -> tuple[Array, Array]:
        """Times (n,) in seconds and other columns, as they come."""
        table = with_seconds(X, self.time_column)
        if reset:
            if not 0 < self.time_unit < np.inf:
                raise ValueError(f"time_unit is {self.time_unit}, but must be positive and finite")
            self._unit = float(self.time_unit) if table is X else 1.0
        if (reset or self.n_features_in_ == 1) and _are_times(table, in_order=reset):
            table = np.asarray(table)[:, None]
        rows = validate_data(self, table, dtype=np.float64, reset=reset)
        columns = rows.shape[1]
        if not -columns <= self.time_column < columns:
            raise ValueError(f"time_column is {self.time_column}, but X has {columns} columns")
        times = rows[:, self.time_column] * self._unit
        if np.abs(times).max() > LATEST:
            raise ValueError(f"X has times beyond {LATEST:g} seconds: subtract some origin, or see time_unit")
        return times, np.delete(rows, self.time_column, axis=1)

    def _horizons(self, times: Array) -> Array:
        """In seconds."""
        if self.horizons is not None:
            return np.asarray(self.horizons, np.float64).reshape(-1) * self._unit
        gaps = np.diff(times)
        gaps = gaps[gaps > 0]
        usual = float(np.median(gaps)) if gaps.size else self._unit
        usual = min(max(usual, 1e-9), LATEST / 1e6)
        farthest = min(max((times[-1] - times[0]) / (4 * usual), 2.0), FARTHEST)
        return usual * np.array([np.sqrt(farthest), farthest])

    def _fresh(self, horizons: Array, targets: int) -> Model:
        config = ModelConfig(horizons=tuple(horizons.tolist()), bank=self.bank, decoder=self.decoder)
        model = Model(config, capacity=targets)
        for k in range(targets):
            model.slot(str(k))
        return model

    def _learn(self, times: Array, known: Array, scaled: Array) -> None:
        rest = scaled - self._explained(known)
        _take(self.model_, times, rest)
        self._times, self._values = np.concatenate([self._times, times]), np.concatenate([self._values, rest])
        self.time_ = float(self._times[-1]) / self._unit

    def _explained(self, known: Array) -> Array | float:
        """What the other columns tell, (n, targets)."""
        if self.ridge_ is None:
            return 0.0
        told: Array = self.ridge_.predict(self._known_scaling.apply(known))
        return told.reshape(len(known), -1)

    def _at(self, X: Any, level: float) -> tuple[Array, Array, Array]:
        """Mean and bounds at the times of X."""
        check_is_fitted(self)
        times, known = self._moments(X, reset=False)
        before = np.searchsorted(self._times, times, side="left")
        found = np.empty((3, len(times), self._values.shape[1]))
        replay, done = self._fresh(self.horizons_ * self._unit, self._values.shape[1]), 0
        for count in np.unique(before):
            here = before == count
            model = self.model_
            if count < len(self._times):
                _take(replay, self._times[done:count], self._values[done:count])
                model, done = replay, count
            last = self._times[count - 1] if count else 0.0
            found[:, here] = self._ahead(count, times[here] - last, level, model)
        mean, low, high = found + self._explained(known)
        return self._back(mean), self._back(low), self._back(high)

    def _ahead(self, count: int, distances: Array, level: float, model: Model | None = None) -> Array:
        """Mean and bounds (3, n, targets) of what is left to forecast, at distances in seconds after event `count`."""
        shape = (len(distances), self._values.shape[1])
        if count == 0:
            return np.stack([np.zeros(shape), np.full(shape, -np.inf), np.full(shape, np.inf)])
        found = np.empty((3, *shape))
        for k in range(shape[1]):
            told = (model or self.model_).forecast(k, distances.tolist(), [level])
            found[:, :, k] = told["mean"], told["lower"][:, 0], told["upper"][:, 0]
        for part, value in zip(found, (self._values[count - 1], -np.inf, np.inf), strict=True):
            np.copyto(part, value, where=np.isnan(part))
        return found

    def _back(self, scaled: Array) -> Array:
        values = self.target_scaling_.undo(scaled)
        return values[:, 0] if self._flat else values


def _take(model: Model, times: Array, values: Array) -> None:
    for k in range(values.shape[1]):
        model.run(np.full(len(times), k), times, values[:, k])


def _are_times(X: Any, in_order: bool) -> bool:
    """Whether X is a vector of times. To learn from, only if they are in order: else it is more likely a column of
    something else that lacks its second axis, which scikit-learn explains."""
    if not isinstance(X, (np.ndarray, list, tuple)) or len(np.shape(X)) != 1 or not len(X):
        return False
    numbers = np.asarray(X)
    return numbers.dtype.kind in "iuf" and (not in_order or bool((np.diff(numbers) >= 0).all()))
