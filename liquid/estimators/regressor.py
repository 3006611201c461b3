"""Regression from tables and from sequences at irregular times."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils.validation import check_array, check_is_fitted

from liquid.cells.params import Array
from liquid.estimators.base import LiquidEstimator
from liquid.estimators.samples import Samples, is_sequences
from liquid.estimators.scaling import Scaling


class LiquidRegressor(RegressorMixin, LiquidEstimator):  # type: ignore[misc]
    """A liquid cell with a linear readout, for numbers.

    X : ``(n, features)``, a table whose rows are held until the cell rests (*static mode*); or sequences, a list of
    ``(length_i, columns)`` or an array ``(n, length, columns)``, with times in one column. y : ``(n,)`` or
    ``(n, targets)``, read at the end of each sequence; or for each of its samples, a list of ``(length_i,)`` or
    ``(length_i, targets)`` or an array ``(n, length, targets)``.

    Parameters
    ----------
    cell : a name of `liquid.cells.CELLS`.
    units : width of the cell, whatever its class calls it.
    loss : "mse" (also by None), "mae" or "huber".
    cell_options : further fields of the cell's class.
    epochs, batch_size, learning_rate, weight_decay, clip : of the training by AdamW; the largest norm of a gradient.
    validation_fraction, patience : share of the samples that is held out, and epochs without a lower loss on them
        after which the training stops; the epoch with the lowest is kept. Below 10 samples none are held out.
    standardise : bring inputs and targets to mean 0 and deviation 1 first.
    time_column : where sequences have their times: numbers or dates (then counted in seconds), not falling; None:
        the samples of a sequence are one unit apart.
    time_scale : what is one unit of time for the cell; None: the median gap. The first sample of a sequence comes
        after one unit.
    dtype : "float64" or "float32", for the cell.
    random_state : decides initial parameters, held out samples and order.
    verbose : show a progress bar on a terminal.

    Attributes
    ----------
    n_features_in_, feature_names_in_ : columns of X, and their names if it was a table with names.
    model_, params_ : the trained network, for `liquid.training.save_model(path, params_)`. It works on scaled numbers.
    input_scaling_, target_scaling_ : their `mean` and `scale`. time_scale_ : the unit of time, None in static mode.
    history_, n_iter_ : losses by epoch, and how many there were.
    convergence_ : how the training samples came to rest in static mode: the share that did, worst residual, most steps.

    Examples
    --------
    >>> import numpy as np
    >>> from liquid import LiquidRegressor
    >>> rng = np.random.default_rng(0)
    >>> events = [np.c_[rng.exponential(size=12).cumsum(), rng.normal(size=12)] for _ in range(200)]
    >>> since = [e[-1, 0] - e[-4, 0] for e in events]  # time that the last three gaps took
    >>> model = LiquidRegressor(units=8, cell_options={"backbone_units": 16}, learning_rate=0.01, random_state=0)
    >>> bool(model.fit(events[:150], since[:150]).score(events[150:], since[150:]) > 0.8)
    True
    """

    target_scaling_: Scaling
    _losses = ("mse", "mae", "huber")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> LiquidRegressor:
        """Train a new model; `sample_weight (n,)` counts in the loss, in the scaling and when choosing the epoch."""
        samples, weight = self._learned_samples(X, y, sample_weight)
        self._per_sample = is_sequences(X) and _is_per_sample(y, samples.lengths)
        target = _per_sample(y, samples) if self._per_sample else _numbers(y)
        self._flat = target.ndim == (2 if self._per_sample else 1)
        if self._flat:
            target = target[..., None]
        here, each = samples.here, samples.here * weight[:, None]
        known = (target[here], each[here]) if self._per_sample else (target, weight)
        self.target_scaling_ = Scaling.of(*known) if self.standardise else Scaling.none(target.shape[-1])
        target = self.target_scaling_.apply(target)
        self._train(samples, target, weight, target.shape[-1], last=not self._per_sample)
        return self

    def predict(self, X: Any) -> Any:
        """Predictions in the layout of the y that was learned: for each sample a list, or an array if X is one."""
        check_is_fitted(self)
        samples = self._further_samples(X)
        y = self.target_scaling_.undo(self._outputs(samples, last=not self._per_sample))
        if self._flat:
            y = y[..., 0]
        if self._per_sample and not (isinstance(X, np.ndarray) and X.ndim == 3):
            return [one[:length] for one, length in zip(y, samples.lengths, strict=True)]
        return y

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """The coefficient of determination R²; with targets for each sample, over the samples of all sequences."""
        found = self.predict(X)
        if self._per_sample:
            if sample_weight is not None:
                sample_weight = np.repeat(sample_weight, [len(one) for one in found])
            found, y = np.concatenate(list(found)), np.concatenate([np.asarray(one) for one in y])
        return float(r2_score(y, found, sample_weight=sample_weight))


def _numbers(y: Any) -> Array:
    numbers: Array = check_array(y, ensure_2d=False, dtype=np.float64, input_name="y")
    if numbers.ndim > 2:
        raise ValueError(f"y has shape {numbers.shape}, but (samples,) or (samples, targets) is expected")
    return numbers


def _is_per_sample(y: Any, lengths: Array) -> bool:
    """Whether y holds an array for each sequence, as long as it."""
    if isinstance(y, np.ndarray) and y.dtype != object:
        return y.ndim == 3
    if not isinstance(y, (list, tuple, np.ndarray)):
        return False
    shapes = [np.shape(one) for one in y]
    return all(shape[:1] == (length,) for shape, length in zip(shapes, lengths, strict=True))


def _per_sample(y: Any, samples: Samples) -> Array:
    """Padded with zeros: (n, longest) or (n, longest, targets)."""
    arrays = [check_array(one, ensure_2d=False, allow_nd=True, dtype=np.float64, input_name=f"y[{i}]")
              for i, one in enumerate(y)]  # fmt: skip
    if any(one.shape[1:] != arrays[0].shape[1:] or one.ndim > 2 for one in arrays):
        raise ValueError("y must hold one number or as many numbers for each sample of each sequence")
    padded = np.zeros((*samples.here.shape, *arrays[0].shape[1:]))
    for i, (one, length) in enumerate(zip(arrays, samples.lengths, strict=True)):
        if len(one) != length:
            raise ValueError(f"y[{i}] has {len(one)} samples, but X[{i}] has {length}")
        padded[i, :length] = one
    return padded
