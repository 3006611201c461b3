from dataclasses import replace
from math import sqrt

import numpy as np
import pytest

from liquid.cells import CfC, Gradients, LiquidS4
from liquid.training import Network

CELLS = [CfC(inputs=2, units=3, backbone_units=4, mixed_memory=True), LiquidS4(inputs=2, modes=2, dt_min=0.1)]


@pytest.fixture(params=CELLS, ids=lambda cell: type(cell).__name__)
def network(request: pytest.FixtureRequest) -> Network:
    return Network(cell=request.param, outputs=5)


def arrays(network: Network, length: int = 6) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(0)
    x, gaps = rng.normal(size=(3, length, 2)), rng.exponential(size=(3, length))
    return x, gaps, rng.normal(size=(3, length, 5)), rng.normal(size=(3, network.state_size))


def test_outputs_are_a_linear_map_of_the_cells(network: Network) -> None:
    params, (x, gaps, _, state) = network.init(0), arrays(network)
    y, last = network.run(params, x, gaps, state)
    own = network.cell.pack({name[5:]: value for name, value in params.items() if name.startswith("cell.")})
    h, after = network.cell.run(own, x, gaps, state)
    np.testing.assert_allclose(y, h @ params["readout.weight"].T + params["readout.bias"], rtol=1e-13, atol=1e-14)
    np.testing.assert_array_equal(last, after)
    np.testing.assert_array_equal(network.states(params, x, gaps, state), network.cell.states(own, x, gaps, state))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_step_by_step_is_run_bit_for_bit(network: Network, dtype: str) -> None:
    network = replace(network, cell=replace(network.cell, dtype=dtype))
    params, (x, gaps, *_) = network.init(0), arrays(network)
    whole, last = network.run(params, x, gaps)
    state = network.zero_state(3)
    for t in range(x.shape[1]):
        y, state = network.step(params, state, x[:, t], gaps[:, t])
        assert y.dtype == dtype
        np.testing.assert_array_equal(y, whole[:, t])
    np.testing.assert_array_equal(state, last)
    np.testing.assert_array_equal(network.run(params, x[1:2], gaps[1:2])[0], whole[1:2])


def slope(network: Network, dy: np.ndarray, dlast: np.ndarray, given: dict, name: str, i: tuple[int, ...]) -> float:
    values = []
    for h in (1e-4, -1e-4, 2e-4, -2e-4):
        moved = {k: v.copy() for k, v in given.items()}
        moved[name][i] += h
        params = {k: v for k, v in moved.items() if k not in ("x", "gaps", "state")}
        y, last = network.run(params, moved["x"], moved["gaps"], moved["state"])
        values.append(float(np.sum(y * dy) + np.sum(last * dlast)))
    return (8 * (values[0] - values[1]) - (values[2] - values[3])) / 12e-4


def test_gradients_are_the_slopes(network: Network) -> None:
    params, (x, gaps, dy, state) = network.init(0), arrays(network, 3)
    gaps += 0.1
    dlast = np.random.default_rng(1).normal(size=state.shape)
    back = network.grad(params, x, gaps, dy, state, dlast)
    found = {**back.params, "x": back.x, "gaps": back.gaps, "state": back.state}
    given = {**params, "x": x, "gaps": gaps, "state": state}
    for name, gradient in found.items():
        for i in list(np.ndindex(gradient.shape))[::3]:
            assert gradient[i] == pytest.approx(slope(network, dy, dlast, given, name, i), rel=1e-7, abs=1e-8)


def test_loss_grad_is_run_and_grad(network: Network) -> None:
    params, (x, gaps, *_) = network.init(0), arrays(network)
    y, _ = network.run(params, x, gaps)
    want = network.grad(params, x, gaps, 2 * y)
    loss, back = network.loss_grad(params, x, gaps, lambda y: (float(np.sum(y * y)), 2 * y))
    assert loss == np.sum(y * y)
    assert isinstance(back, Gradients)
    for a, b in ((back.params.flat, want.params.flat), (back.x, want.x), (back.gaps, want.gaps)):
        np.testing.assert_array_equal(a, b)


def test_first_parameters(network: Network) -> None:
    params = network.init(7)
    np.testing.assert_array_equal(params.flat[: network.cell.param_count], network.cell.init(7).flat)
    readout = params.flat[network.cell.param_count :]
    assert readout.size == 5 * (network.cell.outputs + 1)
    bound = 1 / sqrt(network.cell.outputs)
    assert 0.5 * bound < np.abs(readout).max() <= bound
    assert params["readout.weight"].shape == (5, network.cell.outputs)


def test_it_is_a_frozen_configuration(network: Network) -> None:
    assert replace(network) == network
    assert hash(replace(network)) == hash(network)
    assert (network.inputs, network.outputs, network.dtype) == (2, 5, "float64")
    with pytest.raises(ValueError, match="outputs is 0"):
        replace(network, outputs=0)
    with pytest.raises(ValueError, match=r"x has shape \(1, 1, 3\)"):
        network.run(network.init(0), np.ones((1, 1, 3)), [[1.0]])
    with pytest.raises(ValueError, match=r"lack .*readout.bias"):
        network.pack(network.cell.init(0))
