"""Outliers in series at irregular times."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.base import OutlierMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from liquid.cells.params import Array
from liquid.estimators.base import LiquidEstimator
from liquid.estimators.dates import with_seconds
from liquid.estimators.density import StudentT
from liquid.estimators.samples import Timed, is_sequences, timed
from liquid.estimators.scaling import Scaling
from liquid.training import Sequences, predict

LEAST_HELD_OUT = 2
"""With fewer pieces none are held out."""

FAR = 1e100
"""Numbers are cut to this many deviations: their squares must stay finite."""

SUSPICIOUS = 10
"""A first column that rises this many times in a row, and always, is probably meant to be times."""


class LiquidDetector(OutlierMixin, LiquidEstimator):  # type: ignore[misc]
    """A liquid cell that expects each event of a series; an outlier is one it did not expect.

    X : ``(n, columns)``, *one series*: its rows are events in order, each a sample with a score of its own; or many
    series, a list of ``(length_i, columns)`` or an array ``(n, length, columns)``: then each series is a sample, whose
    score is the mean of its events (`score_events` gives those).

    From the events before, and the time since the last one, the network tells a location and a scale for each column
    of the next (as a correction to its regression on the last event); `liquid.estimators.density` is the loss. The
    score of an event is the log density of Student's t at it, less that at the location: 0 for what was expected
    exactly, lower the odder. The network stays as it was fitted, and every X begins with a fresh state. That is what
    scikit-learn's fit and predict mean, it weighs several columns together, and a few hundred events are enough.
    For single series that go on for ever use `liquid.Model`, which keeps learning and knows seasons and episodes.

    Parameters
    ----------
    cell, units, cell_options, epochs, batch_size, learning_rate, weight_decay, clip, validation_fraction, patience,
        time_scale, dtype, random_state, verbose : as in `LiquidRegressor`, but what is held out is the end of X (with
        fewer than 10 pieces nothing).
    contamination : share of the training samples that is called outlying, above 0 and at most 0.5.
    window : events in a piece of a series that the network is trained on; pieces overlap by half. It runs over whole
        series afterwards.
    time_column : where X has its times, numbers or dates; None: events are one unit apart.

    Attributes
    ----------
    offset_ : the score below which a sample is an outlier.
    n_features_in_, feature_names_in_ : columns of X, and their names if it was a table with names.
    model_, params_, history_, n_iter_, time_scale_ : as in `LiquidRegressor`.
    input_scaling_ : mean and scale of the columns. slope_ : by column, of the regression on the event before.

    Examples
    --------
    >>> import numpy as np
    >>> from liquid import LiquidDetector
    >>> rng = np.random.default_rng(0)
    >>> times = rng.exponential(size=600).cumsum()
    >>> series = np.c_[times, np.sin(times / 3) + 0.05 * rng.normal(size=600)]
    >>> series[500, 1] = 0.5 - series[500, 1]  # a usual value, at the wrong moment
    >>> model = LiquidDetector(time_column=0, learning_rate=0.01, random_state=0).fit(series[:400])
    >>> sorted(model.score_samples(series).argsort()[:2].tolist())  # the odd one, and the way back from it
    [500, 501]
    """

    input_scaling_: Scaling
    slope_: Array
    offset_: float

    def __init__(
        self,
        cell: str = "cfc",
        units: int = 16,
        *,
        contamination: float = 0.01,
        window: int = 32,
        cell_options: Mapping[str, Any] | None = None,
        epochs: int = 100,
        batch_size: int = 8,
        learning_rate: float = 0.003,
        weight_decay: float = 0.01,
        clip: float | None = 1.0,
        validation_fraction: float = 0.2,
        patience: int | None = 15,
        time_column: int | None = None,
        time_scale: float | None = None,
        dtype: str = "float64",
        random_state: int | np.random.RandomState | None = None,
        verbose: bool = False,
    ) -> None:
        self.cell = cell
        self.units = units
        self.contamination = contamination
        self.window = window
        self.cell_options = cell_options
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.clip = clip
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.time_column = time_column
        self.time_scale = time_scale
        self.dtype = dtype
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, X: Any, y: Any = None) -> LiquidDetector:
        """Learn what is usual; `y` is ignored."""
        if not 0 < self.contamination <= 0.5:
            raise ValueError(f"contamination is {self.contamination}, but must be above 0 and at most 0.5")
        if self.window < 2:
            raise ValueError(f"window is {self.window}, but must be at least 2")
        self._check_time_scale()
        series = self._series(X, reset=True)
        events = np.concatenate(series.inputs)
        self.input_scaling_ = Scaling.of(events, np.ones(len(events)))
        self.time_scale_ = series.usual_gap(np.ones(len(series.inputs))) if self.time_scale is None else self.time_scale
        self.slope_ = _slopes([self._scaled(one) for one in series.inputs])
        x, gaps, target = self._steps(series)
        pieces = [(i, a) for i, one in enumerate(x) for a in _starts(len(one), self.window)]
        x, gaps, target = ([part[i][a : a + self.window] for i, a in pieces] for part in (x, gaps, target))
        self._learn(Sequences.ragged(x, gaps, target), 2 * events.shape[1], StudentT())
        self.offset_ = float(np.percentile(self._scores(series, not is_sequences(X)), 100 * self.contamination))
        return self

    def score_samples(self, X: Any) -> Array:
        """How expected each event of one series, or each of many series, is: 0 at best, ``(n,)``."""
        check_is_fitted(self)
        return self._scores(self._series(X, reset=False), not is_sequences(X))

    def score_events(self, X: Any) -> list[Array]:
        """The scores ``(length_i,)`` of the events of each of many series."""
        check_is_fitted(self)
        if not is_sequences(X):
            raise ValueError(f"many series (a list or three axes) are expected, not shape {np.shape(X)}")
        return self._event_scores(self._series(X, reset=False))

    def decision_function(self, X: Any) -> Array:
        """`score_samples` less `offset_`: below 0 for outliers, ``(n,)``."""
        return self.score_samples(X) - self.offset_

    def predict(self, X: Any) -> Array:
        """-1 for outliers and 1 for the others, ``(n,)``."""
        return np.where(self.decision_function(X) < 0, -1, 1)

    def _held_out(self, n: int, seed: int, classes: Array | None) -> tuple[Array, Array]:
        """The last pieces, without the one before that overlaps with them: others would be known by half."""
        ids, count = np.arange(n), int(n * self.validation_fraction)
        return (ids, ids[:0]) if count < LEAST_HELD_OUT else (ids[: n - count - 1], ids[n - count :])

    def _series(self, X: Any, reset: bool) -> Timed:
        if is_sequences(X):
            if reset:
                self.__dict__.pop("feature_names_in_", None)
            found = timed(X, self.time_column)
        else:
            rows = validate_data(self, with_seconds(X, self.time_column), dtype=np.float64, reset=reset)
            if reset and self.time_column is None and len(rows) > SUSPICIOUS and (np.diff(rows[:, 0]) > 0).all():
                warnings.warn(
                    "the first column of X never ceases to rise: if it holds times, say time_column=0", stacklevel=3
                )
            found = timed([rows], self.time_column)
        if reset:
            self.n_features_in_ = found.columns
        self._check_columns(found)
        return found

    def _scaled(self, events: Array) -> Array:
        return np.clip(self.input_scaling_.apply(events), -FAR, FAR)

    def _steps(self, series: Timed) -> tuple[list[Array], list[Array], list[Array]]:
        """For each series the event before (zeros before the first), the gap, and what the regression leaves."""
        x, gaps, target = [], [], []
        for i, events in enumerate(series.inputs):
            now = self._scaled(events)
            before = np.concatenate([np.zeros_like(now[:1]), now[:-1]])
            since = np.ones(len(now))
            if series.gaps is not None:
                since[1:] = series.gaps[i] / self.time_scale_
            x.append(np.tanh(before / 8) * 8)  # the network need not know how far out an outlier was
            gaps.append(since)
            target.append(now - self.slope_ * before)
        return x, gaps, target

    def _event_scores(self, series: Timed) -> list[Array]:
        x, gaps, target = self._steps(series)
        density = StudentT()
        y = predict(self.model_, self.params_, Sequences.ragged(x, gaps, target))
        scores = []
        for told, one in zip(y, target, strict=True):
            error, log_scale, _ = density.parts(told[: len(one)], one)
            error[0], log_scale[0] = one[0], 0.0  # of a first event no more is known than the usual mean and deviation
            scores.append(-density.cost(error * np.exp(-log_scale)).sum(axis=1))
        return scores

    def _scores(self, series: Timed, single: bool) -> Array:
        scores = self._event_scores(series)
        return scores[0] if single else np.array([one.mean() for one in scores])


def _slopes(series: list[Array]) -> Array:
    """Least squares of each event on the one before, by column, between 0 and 1."""
    before = np.concatenate([one[:-1] for one in series])
    after = np.concatenate([one[1:] for one in series])
    power = (before * before).sum(axis=0)
    return np.clip((before * after).sum(axis=0) / np.where(power > 0, power, 1.0), 0.0, 1.0)


def _starts(length: int, window: int) -> range:
    """Where pieces begin: half a window apart, as long as each has events that the one before lacks."""
    return range(0, max(length - window // 2, 1), window // 2)
