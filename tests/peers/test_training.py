"""Losses and optimisers against torch."""

from typing import Any

import numpy as np
import pytest

from liquid.cells import CfC
from liquid.training import SGD, AdamW, RMSprop, cross_entropy, huber, mae, mse

torch: Any = pytest.importorskip("torch")
pytestmark = pytest.mark.peers

RNG = np.random.default_rng(0)
P, NUMBERS = RNG.normal(size=(6, 4)), RNG.normal(size=(6, 4))
SHARES, CLASSES = RNG.dirichlet(np.ones(4), size=6), RNG.integers(4, size=6)


def plain(array: np.ndarray) -> Any:
    return torch.tensor(array.tolist(), dtype=torch.float64 if array.dtype.kind == "f" else torch.int64)


@pytest.mark.parametrize(
    ("loss", "target", "name"),
    [
        (mse, NUMBERS, "mse_loss"),
        (mae, NUMBERS, "l1_loss"),
        (huber, NUMBERS, "huber_loss"),
        (cross_entropy, SHARES, "cross_entropy"),
        (cross_entropy, CLASSES, "cross_entropy"),
    ],
)
def test_losses(loss: Any, target: np.ndarray, name: str) -> None:
    p = plain(P).requires_grad_()
    want = getattr(torch.nn.functional, name)(p, plain(target))
    want.backward()
    value, gradient = loss(P, target)
    assert value == pytest.approx(want.item(), rel=1e-14)
    np.testing.assert_allclose(gradient, p.grad.tolist(), rtol=1e-13, atol=1e-16)


@pytest.mark.parametrize(
    ("optimiser", "peer"),
    [
        (AdamW(rate=0.02, decay=0.3), lambda w: torch.optim.AdamW(w, lr=0.02, weight_decay=0.3)),
        (
            AdamW(rate=0.02, decay=0.0, beta1=0.8, beta2=0.95, epsilon=1e-4),
            lambda w: torch.optim.Adam(w, lr=0.02, betas=(0.8, 0.95), eps=1e-4),
        ),
        (RMSprop(rate=0.02, memory=0.9), lambda w: torch.optim.RMSprop(w, lr=0.02, alpha=0.9)),
        (SGD(rate=0.02, momentum=0.9), lambda w: torch.optim.SGD(w, lr=0.02, momentum=0.9)),
    ],
    ids=["adamw", "adam", "rmsprop", "sgd"],
)
def test_optimisers(optimiser: Any, peer: Any) -> None:
    """Torch decays everything it is given, so it is given the weights that ours decays."""
    params = CfC(inputs=2, units=3).init(0)
    name = "rnn_cell.ff1.weight"
    weight = plain(params[name]).requires_grad_()
    theirs, moments = peer([weight]), optimiser.start(params)
    for _ in range(8):
        gradient = params.zeros()
        gradient[name][:] = RNG.normal(size=gradient[name].shape)
        weight.grad = plain(gradient[name])
        theirs.step()
        optimiser.update(params.flat, gradient.flat, moments)
    np.testing.assert_allclose(params[name], weight.tolist(), rtol=1e-13, atol=1e-15)
