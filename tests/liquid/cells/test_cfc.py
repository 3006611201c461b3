import math
from itertools import product
from typing import Any

import numpy as np
import pytest

from liquid.cells import CfC
from liquid.cells._activations import ACTIVATIONS
from liquid.cells._cfc_kernels import MODES, emit, sense
from tests.liquid.cells import twin

CONFIGS: list[dict[str, Any]] = [
    *({"mode": mode, "backbone_units": 5, "activation": name} for mode, name in product(MODES, ACTIVATIONS)),
    *({"mode": mode, "backbone_layers": 0} for mode in MODES),
    {"backbone_units": 4, "backbone_layers": 3},
    {"backbone_units": 4, "mixed_memory": True},
    {"backbone_units": 4, "projection": 2},
]


def label(config: dict[str, Any]) -> str:
    return "-".join(str(v) for v in config.values())


def pair(config: dict[str, Any], x: np.ndarray, gaps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Outputs of the kernel, unchecked, and of the twin."""
    cell = CfC(inputs=x.shape[2], units=3, **config)
    params, state = cell.init(2), np.full((len(x), cell.state_size), 0.2)
    y = np.empty((*gaps.shape, cell.outputs))
    with np.errstate(all="ignore"):
        cell._forward(params.flat, x, gaps, state.copy(), y, np.empty((len(x), 0, cell.state_size)))
        want, _ = twin.cfc({"units": 3, **config}, params, x, gaps, state)
    return y, want


@pytest.mark.parametrize("config", CONFIGS, ids=label)
def test_equals_its_twin(config: dict[str, Any]) -> None:
    rng = np.random.default_rng(0)
    y, want = pair(config, rng.normal(size=(2, 30, 2)), rng.lognormal(size=(2, 30)))
    np.testing.assert_allclose(y, want, rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("config", [c for c in CONFIGS if c.get("activation") != "gelu"], ids=label)
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e300, -1e300, 5e-324])
def test_odd_input_means_what_it_means_in_numpy(config: dict[str, Any], value: float) -> None:
    """Also that a bad sample of one sequence does not reach the other."""
    x, gaps = np.full((2, 4, 2), 0.5), np.ones((2, 4))
    x[0, 1, 0] = value
    y, want = pair(config, x, gaps)
    np.testing.assert_allclose(y, want, rtol=1e-12, atol=1e-14)
    assert np.isfinite(y[1]).all()


@pytest.mark.parametrize("gap", [0.0, 5e-324, 1e300, math.inf, math.nan])
@pytest.mark.parametrize("mode", MODES)
def test_odd_gaps(mode: str, gap: float) -> None:
    y, want = pair({"mode": mode, "backbone_units": 5}, np.full((1, 3, 2), 0.5), np.array([[1.0, gap, 1.0]]))
    np.testing.assert_allclose(y, want, rtol=1e-12, atol=1e-14)


def test_one_look_serves_several_gaps() -> None:
    """A forecast at any horizon: the same sample read at several gaps."""
    cell = CfC(inputs=2, units=3, backbone_units=4)
    params, state, u = cell.init(0), np.full((1, 3), 0.1), np.array([[0.3, -0.2]])
    row, h = np.empty(cell.plan.row), np.empty(3)
    sense(params.flat, cell.plan, u[0], state[0], row)
    for gap in (0.0, 0.5, 4.0):
        emit(params.flat, cell.plan, gap, row, h)
        np.testing.assert_array_equal(h, cell.step(params, state, u, [gap])[1][0])


@pytest.mark.parametrize(("units", "count"), [(16, 10_688), (32, 20_992), (64, 41_600)])
def test_parameter_counts_of_the_reference(units: int, count: int) -> None:
    assert CfC(inputs=2, units=units).param_count == count


def test_initial_parameters() -> None:
    cell = CfC(inputs=2, units=4, mode="pure", mixed_memory=True, projection=3)
    params = cell.init(0)
    recurrent = params["lstm.recurrent_map.weight"]
    np.testing.assert_allclose(recurrent.T @ recurrent, np.eye(4), atol=1e-12)
    assert np.abs(params["lstm.input_map.bias"]).max() <= 0.1
    assert np.abs(params["rnn_cell.backbone.0.weight"]).max() <= math.sqrt(6 / (128 + 6))
    assert np.abs(params["rnn_cell.backbone.0.bias"]).max() <= 1 / math.sqrt(6)
    assert np.abs(params["fc.weight"]).max() <= 0.5
    assert (params.flat != 0).all()


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"mode": "open"}, "mode is 'open', but must be one of default, no_gate, pure"),
        ({"activation": "mish"}, "activation is 'mish'"),
        ({"units": 0}, "units is 0, but must be at least 1"),
        ({"backbone_layers": -1}, "backbone_layers is -1"),
        ({"projection": 0}, "projection is 0"),
    ],
)
def test_bad_configuration(config: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        CfC(**{"inputs": 1, "units": 2, **config})
