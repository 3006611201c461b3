from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

from liquid.training import LOSSES, cross_entropy, huber, mae, mse
from liquid.training.losses import loss_named

RNG = np.random.default_rng(0)
P = RNG.normal(size=(3, 4, 5))
NUMBERS = RNG.normal(size=P.shape)
SHARES = RNG.dirichlet(np.ones(5), size=(3, 4))
CLASSES = np.array([[0, 1, 2, 3], [4, 4, 0, 0], [1, 3, 1, 2]])
W = RNG.exponential(size=(3, 4))
W[1, 2] = 0


def softmax_loss(p: np.ndarray, t: np.ndarray) -> float:
    return -float(sum(t[c] * np.log(np.exp(p[c]) / sum(np.exp(p))) for c in range(len(p))))


def huber_loss(p: np.ndarray, t: np.ndarray, delta: float) -> float:
    return float(np.mean([e * e / 2 if abs(e) <= delta else delta * (abs(e) - delta / 2) for e in p - t]))


CASES: list[tuple[Any, np.ndarray, Callable[[np.ndarray, np.ndarray], float]]] = [
    (mse, NUMBERS, lambda p, t: float(np.mean((p - t) ** 2))),
    (mae, NUMBERS, lambda p, t: float(np.mean(abs(p - t)))),
    (huber, NUMBERS, lambda p, t: huber_loss(p, t, 1.0)),
    (partial(huber, delta=0.3), NUMBERS, lambda p, t: huber_loss(p, t, 0.3)),
    (cross_entropy, SHARES, softmax_loss),
    (cross_entropy, CLASSES, lambda p, t: softmax_loss(p, np.arange(5) == t)),
]


@pytest.mark.parametrize(("loss", "target", "each"), CASES)
@pytest.mark.parametrize("weight", [None, W])
def test_the_mean_is_the_formula(loss: Any, target: np.ndarray, each: Any, weight: np.ndarray | None) -> None:
    w = np.ones((3, 4)) if weight is None else weight
    want = sum(w[i] * each(P[i], target[i]) for i in np.ndindex(3, 4)) / w.sum()
    assert loss(P, target, weight)[0] == pytest.approx(want, rel=1e-14)


@pytest.mark.parametrize(("loss", "target", "each"), CASES)
def test_gradients_are_the_slopes(loss: Any, target: np.ndarray, each: Any) -> None:
    _, gradient = loss(P, target, W)
    for i in np.ndindex(P.shape):
        ends = []
        for h in (1e-6, -1e-6):
            moved = P.copy()
            moved[i] += h
            ends.append(loss(moved, target, W)[0])
        assert gradient[i] == pytest.approx((ends[0] - ends[1]) / 2e-6, abs=1e-9)
    assert not gradient[1, 2].any()


def test_slopes_at_the_corners() -> None:
    assert mae([[1.0, 0.0]], [[1.0, 1.0]])[1].tolist() == [[0.0, -0.5]]
    assert huber([[1.0], [3.0], [-2.0]], [[0.0], [0.0], [0.0]], [1, 1, 2])[1].tolist() == [[0.25], [0.25], [-0.5]]


def test_a_single_step_of_the_online_kind() -> None:
    value, gradient = mse(np.array([[3.0, 1.0]]), np.array([[1.0, 1.0]]))
    assert value == 2.0
    assert gradient.tolist() == [[2.0, 0.0]]


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_single_precision(loss: Any) -> None:
    target = SHARES if loss is cross_entropy else NUMBERS
    value, gradient = loss(P.astype(np.float32), target.astype(np.float32), W)
    want, slope = loss(P, target, W)
    assert gradient.dtype == np.float32
    assert value == pytest.approx(want, rel=1e-6)
    np.testing.assert_allclose(gradient, slope, rtol=1e-4, atol=1e-7)


def test_large_scores_do_no_harm() -> None:
    value, gradient = cross_entropy([[1e300, -1e300], [-1e300, 1e300]], [0, 1])
    assert value == 0
    assert not gradient.any()
    value, _ = cross_entropy([[800.0, 0.0]], [1])
    assert value == 800


@pytest.mark.parametrize(("loss", "target"), [(mse, [[0.0]]), (cross_entropy, [[1.0]])])
def test_one_output(loss: Any, target: list) -> None:
    assert loss([[0.5]], target)[1].shape == (1, 1)


@pytest.mark.parametrize("loss", [mse, huber])
def test_overflow_is_an_error(loss: Any) -> None:
    far = loss([[1e200]], [[0.0]])[0] if loss is huber else 0
    assert far == pytest.approx(1e200 if loss is huber else 0)
    with pytest.raises(FloatingPointError, match=f"the loss {loss.__name__} overflowed"):
        loss([[1.7e308, 1.7e308]], [[-1.7e308, -1.7e308]])


@pytest.mark.parametrize(
    ("loss", "arguments", "message"),
    [
        (mse, (P, NUMBERS[..., 0], None), r"target has shape \(3, 4\), but predictions \(3, 4, 5\)"),
        (mse, (P, NUMBERS, W[0]), r"weight has shape \(4,\)"),
        (mse, (P, NUMBERS, -W), "not negative and not all 0"),
        (mse, (P, NUMBERS, 0 * W), "not all 0"),
        (mse, (P, NUMBERS, W * np.nan), "weights must be finite"),
        (cross_entropy, (P, CLASSES + 1, None), "go from 1 to 5, but must be 0 to 4"),
        (cross_entropy, (P, CLASSES - 1, None), "go from -1 to 3, but"),
        (cross_entropy, (P, CLASSES + 0.5, None), r"shape \(3, 4\) and type float64"),
        (cross_entropy, (P, SHARES * 2, None), "must have the sum 1"),
        (cross_entropy, (P, SHARES - 0.5, None), "must not be negative"),
        (huber, (P, NUMBERS, None, 0.0), "delta is 0.0"),
    ],
)
def test_what_does_not_fit(loss: Any, arguments: tuple, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        loss(*arguments)


def test_by_name() -> None:
    assert loss_named("huber") is huber
    assert loss_named(mae) is mae
    with pytest.raises(ValueError, match="no loss named 'mape': choose one of mse, "):
        loss_named("mape")
