from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from liquid.cells import GatedConv
from tests.liquid.cells import twin, twin_gated_conv

CONFIGS: list[dict[str, Any]] = [
    {},
    {"kernel": 1},
    {"kernel": 5, "width": 4},
    {"time_feature": "none", "width": 1},
]


def example(config: dict[str, Any], length: int = 7) -> tuple[Any, ...]:
    rng = np.random.default_rng(3)
    cell = GatedConv(inputs=3, **config)
    x, gaps = rng.normal(size=(2, length, 3)), rng.lognormal(size=(2, length))
    gaps[0, 1], gaps[1, 4], x[1, 2] = 0, 1e4, 0
    return cell, cell.init(2), x, gaps, rng.normal(size=(2, cell.state_size))


@pytest.mark.parametrize("config", CONFIGS, ids=str)
def test_equals_its_twin(config: dict[str, Any]) -> None:
    cell, params, x, gaps, state = example(config)
    y, last = cell.run(params, x, gaps, state if cell.state_size else None)
    want = twin_gated_conv.gated_conv(config, twin.extended(params), *map(twin.LONG, (x, gaps, state)))
    np.testing.assert_allclose(y, want.astype(float), rtol=0, atol=4e-15 * max(1, np.abs(want).max()))
    half, middle = cell.run(params, x[:, :3], gaps[:, :3], state if cell.state_size else None)
    rest, end = cell.run(params, x[:, 3:], gaps[:, 3:], middle if cell.state_size else None)
    np.testing.assert_array_equal(np.concatenate([half, rest], axis=1), y)
    np.testing.assert_array_equal(end, last)


@pytest.mark.parametrize("config", CONFIGS, ids=str)
def test_gradients_are_the_slopes_of_the_twin(config: dict[str, Any]) -> None:
    cell, params, x, gaps, state = example(config, 5)
    gaps[gaps < 0.01] = 0.01  # room for a difference
    rng = np.random.default_rng(2)
    dy = rng.normal(size=(*gaps.shape, cell.outputs))
    given = twin.extended({**params, "x": x, "gaps": gaps, "state": state})

    def loss(name: str, value: np.ndarray) -> np.ndarray:
        moved = {**given, name: value}
        return np.sum(twin_gated_conv.gated_conv(config, moved, moved["x"], moved["gaps"], moved["state"]) * dy)

    back = cell.grad(params, x, gaps, dy, state if cell.state_size else None)
    found = {**back.params, "x": back.x, "gaps": back.gaps, "state": back.state}
    for name, gradient in found.items():
        want = twin.slope(lambda v, name=name: loss(name, v), given[name]).astype(float)
        close = twin.DIFFERENCES * max(1.0, np.abs(want).max(initial=0))
        np.testing.assert_allclose(gradient, want, rtol=0, atol=close, err_msg=name)


def test_without_a_weight_for_time_it_is_the_published_operator() -> None:
    cell, params, x, gaps, state = example({})
    plain = replace(cell, time_feature="none")
    params["in_proj.weight"][:, -1] = 0
    published = {**params, "in_proj.weight": params["in_proj.weight"][:, :-1]}
    want, _ = plain.run(published, x, np.ones_like(gaps), state)
    np.testing.assert_array_equal(cell.run(params, x, gaps, state)[0], want)


def test_an_output_sees_so_many_samples() -> None:
    cell, params, x, gaps, state = example({"kernel": 4})
    y, _ = cell.run(params, x, gaps, state)
    x[:, 1] += 1
    changed = (cell.run(params, x, gaps, state)[0] != y).any(axis=(0, 2))
    np.testing.assert_array_equal(changed, [False, True, True, True, True, False, False])


def test_sizes_and_names() -> None:
    cell = GatedConv(inputs=3, width=4)
    shapes = {name: view.shape for name, view in cell.init(0).items()}
    assert shapes == {"in_proj.weight": (12, 4), "conv.weight": (4, 1, 3), "out_proj.weight": (4, 4)}
    assert (cell.outputs, cell.state_size) == (4, 8)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_products_of_huge_numbers_are_limited(dtype: str) -> None:
    cell = GatedConv(inputs=1, width=1, kernel=1, time_feature="none", dtype=dtype)
    params = cell.pack({"in_proj.weight": np.ones((3, 1)), "conv.weight": [[[1]]], "out_proj.weight": [[1]]})
    y, _ = cell.run(params, [[[2.0], [1e30], [-1e30]]], np.ones((1, 3)))
    limit = min(1e30, cell.limit)
    np.testing.assert_allclose(y[0, :, 0], [8, limit**3, -(limit**3)], rtol=1e-6)
    back = cell.grad(params, [[[2.0], [1e30]]], np.ones((1, 2)), np.ones((1, 2, 1)))
    np.testing.assert_allclose(back.x[0, :, 0], [12, 3e60 if dtype == "float64" else 0])


@pytest.mark.parametrize("name", ["width", "kernel"])
def test_settings_that_make_no_sense(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} is 0, but must be at least 1"):
        GatedConv(inputs=1, **{name: 0})  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="time_feature is 'log'"):
        GatedConv(inputs=1, time_feature="log")
