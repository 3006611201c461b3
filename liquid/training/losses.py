"""Losses by name, with exact gradients: ``loss(prediction, target, weight) -> (mean, dmean/dprediction)``.

Predictions are (..., outputs), weights (...) and not negative, None for 1 everywhere. With l_k the loss of sample k,
the mean is sum(w_k l_k) / sum(w_k), and l_k is::

    mse             the mean over outputs of (p - t)^2
    mae             the mean over outputs of |p - t|; its slope at 0 is 0
    huber           the mean over outputs of e^2 / 2 if |e| <= delta, else delta (|e| - delta / 2)
    cross_entropy   -sum over classes of t log softmax(p): t one class number for each sample (...) or a share for
                    each class (..., classes)

All of them calculate in double precision. Each raises ValueError for shapes, weights or classes that do not fit, and
FloatingPointError if the mean overflows.
"""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite, prod

import numpy as np
from numpy.typing import ArrayLike

from liquid.cells.params import Array

Loss = Callable[[Array, Array, Array | None], tuple[float, Array]]


def mse(prediction: ArrayLike, target: ArrayLike, weight: ArrayLike | None = None) -> tuple[float, Array]:
    """Squared error, see the module."""
    with np.errstate(over="ignore", invalid="ignore"):
        p, e, w = _errors(prediction, target, weight)
        return _mean("mse", e * e, 2 * e, w, p)


def mae(prediction: ArrayLike, target: ArrayLike, weight: ArrayLike | None = None) -> tuple[float, Array]:
    """Absolute error, see the module."""
    with np.errstate(over="ignore", invalid="ignore"):
        p, e, w = _errors(prediction, target, weight)
        return _mean("mae", np.abs(e), np.sign(e), w, p)


def huber(
    prediction: ArrayLike, target: ArrayLike, weight: ArrayLike | None = None, delta: float = 1.0
) -> tuple[float, Array]:
    """Squared near 0 and absolute beyond `delta` (Huber 1964), see the module."""
    if not delta > 0:
        raise ValueError(f"delta is {delta}, but must be more than 0")
    with np.errstate(over="ignore", invalid="ignore"):
        p, e, w = _errors(prediction, target, weight)
        near = np.clip(e, -delta, delta)
        return _mean("huber", near * (e - near / 2), near, w, p)


def cross_entropy(prediction: ArrayLike, target: ArrayLike, weight: ArrayLike | None = None) -> tuple[float, Array]:
    """Minus the log likelihood of classes, from scores that softmax turns into probabilities; see the module."""
    p, given = np.asarray(prediction), np.asarray(target)
    scores = p.astype(np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        shifted = scores - scores.max(axis=-1, keepdims=True)
        logs = shifted - np.log(np.sum(np.exp(shifted), axis=-1, keepdims=True))
        share = class_shares(given, p.shape)
        w = _weights(weight, p)
        return _mean("cross_entropy", -share * logs, np.exp(logs) - share, w[..., None], p)


LOSSES: dict[str, Loss] = {"mse": mse, "mae": mae, "huber": huber, "cross_entropy": cross_entropy}


def loss_named(loss: str | Loss) -> Loss:
    """A loss by its name in `LOSSES`; a function with their arguments is its own."""
    if not isinstance(loss, str):
        return loss
    if loss not in LOSSES:
        raise ValueError(f"there is no loss named {loss!r}: choose one of {', '.join(LOSSES)}")
    return LOSSES[loss]


def class_shares(target: Array, shape: tuple[int, ...]) -> Array:
    """Targets of `cross_entropy` as shares (..., classes): class numbers become 1 among 0."""
    classes = shape[-1]
    if target.shape == shape[:-1] and target.dtype.kind in "iu":
        if target.size and (target.min() < 0 or target.max() >= classes):
            raise ValueError(f"class numbers go from {target.min()} to {target.max()}, but must be 0 to {classes - 1}")
        return np.eye(classes)[target]
    if target.shape != shape or target.dtype.kind not in "fiu":
        raise ValueError(
            f"target has shape {target.shape} and type {target.dtype}, but for predictions {shape} whole class "
            f"numbers {shape[:-1]} or shares of classes {shape} are expected"
        )
    share = target.astype(np.float64)
    if (share < 0).any() or not np.allclose(share.sum(axis=-1), 1, atol=1e-6):
        raise ValueError("shares of classes must not be negative and must have the sum 1")
    return share


def _errors(prediction: ArrayLike, target: ArrayLike, weight: ArrayLike | None) -> tuple[Array, Array, Array]:
    """Predictions, errors, and weights of each number, whose sum is 1."""
    p, t = np.asarray(prediction), np.asarray(target)
    if t.shape != p.shape:
        raise ValueError(f"target has shape {t.shape}, but predictions {p.shape}")
    return p, p.astype(np.float64) - t, _weights(weight, p)[..., None] / p.shape[-1]


def _weights(weight: ArrayLike | None, prediction: Array) -> Array:
    """Weights of each sample, whose sum is 1."""
    shape = prediction.shape[:-1]
    if weight is None:
        return np.full(shape, 1 / prod(shape))
    w = np.asarray(weight, np.float64)
    if w.shape != shape:
        raise ValueError(f"weight has shape {w.shape}, but predictions {prediction.shape}")
    total = w.sum()
    if not ((w >= 0).all() and 0 < total < np.inf):
        raise ValueError("weights must be finite, not negative and not all 0")
    return w / total


def _mean(name: str, each: Array, slope: Array, w: Array, prediction: Array) -> tuple[float, Array]:
    mean = float((w * each).sum())
    if not isfinite(mean):
        raise FloatingPointError(f"the loss {name} overflowed: the predictions are too far from the targets")
    return mean, (slope * w).astype(prediction.dtype)
