from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from liquid.cells import Cell, CfC, LiquidS4, Params, make
from liquid.training import SGD, AdamW, Network, Online, Sequences, fit
from liquid.training.rules import RULES

NETWORK = Network(cell=CfC(inputs=2, units=4, backbone_units=5), outputs=3)


def stream(length: int, inputs: int = 2, outputs: int = 3) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Irregular samples; each target remembers what came before."""
    rng = np.random.default_rng(0)
    x, gaps = rng.normal(size=(length, inputs)), rng.exponential(size=length)
    memory, target = np.zeros(inputs), np.zeros((length, outputs))
    for t in range(length):
        memory = memory * np.exp(-gaps[t]) + 0.5 * x[t]
        target[t] = np.tanh(memory.sum()) * np.arange(1, outputs + 1) / outputs
    return x, gaps, target


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("network", [NETWORK, NETWORK.cell, replace(NETWORK, cell=LiquidS4(inputs=2, modes=3))])
def test_without_lessons_it_is_a_run(network: Any, dtype: str, rule: str) -> None:
    if isinstance(network, Network):
        network = replace(network, cell=replace(network.cell, dtype=dtype))
    else:
        network = replace(network, dtype=dtype)
    x, gaps, _ = stream(9)
    params = network.init(0)
    online = Online(network, dict(params), rule=rule)
    whole, last = network.run(params, x[None], gaps[None])
    got = np.array([online.step(u, gap) for u, gap in zip(x, gaps, strict=True)])
    close = 1e-13 if dtype == "float64" else 1e-6
    np.testing.assert_allclose(got, whole[0], rtol=close, atol=close)
    np.testing.assert_allclose(online.state, last, rtol=close, atol=close)
    assert got.dtype == dtype
    online.reset()
    np.testing.assert_array_equal(online.step(x[0], gaps[0]), got[0])


@pytest.mark.parametrize("cell", [NETWORK.cell, LiquidS4(inputs=2, modes=3), make("gru", inputs=2, units=3)])
def test_gradients_go_through_the_readout(cell: Cell) -> None:
    network, (x, gaps, _) = Network(cell=cell, outputs=3), stream(6)
    params, slope = network.init(0), np.array([1.0, -0.5, 2.0])
    online = Online(network, params, rule="rtrl")
    for t in range(6):
        online.step(x[t], gaps[t])
        dy = np.zeros((1, t + 1, 3))
        dy[0, t] = slope
        want = network.grad(params, x[None, : t + 1], gaps[None, : t + 1], dy).params.flat
        np.testing.assert_allclose(online.gradient(slope).flat, want, rtol=0, atol=1e-13 * max(1, abs(want).max()))


def test_a_lesson_is_a_step_of_the_optimiser() -> None:
    x, gaps, target = stream(3)
    params = NETWORK.init(0)
    online = Online(NETWORK, params, optimiser=SGD(rate=0.1), clip=None)
    for t in range(2):
        online.step(x[t], gaps[t])
    y = online.step(x[2], gaps[2])
    gradient = online.gradient(2 * (y - target[2]) / 3).flat.copy()
    loss = online.learn(target[2])
    assert loss == pytest.approx(np.mean((y - target[2]) ** 2), rel=1e-14)
    np.testing.assert_allclose(online.params.flat, params.flat - 0.1 * gradient, rtol=1e-13, atol=1e-16)
    np.testing.assert_array_equal(params.flat, NETWORK.init(0).flat)


def test_lessons_are_clipped() -> None:
    online = Online(NETWORK, NETWORK.init(0), optimiser=SGD(rate=1.0), clip=1e-3)
    online.step([1.0, 2.0], 1.0)
    before = online.params.flat.copy()
    online.learn_from([1.0, 1.0, 1.0])
    assert np.linalg.norm(online.params.flat - before) == pytest.approx(1e-3)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize(
    "cell", [CfC(inputs=2, units=8, backbone_units=8), LiquidS4(inputs=2, modes=8, dt_min=0.1, dt_max=1.0)]
)
def test_it_learns_from_a_stream(cell: Cell, rule: str) -> None:
    """Of the last quarter against the first, and against a network that stays as it is."""
    network, (x, gaps, target) = Network(cell=cell, outputs=1), stream(2000, outputs=1)
    online = Online(network, network.init(0), rule=rule, optimiser=AdamW(rate=5e-3, decay=0.0))
    losses = []
    for t in range(2000):
        online.step(x[t], gaps[t])
        losses.append(online.learn(target[t]))
    still, _ = network.run(network.init(0), x[None], gaps[None])
    assert np.mean(losses[-500:]) < 0.4 * np.mean(losses[:100])
    assert np.mean(losses[-500:]) < 0.4 * np.mean((still[0, -500:] - target[-500:]) ** 2)
    assert np.mean(losses[-500:]) < 0.5 * np.var(target[-500:])


def test_traces_matter_for_long_memory() -> None:
    """The answer lies 4 samples back: only rules that carry traces of the modes find it."""
    rng = np.random.default_rng(0)
    x, late = rng.choice([-1.0, 1.0], size=(3000, 1)), np.zeros((3000, 1))
    late[4:] = x[:-4]
    network = Network(cell=LiquidS4(inputs=1, modes=8, dt_min=1.0, dt_max=1.0), outputs=1)
    final = {}
    for rule in ("snap1", "truncated"):
        online = Online(network, network.init(0), rule=rule, optimiser=AdamW(rate=1e-2, decay=0.0))
        losses = []
        for t in range(3000):
            online.step(x[t], 1.0)
            losses.append(online.learn(late[t]))
        final[rule] = np.mean(losses[-500:])
    assert final["snap1"] < 0.8 * final["truncated"]


def test_classes() -> None:
    network = replace(NETWORK, outputs=2)
    online = Online(network, network.init(0), loss="cross_entropy", optimiser=AdamW(rate=0.02, decay=0.0))
    x, gaps, target = stream(800)
    right = []
    for t in range(800):
        scores = online.step(x[t], gaps[t])
        right.append(scores.argmax() == (target[t, 0] > 0))
        online.learn(int(target[t, 0] > 0))
    assert np.mean(right[-200:]) > 0.8 > np.mean(right[:50])


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("cell", [NETWORK.cell, LiquidS4(inputs=2, modes=3), make("gru", inputs=2, units=3)])
def test_a_saved_stream_goes_on_bit_for_bit(cell: Cell, rule: str) -> None:
    network, (x, gaps, target) = Network(cell=cell, outputs=3), stream(30)

    def run(online: Online, part: slice) -> list[np.ndarray]:
        found = []
        for u, gap, goal in zip(x[part], gaps[part], target[part], strict=True):
            found.append(online.step(u, gap))
            online.learn(goal)
        return found

    first, second = (Online(network, network.init(seed), rule=rule) for seed in (0, 1))
    run(first, slice(0, 20))
    saved = first.arrays()
    assert all(value.dtype == np.float64 for value in saved.values())
    second.restore(saved)
    np.testing.assert_array_equal(run(first, slice(20, 30)), run(second, slice(20, 30)))
    np.testing.assert_array_equal(first.params.flat, second.params.flat)
    third = Online(network, network.init(2), rule=rule)
    third.restore(saved)  # not changed by what came later
    np.testing.assert_array_equal(third.state, saved["state"])
    np.testing.assert_array_equal(third.params.flat, saved["params"])


def test_arrays_that_do_not_fit() -> None:
    online = Online(NETWORK, NETWORK.init(0))
    with pytest.raises(ValueError, match=r"traces is float64 \(0,\), but must be float64 \(\d+,\)"):
        online.restore(Online(NETWORK, NETWORK.init(0), rule="truncated").arrays())
    with pytest.raises(KeyError, match="moments/m"):
        online.restore({k: v for k, v in online.arrays().items() if k != "moments/m"})


class Positive(CfC):
    """A cell whose first bias means nothing below 0."""

    def constrain(self, params: Params) -> None:
        bias = params["rnn_cell.ff1.bias"]
        bias[...] = np.maximum(bias, 0)


def test_constraints_hold_after_every_step() -> None:
    network = Network(cell=Positive(inputs=2, units=4, backbone_units=5), outputs=3)
    name, (x, gaps, target) = "cell.rnn_cell.ff1.bias", stream(40)
    online = Online(network, network.init(0), optimiser=SGD(rate=0.5))
    for t in range(40):
        online.step(x[t], gaps[t])
        online.learn(target[t])
        assert (online.params[name] >= 0).all()
    data = Sequences(x[None], gaps[None], target[None])
    fitted = fit(network, network.init(0), data, epochs=3, optimiser=SGD(rate=0.5), progress=False)
    assert (fitted.params[name] >= 0).all()
    assert (fit(NETWORK, NETWORK.init(0), data, epochs=3, progress=False).params[name] < 0).any()


def test_overflow_is_an_error_and_changes_nothing() -> None:
    online = Online(NETWORK, NETWORK.init(0))
    online.step([1.0, 1.0], 1.0)
    before = online.arrays()
    with pytest.raises(FloatingPointError, match="loss mse overflowed"):
        online.learn([1e300, 0, 0])
    for name, value in online.arrays().items():
        np.testing.assert_array_equal(value, before[name])
    online.params.flat[:] = 1e308
    state = online.state.copy()
    with pytest.raises(FloatingPointError, match=r"Online\.step overflowed"):
        online.step([1.0, 1.0], 1.0)
    np.testing.assert_array_equal(online.state, state)


def test_what_is_refused() -> None:
    with pytest.raises(ValueError, match="no rule named 'uoro': choose one of rtrl, snap1, truncated"):
        Online(NETWORK, NETWORK.init(0), rule="uoro")
    with pytest.raises(ValueError, match="no loss named"):
        Online(NETWORK, NETWORK.init(0), loss="x")
    online = Online(NETWORK, NETWORK.init(0))
    with pytest.raises(ValueError, match="no output yet to learn from: call step first"):
        online.learn([0.0, 0.0, 0.0])
    with pytest.raises(ValueError, match=r"u has shape \(1, 3\)"):
        online.step([1.0, 2.0, 3.0], 1.0)
    with pytest.raises(ValueError, match=r"u\[0, 1\] is nan"):
        online.step([1.0, np.nan], 1.0)
    with pytest.raises(ValueError, match=r"gaps\[0\] is -1"):
        online.step([1.0, 2.0], -1.0)
    with pytest.raises(TypeError, match="u is float16"):
        online.step(np.ones(2, np.float16), 1.0)
    online.step([1.0, 2.0], 1.0)
    with pytest.raises(ValueError, match=r"target has shape \(1, 2\)"):
        online.learn([0.0, 0.0])
    with pytest.raises(ValueError, match=r"dy has shape \(1, 2\)"):
        online.learn_from([0.0, 0.0])
