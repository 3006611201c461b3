from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from liquid.cells import Mamba
from liquid.cells._mamba_kernels import MAX_TIME
from tests.liquid.cells import twin, twin_mamba

CONFIGS: list[dict[str, Any]] = [
    {"modes": 3},
    {"modes": 3, "discretisation": "zoh"},
    {"modes": 1, "expand": 1, "kernel": 1, "width": 1},
    {"modes": 2, "width": 2, "rank": 3, "kernel": 2, "discretisation": "zoh"},
]


def example(config: dict[str, Any], length: int = 7) -> tuple[Any, ...]:
    rng = np.random.default_rng(3)
    cell = Mamba(inputs=2, dt_min=0.1, dt_max=2.0, **config)
    params = cell.init(2)
    params.flat[:] += 0.2 * rng.normal(size=cell.param_count)
    x, gaps = 1.5 * rng.normal(size=(2, length, 2)), rng.lognormal(size=(2, length))
    gaps[0, 1], gaps[1, 4], x[1, 2] = 0, 40, 0
    return cell, params, x, gaps, rng.normal(size=(2, cell.state_size))


@pytest.mark.parametrize("config", CONFIGS, ids=str)
def test_equals_its_twin(config: dict[str, Any]) -> None:
    cell, params, x, gaps, state = example(config)
    y, last = cell.run(params, x, gaps, state)
    want, modes = twin_mamba.mamba(config, twin.extended(params), *map(twin.LONG, (x, gaps, state)))
    np.testing.assert_allclose(y, want.astype(float), rtol=0, atol=4e-15 * max(1, np.abs(want).max()))
    found = last[:, -cell.inner * cell.modes :].reshape(modes.shape)
    np.testing.assert_allclose(found, modes.astype(float), rtol=0, atol=4e-15 * max(1, np.abs(modes).max()))


@pytest.mark.parametrize("config", CONFIGS, ids=str)
def test_gradients_are_the_slopes_of_the_twin(config: dict[str, Any]) -> None:
    cell, params, x, gaps, state = example(config, 5)
    gaps[gaps < 0.01] = 0.01  # room for a difference
    rng = np.random.default_rng(2)
    dy = rng.normal(size=(*gaps.shape, cell.outputs))
    dmodes = rng.normal(size=(2, cell.inner, cell.modes))
    given = twin.extended({**params, "x": x, "gaps": gaps, "state": state})

    def loss(name: str, value: np.ndarray) -> np.ndarray:
        moved = {**given, name: value}
        y, modes = twin_mamba.mamba(config, moved, moved["x"], moved["gaps"], moved["state"])
        return np.sum(y * dy) + np.sum(modes * dmodes)

    dstate = np.zeros(state.shape)
    dstate[:, -cell.inner * cell.modes :] = dmodes.reshape(2, -1)
    back = cell.grad(params, x, gaps, dy, state, dstate)
    found = {**back.params, "x": back.x, "gaps": back.gaps, "state": back.state}
    for name, gradient in found.items():
        want = twin.slope(lambda v, name=name: loss(name, v), given[name]).astype(float)
        close = twin.DIFFERENCES * max(1.0, np.abs(want).max())
        np.testing.assert_allclose(gradient, want, rtol=0, atol=close, err_msg=name)


@pytest.mark.parametrize("config", CONFIGS, ids=str)
def test_no_time_leaves_the_modes_as_they_are(config: dict[str, Any]) -> None:
    cell, params, x, _, state = example(config)
    _, after = cell.step(params, state, x[:, 0], [0.0, 0.0])
    modes = slice(cell.plan.s_modes, None)
    np.testing.assert_array_equal(after[:, modes], state[:, modes])


def test_zoh_solves_the_equation_so_that_a_gap_may_be_cut() -> None:
    """With one tap, halves of a gap with the same input are the gap; Euler's rule comes close for short gaps only."""
    cell, params, x, gaps, state = example({"modes": 3, "kernel": 1, "discretisation": "zoh"})
    _, whole = cell.step(params, state, x[:, 0], gaps[:, 0])
    _, half = cell.step(params, state, x[:, 0], 0.5 * gaps[:, 0])
    _, rest = cell.step(params, half, x[:, 0], 0.5 * gaps[:, 0])
    np.testing.assert_allclose(rest, whole, rtol=1e-13, atol=1e-15)
    euler = replace(cell, discretisation="euler")
    assert not np.allclose(euler.step(params, state, x[:, 0], gaps[:, 0])[1], whole, rtol=1e-2)
    short = [1e-6, 1e-6]
    near, exact = (c.step(params, state, x[:, 0], short)[1] for c in (euler, cell))
    np.testing.assert_allclose(near, exact, rtol=0, atol=1e-10)


def test_long_gaps_forget_and_zoh_settles() -> None:
    """After a very long gap the past is gone; the state is that of a constant input, bounded with zoh."""
    cell, params, x, _, state = example({"modes": 3, "kernel": 1, "discretisation": "zoh"})
    late, later = (cell.step(params, state, x[:, 0], [gap] * 2)[1] for gap in (1e9, 1e300))
    np.testing.assert_array_equal(late, later)
    np.testing.assert_array_equal(late, cell.step(params, 0 * state, x[:, 0], [1e9] * 2)[1])
    assert np.abs(late).max() < 100
    _, driven = replace(cell, discretisation="euler").step(params, state, x[:, 0], [1e300] * 2)
    assert np.abs(driven).max() < 100 * MAX_TIME


def test_names_shapes_and_first_values_are_those_of_the_published_block() -> None:
    cell = Mamba(inputs=40)
    params = cell.init(0)
    assert {name: view.shape for name, view in params.items()} == {
        "in_proj.weight": (160, 40),
        "conv1d.weight": (80, 1, 4),
        "conv1d.bias": (80,),
        "x_proj.weight": (3 + 32, 80),
        "dt_proj.weight": (80, 3),
        "dt_proj.bias": (80,),
        "A_log": (80, 16),
        "D": (80,),
        "out_proj.weight": (40, 80),
    }
    np.testing.assert_allclose(np.exp(params["A_log"]), np.tile(np.arange(1, 17), (80, 1)))
    rate = np.log1p(np.exp(params["dt_proj.bias"]))
    assert 0.001 <= rate.min() < 0.01 < rate.max() <= 0.1
    assert (params["D"] == 1).all()
    assert cell.state_size == 3 * 80 + 80 * 16


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"modes": 0}, "modes is 0"),
        ({"expand": 0}, "expand is 0"),
        ({"kernel": 0}, "kernel is 0"),
        ({"rank": 0}, "rank is 0"),
        ({"width": 0}, "width is 0"),
        ({"discretisation": "bilinear"}, "discretisation is 'bilinear', but must be one of euler, zoh"),
        ({"dt_min": 1.0}, "0 < dt_min <= dt_max is needed"),
    ],
)
def test_settings_that_make_no_sense(config: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Mamba(inputs=1, **config)
