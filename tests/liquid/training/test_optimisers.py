"""Against the formulas as printed, in plain numpy."""

from typing import Any

import numpy as np
import pytest

from liquid.cells import CfC, LiquidS4
from liquid.training import OPTIMISERS, SGD, AdamW, Network, Optimiser, RMSprop
from liquid.training.optimisers import decays

NETWORK = Network(cell=CfC(inputs=2, units=3, backbone_units=4), outputs=2)
FACTORS = [1.0, 0.5, 0.25, 0.5, 1.0, 2.0]


def gradients(size: int) -> np.ndarray:
    rng = np.random.default_rng(1)
    return rng.normal(size=(len(FACTORS), size)) * 10.0 ** rng.integers(-4, 3, size=(1, size))


def sgd(o: SGD, w: np.ndarray, mask: np.ndarray) -> np.ndarray:
    m = np.zeros_like(w)
    for g, factor in zip(gradients(w.size), FACTORS, strict=True):
        m = o.momentum * m + g
        w = w - o.rate * factor * (m + o.decay * mask * w)
    return w


def rmsprop(o: RMSprop, w: np.ndarray, mask: np.ndarray) -> np.ndarray:
    v = np.zeros_like(w)
    for g, factor in zip(gradients(w.size), FACTORS, strict=True):
        v = o.memory * v + (1 - o.memory) * g**2
        w = w - o.rate * factor * (g / (np.sqrt(v) + o.epsilon) + o.decay * mask * w)
    return w


def adamw(o: AdamW, w: np.ndarray, mask: np.ndarray) -> np.ndarray:
    m, v = np.zeros_like(w), np.zeros_like(w)
    for t, (g, factor) in enumerate(zip(gradients(w.size), FACTORS, strict=True), 1):
        m = o.beta1 * m + (1 - o.beta1) * g
        v = o.beta2 * v + (1 - o.beta2) * g**2
        mhat, vhat = m / (1 - o.beta1**t), v / (1 - o.beta2**t)
        w = w - o.rate * factor * (mhat / (np.sqrt(vhat) + o.epsilon) + o.decay * mask * w)
    return w


CASES: list[tuple[Optimiser, Any]] = [
    (SGD(rate=0.1), sgd),
    (SGD(rate=0.1, momentum=0.9, decay=0.2), sgd),
    (RMSprop(rate=0.02), rmsprop),
    (RMSprop(rate=0.02, decay=0.2, memory=0.8, epsilon=1e-3), rmsprop),
    (AdamW(rate=0.02), adamw),
    (AdamW(rate=0.02, decay=0.5, beta1=0.8, beta2=0.9, epsilon=1e-3), adamw),
]


@pytest.mark.parametrize(("optimiser", "twin"), CASES)
def test_steps_are_the_formula(optimiser: Any, twin: Any) -> None:
    params = NETWORK.init(0)
    first, mask = params.flat.copy(), params.zeros()
    for name, view in mask.items():
        view[...] = name.endswith("weight")
    moments = optimiser.start(params)
    for g, factor in zip(gradients(params.flat.size), FACTORS, strict=True):
        before = g.copy()
        optimiser.update(params.flat, g, moments, factor)
        np.testing.assert_array_equal(g, before)
    np.testing.assert_allclose(params.flat, twin(optimiser, first, mask.flat), rtol=1e-13, atol=1e-15)
    assert moments["steps"].tolist() == [len(FACTORS)]


@pytest.mark.parametrize("optimiser", [kind() for kind in OPTIMISERS.values()], ids=OPTIMISERS)
def test_single_precision(optimiser: Optimiser) -> None:
    cell = CfC(inputs=1, units=2, dtype="float32")
    params = cell.init(0)
    moments = optimiser.start(params)
    assert {m.dtype.name for name, m in moments.items() if name != "steps"} == {"float32"}
    before = params.flat.copy()
    optimiser.update(params.flat, np.ones_like(params.flat), moments)
    assert params.flat.dtype == np.float32
    assert (params.flat < before).all()


def test_adamw_starts_with_steps_of_the_rate() -> None:
    """The correction of the moments makes the first step rate * sign(g), however small g is."""
    params = NETWORK.init(0)
    before = params.flat.copy()
    optimiser = AdamW(rate=0.1, decay=0.0, epsilon=1e-30)
    optimiser.update(params.flat, np.full_like(before, -1e-6), optimiser.start(params))
    np.testing.assert_allclose(params.flat - before, 0.1, rtol=1e-12)


def test_decay_pulls_at_matrices_of_linear_layers_only() -> None:
    pulled = [name for name in NETWORK.init(0) if decays(name)]
    assert "readout.weight" in pulled
    assert "cell.rnn_cell.ff1.weight" in pulled
    assert not [name for name in pulled if "bias" in name]
    assert not [name for name in LiquidS4(inputs=1).init(0) if decays(name)]
    assert decays("weight_ih")
    assert not decays("weights_of.bias")


@pytest.mark.parametrize(
    ("kind", "values", "message"),
    [
        (SGD, {"rate": -0.1}, "rate is -0.1"),
        (SGD, {"rate": np.nan}, "rate is nan"),
        (AdamW, {"decay": -1.0}, "decay is -1.0"),
        (SGD, {"momentum": 1.0}, "momentum is 1.0"),
        (RMSprop, {"memory": 1.0}, "memory is 1.0"),
        (AdamW, {"beta2": 1.5}, "beta2 is 1.5"),
    ],
)
def test_bad_settings(kind: type[Optimiser], values: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        kind(**values)
