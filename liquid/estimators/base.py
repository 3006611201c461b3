"""What the estimators that train a cell share: parameters, reading of samples, training, reading at rest."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state
from sklearn.utils.validation import _check_sample_weight, check_consistent_length, validate_data

from liquid.cells.base import Recurrent
from liquid.cells.params import Array, Params
from liquid.equilibrium import Equilibrium
from liquid.estimators.samples import Samples, Timed, is_sequences, timed
from liquid.estimators.scaling import Scaling
from liquid.estimators.sized import sized
from liquid.training import AdamW, Loss, Network, Sequences, fit, predict

LEAST_HELD_OUT = 10
"""With fewer samples the validation loss says little: none are held out."""

PIECE = 1024


class Convergence(NamedTuple):
    """How the states of a static model came to rest.

    converged : share of the samples whose state rests within the tolerance.
    residual : the worst |F(h) - h|, relative to max(1, largest |h|). steps : the most steps that were needed.
    """

    converged: float
    residual: float
    steps: int


class LiquidEstimator(BaseEstimator):  # type: ignore[misc]
    """Cells trained on tables or sequences; the estimators themselves say how they are used."""

    n_features_in_: int
    model_: Recurrent
    params_: Params
    history_: dict[str, Array]
    n_iter_: int
    input_scaling_: Scaling
    time_scale_: float | None
    convergence_: Convergence | None
    _losses: tuple[str, ...]  # the first is the default

    def __init__(
        self,
        cell: str = "cfc",
        units: int = 16,
        *,
        loss: str | None = None,
        cell_options: Mapping[str, Any] | None = None,
        epochs: int = 100,
        batch_size: int = 32,
        learning_rate: float = 0.003,
        weight_decay: float = 0.01,
        clip: float | None = 1.0,
        validation_fraction: float = 0.1,
        patience: int | None = 15,
        standardise: bool = True,
        time_column: int | None = 0,
        time_scale: float | None = None,
        dtype: str = "float64",
        random_state: int | np.random.RandomState | None = None,
        verbose: bool = False,
    ) -> None:
        self.cell = cell
        self.units = units
        self.loss = loss
        self.cell_options = cell_options
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.clip = clip
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.standardise = standardise
        self.time_column = time_column
        self.time_scale = time_scale
        self.dtype = dtype
        self.random_state = random_state
        self.verbose = verbose

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags

    def _learned_samples(self, X: Any, y: Any, sample_weight: Any) -> tuple[Samples, Array]:
        """Samples to train on and their weights. Sets what later ones are read by: columns, and the unit of time."""
        if y is None:
            raise ValueError(f"{type(self).__name__} requires y to be passed, but the target y is None")
        if not is_sequences(X):
            self.time_scale_ = None
            rows = validate_data(self, X, dtype=np.float64)
            check_consistent_length(rows, y)
            return Samples.of_rows(rows), _weights(sample_weight, rows)
        self._check_time_scale()
        found = timed(X, self.time_column)
        check_consistent_length(found.inputs, y)
        weight = _weights(sample_weight, found.inputs)
        if hasattr(self, "feature_names_in_"):
            del self.feature_names_in_
        self.n_features_in_ = found.columns
        self.time_scale_ = found.usual_gap(weight > 0) if self.time_scale is None else float(self.time_scale)
        return found.samples(self.time_scale_), weight

    def _further_samples(self, X: Any) -> Samples:
        """Samples to predict for, of the layout that was learned."""
        if self.time_scale_ is None:
            if is_sequences(X):
                raise ValueError(f"X holds sequences, but this {type(self).__name__} was fitted on the rows of a table")
            return Samples.of_rows(validate_data(self, X, dtype=np.float64, reset=False))
        if not is_sequences(X):
            raise ValueError(
                f"this {type(self).__name__} was fitted on sequences, so X must be a list of arrays (samples, columns) "
                f"or one array (sequences, samples, columns), not of shape {np.shape(X)}"
            )
        found = timed(X, self.time_column)
        self._check_columns(found)
        return found.samples(self.time_scale_)

    def _check_time_scale(self) -> None:
        if self.time_scale is not None and not 0 < self.time_scale < np.inf:
            raise ValueError(f"time_scale is {self.time_scale}, but must be positive and finite")

    def _check_columns(self, found: Timed) -> None:
        if found.columns != self.n_features_in_:
            raise ValueError(
                f"X has {found.columns} features, but {type(self).__name__} is expecting {self.n_features_in_} "
                "features as input"
            )

    def _train(
        self, samples: Samples, target: Array, weight: Array, outputs: int, last: bool = True, classes: bool = False
    ) -> None:
        """Train a new model.

        target : as `liquid.training.Sequences` takes it. weight : of each sequence, 0 to leave it out.
        last : one target for each sequence. classes : the targets are classes, some of each are to be held out.
        """
        loss = self._losses[0] if self.loss is None else self.loss
        if loss not in self._losses:
            raise ValueError(f"loss is {loss!r}, but must be one of {', '.join(self._losses)}")
        if not weight.all():
            samples, target, weight = samples.subset(weight > 0), target[weight > 0], weight[weight > 0]
        here, columns = samples.here, samples.x.shape[2]
        each = here * weight[:, None]
        self.input_scaling_ = Scaling.of(samples.x[here], each[here]) if self.standardise else Scaling.none(columns)
        data = Sequences(self._inputs(samples), samples.gaps, target, each, last)
        self._learn(data, outputs, loss, target if classes else None)
        self.convergence_ = None
        if isinstance(self.model_, Equilibrium):
            self.convergence_ = self._at_rest(self.model_, samples)[1]
            self._warn(self.convergence_)

    def _learn(self, data: Sequences, outputs: int, loss: str | Loss, classes: Array | None = None) -> None:
        """Train a new network, static if there is no unit of time. `classes` are those of the sequences, if any."""
        if not 0 <= self.validation_fraction < 1:
            raise ValueError(f"validation_fraction is {self.validation_fraction}, but must be at least 0 and below 1")
        cell = sized(self.cell, data.x.shape[2], self.units, self.dtype, self.cell_options)
        network: Recurrent = Network(cell=cell, outputs=outputs)
        if self.time_scale_ is None:
            network = Equilibrium(inner=network)
        first, order, split = (int(s) for s in check_random_state(self.random_state).randint(2**31 - 1, size=3))
        learned, held = self._held_out(len(data), split, classes)
        fitted = fit(
            network,
            network.init(first),
            data.subset(learned),
            loss=loss,
            epochs=self.epochs,
            batch_size=self.batch_size,
            optimiser=AdamW(rate=self.learning_rate, decay=self.weight_decay),
            clip=self.clip,
            validation=data.subset(held) if len(held) else None,
            patience=self.patience,
            seed=order,
            progress=bool(self.verbose),
        )
        self.model_, self.params_, self.history_ = network, fitted.params, fitted.history
        self.n_iter_ = len(fitted.history["loss"])

    def _held_out(self, n: int, seed: int, classes: Array | None) -> tuple[Array, Array]:
        """Samples to learn, and samples to judge by; of each class some in both, or none are held out."""
        ids, count = np.arange(n), int(n * self.validation_fraction)
        if count < LEAST_HELD_OUT:
            return ids, ids[:0]
        if classes is not None:
            sizes = np.unique(classes, return_counts=True)[1]
            if sizes.min() < 2 or count < len(sizes):
                return ids, ids[:0]
        learned, held = train_test_split(ids, test_size=count, random_state=seed, stratify=classes)
        return np.sort(learned), np.sort(held)

    def _inputs(self, samples: Samples) -> Array:
        """Scaled, with zeros in the padding."""
        return np.where(samples.here[..., None], self.input_scaling_.apply(samples.x), 0.0)

    def _outputs(self, samples: Samples, last: bool = True) -> Array:
        """Outputs of the network, in double precision: (n, outputs), or at each sample (n, longest, outputs)."""
        if isinstance(self.model_, Equilibrium):
            y, report = self._at_rest(self.model_, samples)
            self._warn(report)
            return y.astype(np.float64)
        blank = np.zeros((len(samples), 1) if last else (*samples.here.shape, 1))
        data = Sequences(self._inputs(samples), samples.gaps, blank, samples.here.astype(float), last)
        return predict(self.model_, self.params_, data).astype(np.float64)

    def _at_rest(self, model: Equilibrium, samples: Samples) -> tuple[Array, Convergence]:
        """Outputs, solved for in pieces, as large as memory easily holds."""
        x = self._inputs(samples)[:, 0]
        found = [model.solve(self.params_, x[i : i + PIECE], radius=False) for i in range(0, len(x), PIECE)]
        y, _, residual, steps, converged, _ = (np.concatenate(parts) for parts in zip(*found, strict=True))
        return y, Convergence(float(converged.mean()), float(residual.max()), int(steps.max()))

    def _warn(self, report: Convergence) -> None:
        if report.converged < 1:
            warnings.warn(
                f"the state does not rest for {1 - report.converged:.1%} of the samples (worst residual "
                f"{report.residual:.2g}): their outputs are those of the best state that was met. A lower learning "
                "rate, more weight decay or another cell may help",
                ConvergenceWarning,
                stacklevel=3,
            )


def _weights(sample_weight: Any, samples: Any) -> Array:
    """One for each sample (sequence), not negative, not all 0."""
    weight: Array = _check_sample_weight(sample_weight, samples, dtype=np.float64, ensure_non_negative=True)
    if not weight.any():
        raise ValueError("sample_weight is 0 for all samples")
    return weight
