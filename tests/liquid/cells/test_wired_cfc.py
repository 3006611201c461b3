import math
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest

from liquid.cells import CfC, WiredCfC
from liquid.cells._cfc_kernels import MODES
from liquid.wirings import NCP, AutoNCP, FullyConnected, Random, Spec
from tests.liquid.cells import twin
from tests.liquid.cells.twin_wired_cfc import wired_cfc

WIRINGS: dict[str, Spec] = {
    "ncp": NCP(4, 3, 2, 2, 2, 3, 2, seed=5),
    "auto": AutoNCP(19, 4),
    "full": FullyConnected(4, 4),
    "random": Random(5, 2, 0.6),
}
CONFIGS: list[dict[str, Any]] = [
    *({"mode": mode, "wiring": wiring} for mode, wiring in product(MODES, WIRINGS)),
    {"wiring": "ncp", "mixed_memory": True},
    {"wiring": "full", "mixed_memory": True, "mode": "pure"},
    {"wiring": "ncp", "projection": 3},
]


def label(config: dict[str, Any]) -> str:
    return "-".join(str(v) for v in config.values())


def make(config: dict[str, Any]) -> tuple[WiredCfC, Any]:
    """A cell, and parameters that are not 0 where there is no synapse either."""
    cell = WiredCfC(inputs=2, **{**config, "wiring": WIRINGS[config["wiring"]]})
    params = cell.init(2)
    params.flat[:] += 0.2 * np.random.default_rng(1).normal(size=params.flat.shape)
    return cell, params


def pair(config: dict[str, Any], x: np.ndarray, gaps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Outputs of the kernel, unchecked, and of the twin."""
    cell, params = make(config)
    state = np.full((len(x), cell.state_size), 0.2)
    y = np.empty((*gaps.shape, cell.outputs))
    with np.errstate(all="ignore"):
        cell._forward(params.flat, x, gaps, state.copy(), y, np.empty((len(x), 0, cell.state_size)))
        want, _ = wired_cfc(config, cell.built, params, x, gaps, state)
    return y, want


@pytest.mark.parametrize("config", CONFIGS, ids=label)
def test_equals_its_twin(config: dict[str, Any]) -> None:
    rng = np.random.default_rng(0)
    y, want = pair(config, rng.normal(size=(2, 30, 2)), rng.lognormal(size=(2, 30)))
    np.testing.assert_allclose(y, want, rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("config", [c for c in CONFIGS if c["wiring"] == "ncp"], ids=label)
def test_gradients_are_the_slopes_of_the_twin(config: dict[str, Any]) -> None:
    rng = np.random.default_rng(3)
    cell, params = make(config)
    x, gaps = rng.normal(size=(2, 4, 2)), rng.lognormal(-0.5, 0.6, size=(2, 4))
    state = rng.normal(scale=0.5, size=(2, cell.state_size))
    dy, dstate = rng.normal(size=(2, 4, cell.outputs)), rng.normal(size=state.shape)
    given = twin.extended({**params, "x": x, "gaps": gaps, "state": state})

    def loss(name: str, value: np.ndarray) -> np.ndarray:
        moved = {**given, name: value}
        y, states = wired_cfc(config, cell.built, moved, moved["x"], moved["gaps"], moved["state"])
        return np.sum(y * dy) + np.sum(states[:, -1] * dstate)

    back = cell.grad(params, x, gaps, dy, state, dstate)
    for name, gradient in {**back.params, "x": back.x, "gaps": back.gaps, "state": back.state}.items():
        want = twin.slope(lambda v, name=name: loss(name, v), given[name]).astype(float)
        close = twin.DIFFERENCES * max(1.0, np.abs(want).max())
        np.testing.assert_allclose(gradient, want, rtol=0, atol=close, err_msg=name)


@pytest.mark.parametrize("mode", MODES)
def test_a_weight_without_a_synapse_counts_for_nothing(mode: str) -> None:
    cell, params = make({"wiring": "auto", "mode": mode})
    x, gaps = np.full((1, 3, 2), 0.5), np.ones((1, 3))
    y, _ = cell.run(params, x, gaps)
    back = cell.grad(params, x, gaps, np.ones_like(y))
    absent = 0
    for i, mask in enumerate(cell.masks):
        for head in ("ff1", "ff2")[: cell.plan.heads]:
            name = f"rnn_cell.layer_{i}.{head}.weight"
            none = np.hstack([mask == 0, np.zeros((len(mask), len(mask)), bool)])
            assert (back.params[name][none] == 0).all()
            assert (cell.init(0)[name][none] == 0).all()
            assert (cell.init(0)[name][~none] != 0).all()
            params[name][none] += 1
            absent += int(none.sum())
    assert absent > 0
    np.testing.assert_array_equal(cell.run(params, x, gaps)[0], y)


@pytest.mark.parametrize("mode", MODES)
def test_with_all_synapses_it_is_the_plain_cell(mode: str) -> None:
    wired = WiredCfC(inputs=2, wiring=FullyConnected(5, 5), mode=mode)
    plain = CfC(inputs=2, units=5, mode=mode, backbone_layers=0)
    rng = np.random.default_rng(4)
    params = wired.init(rng)
    same = plain.pack({name.replace("layer_0.", ""): value for name, value in params.items()})
    x, gaps = rng.normal(size=(2, 20, 2)), rng.lognormal(size=(2, 20))
    np.testing.assert_allclose(wired.run(params, x, gaps)[0], plain.run(same, x, gaps)[0], rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e300, -1e300, 5e-324])
@pytest.mark.parametrize("config", [{"wiring": "ncp"}, {"wiring": "ncp", "mode": "pure"}], ids=label)
def test_odd_input_means_what_it_means_in_numpy(config: dict[str, Any], value: float) -> None:
    """Also that a bad sample of one sequence does not reach the other."""
    x, gaps = np.full((2, 4, 2), 0.5), np.ones((2, 4))
    x[0, 1, 0] = value
    y, want = pair(config, x, gaps)
    np.testing.assert_allclose(y, want, rtol=1e-12, atol=1e-14)
    assert np.isfinite(y[1]).all()


def test_sizes_of_the_policy_with_19_neurons() -> None:
    cell = WiredCfC(inputs=2, wiring=AutoNCP(19, 4))
    assert (cell.units, cell.outputs, cell.state_size, cell.param_count) == (19, 4, 19, 992)
    assert replace(cell, mixed_memory=True).state_size == 38
    assert WiredCfC(inputs=2, wiring=FullyConnected(8, 3)).outputs == 8  # read at all its neurons, as in ncps


def test_initial_parameters() -> None:
    cell = WiredCfC(inputs=2, wiring=FullyConnected(4, 4), mode="pure", mixed_memory=True, projection=3)
    params = cell.init(0)
    recurrent = params["lstm.recurrent_map.weight"]
    np.testing.assert_allclose(recurrent.T @ recurrent, np.eye(4), atol=1e-12)
    assert np.abs(params["rnn_cell.layer_0.ff1.weight"]).max() <= math.sqrt(6 / (6 + 4))
    assert (params.flat != 0).all()


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"mode": "open"}, "mode is 'open', but must be one of default, no_gate, pure"),
        ({"projection": 0}, "projection is 0"),
    ],
)
def test_bad_configuration(config: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        WiredCfC(inputs=1, wiring=FullyConnected(2, 2), **config)
