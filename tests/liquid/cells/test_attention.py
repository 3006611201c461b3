from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from liquid.cells import Attention
from tests.liquid.cells import twin, twin_attention

CONFIGS: list[dict[str, Any]] = [
    {"width": 4},
    {"width": 8, "heads": 4, "kv_heads": 2, "window": 3, "base": 10.0},
    {"width": 8, "heads": 2, "kv_heads": 1, "window": 4, "qk_norm": True},
    {"width": 3, "heads": 3, "window": 3, "position": "decay"},
    {"width": 4, "heads": 2, "kv_heads": 1, "window": 1, "position": "decay", "qk_norm": True},
]


def example(config: dict[str, Any], length: int = 9, dtype: str = "float64") -> tuple[Any, ...]:
    rng = np.random.default_rng(3)
    cell = Attention(inputs=3, dtype=dtype, **config)
    params = cell.init(2)
    params.flat[:] += 0.2 * rng.normal(size=cell.param_count)
    x, gaps = 2 * rng.normal(size=(2, length, 3)), rng.lognormal(size=(2, length))
    gaps[0, 1], gaps[1, 4], x[1, 2] = 0, 100, 0
    return cell, params, x, gaps


@pytest.mark.parametrize("config", CONFIGS, ids=str)
def test_equals_its_twin(config: dict[str, Any]) -> None:
    cell, params, x, gaps = example(config)
    y, last = cell.run(params, x, gaps)
    want = twin_attention.attention(config, twin.extended(params), *map(twin.LONG, (x, gaps))).astype(float)
    np.testing.assert_allclose(y, want, rtol=0, atol=6e-15 * max(1, np.abs(want).max()))
    for cut in (1, 4):
        half, middle = cell.run(params, x[:, :cut], gaps[:, :cut])
        rest, end = cell.run(params, x[:, cut:], gaps[:, cut:], middle)
        np.testing.assert_array_equal(np.concatenate([half, rest], axis=1), y)
        np.testing.assert_array_equal(end, last)


@pytest.mark.parametrize("config", CONFIGS, ids=str)
def test_gradients_are_the_slopes_of_the_twin(config: dict[str, Any]) -> None:
    cell, params, x, gaps = example(config, 6)
    gaps, x[1, 2] = np.clip(gaps, 0.01, 5), 0.7  # room for a difference
    dy = np.random.default_rng(2).normal(size=(*gaps.shape, cell.outputs))
    given = twin.extended({**params, "x": x, "gaps": gaps})

    def loss(name: str, value: np.ndarray) -> np.ndarray:
        moved = {**given, name: value}
        return np.sum(twin_attention.attention(config, moved, moved["x"], moved["gaps"]) * dy)

    back = cell.grad(params, x, gaps, dy)
    found = {**back.params, "x": back.x, "gaps": back.gaps}
    for name, gradient in found.items():
        want = twin.slope(lambda v, name=name: loss(name, v), given[name]).astype(float)
        close = twin.DIFFERENCES * max(1.0, np.abs(want).max())
        np.testing.assert_allclose(gradient, want, rtol=0, atol=close, err_msg=name)


@pytest.mark.parametrize("config", CONFIGS, ids=str)
@pytest.mark.parametrize("length", [2, 3, 7])
def test_gradients_by_a_full_and_a_filling_cache(config: dict[str, Any], length: int) -> None:
    """The pieces of a sequence have the gradients of the whole, wherever the ring was cut."""
    cell, params, x, gaps = example(config, 12)
    rng = np.random.default_rng(5)
    dy, dstate = rng.normal(size=(2, 12, cell.outputs)), rng.normal(size=(2, cell.state_size))
    whole = cell.grad(params, x, gaps, dy, None, dstate)
    _, middle = cell.run(params, x[:, :length], gaps[:, :length])
    late = cell.grad(params, x[:, length:], gaps[:, length:], dy[:, length:], middle, dstate)
    early = cell.grad(params, x[:, :length], gaps[:, :length], dy[:, :length], None, late.state)
    np.testing.assert_allclose(early.params.flat + late.params.flat, whole.params.flat, rtol=1e-11, atol=1e-11)
    np.testing.assert_allclose(np.concatenate([early.x, late.x], 1), whole.x, rtol=1e-11, atol=1e-11)
    np.testing.assert_allclose(np.concatenate([early.gaps, late.gaps], 1), whole.gaps, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("config", CONFIGS, ids=str)
def test_an_output_sees_the_window(config: dict[str, Any]) -> None:
    cell, params, x, gaps = example(config)
    y, _ = cell.run(params, x, gaps)
    x[:, 2] += 1
    changed = (cell.run(params, x, gaps)[0] != y).any(axis=(0, 2))
    seen = range(2, min(9, 2 + cell.window))
    np.testing.assert_array_equal(np.flatnonzero(changed), seen)


@pytest.mark.parametrize("position", ["rotary", "decay"])
def test_cutting_a_gap_in_two_is_another_sample_but_time_adds_up(position: str) -> None:
    """Ages are sums of gaps: with a window of 2 only the gap between the last two samples counts."""
    cell = Attention(inputs=2, window=2, position=position)
    params, x = cell.init(0), np.random.default_rng(0).normal(size=(1, 3, 2))
    y, _ = cell.run(params, x, [[1.0, 2.0, 3.0]])
    same, _ = cell.run(params, x, [[7.0, 5.0, 3.0]])
    np.testing.assert_allclose(same[0, 2], y[0, 2], rtol=1e-13)
    assert (cell.run(params, x, [[1.0, 2.0, 4.0]])[0][0, 2] != y[0, 2]).all()


def test_equal_keys_share_their_value_alike() -> None:
    """Decay: samples with the same score count by exp(-slope age)."""
    cell = Attention(inputs=1, window=3, position="decay")
    params = cell.init(0)
    for name, value in {"q_proj.weight": 0, "v_proj.weight": 1, "out_proj.weight": 1, "log_slope": 0}.items():
        params[name][:] = value
    y, _ = cell.run(params, [[[1.0], [0.0], [0.0]]], [[9.0, 1.0, 2.0]])
    past = np.exp([-3.0, -2.0, 0.0])
    np.testing.assert_allclose(y[0, :, 0], [1, np.exp(-1) / (1 + np.exp(-1)), past[0] / past.sum()], rtol=1e-15)


@pytest.mark.parametrize("config", CONFIGS, ids=str)
def test_a_long_run_keeps_its_precision(config: dict[str, Any]) -> None:
    """Keys are turned once per sample, so that rounding adds up, but only as long as they are in the window."""
    cell, params, _, _ = example(config)
    rng = np.random.default_rng(1)
    x, gaps = rng.normal(size=(1, 500, 3)), rng.exponential(size=(1, 500))
    y, _ = cell.run(params, x, gaps)
    last = x[:, -cell.window :], gaps[:, -cell.window :]
    np.testing.assert_allclose(cell.run(params, *last)[0][:, -1], y[:, -1], rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("count", [-3.0, 0.4, 2.9, 5.0, 5.5, 1e300])
@pytest.mark.parametrize("position", ["rotary", "decay"])
def test_any_state_does_no_harm(position: str, count: float) -> None:
    """Numbers that no run leaves behind: the count, negative ages."""
    cell = Attention(inputs=2, window=3, position=position)
    params, rng = cell.init(0), np.random.default_rng(0)
    state = rng.normal(size=(1, cell.state_size))
    state[0, -1] = count
    y, last = cell.run(params, np.ones((1, 8, 2)), np.ones((1, 8)), state)
    assert np.isfinite(y).all()
    assert last[0, -1] in (3, 4, 5)
    back = cell.grad(params, np.ones((1, 8, 2)), np.ones((1, 8)), y, state)
    assert np.isfinite(back.state).all()
    assert back.state[0, -1] == 0


def test_a_count_that_is_not_a_number_does_not_write_elsewhere() -> None:
    """Checks refuse such a state, but kernels may be called without them."""
    cell = Attention(inputs=2, window=3)
    state, y = np.full((1, cell.state_size), np.nan), np.empty((1, 1, 2))
    cell._forward(cell.init(0).flat, np.ones((1, 1, 2)), np.ones((1, 1)), state, y, np.empty((1, 0, cell.state_size)))
    assert state[0, -1] == 1


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("config", CONFIGS, ids=str)
def test_scores_of_huge_inputs(config: dict[str, Any], dtype: str) -> None:
    """Weights still add up to 1, so that the output is a mean of values."""
    huge = 1e297 if dtype == "float64" else 1e27
    cell, params, x, gaps = example(config, dtype=dtype)
    x = np.random.default_rng(0).choice([-huge, huge, 1.0], size=x.shape)
    y, _ = cell.run(params, x, gaps)
    v = x @ params["v_proj.weight"].T
    largest = np.abs(v).max() * np.abs(params["out_proj.weight"]).sum(axis=1).max()
    assert np.abs(y).max() <= largest * 1.001


def test_single_head_groups() -> None:
    """One group of keys and values is as many equal ones."""
    one, all_ = Attention(inputs=2, width=8, heads=4, kv_heads=1), Attention(inputs=2, width=8, heads=4)
    params = dict(one.init(0))
    wide = {**params, **{f"{n}_proj.weight": np.tile(params[f"{n}_proj.weight"], (4, 1)) for n in "kv"}}
    rng = np.random.default_rng(0)
    x, gaps = rng.normal(size=(1, 6, 2)), rng.exponential(size=(1, 6))
    np.testing.assert_allclose(all_.run(wide, x, gaps)[0], one.run(params, x, gaps)[0], rtol=1e-13)
    assert one.state_size == 2 * 2 * 64 + 1
    assert replace(one, position="decay").state_size == 2 * 2 * 64 + 64 + 1


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"heads": 3, "width": 4}, "heads is 3, but must divide the width, 4"),
        ({"heads": 4, "width": 8, "kv_heads": 3}, "kv_heads is 3, but must divide heads, 4"),
        ({"heads": 4, "width": 4}, "a head has 1 channels"),
        ({"position": "alibi"}, "position is 'alibi', but must be one of rotary, decay"),
        ({"window": 0}, "window is 0"),
        ({"width": 0}, "width is 0"),
        ({"kv_heads": 0}, "kv_heads is 0"),
        ({"base": 0.5}, "base is 0.5"),
    ],
)
def test_settings_that_make_no_sense(config: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Attention(inputs=2, **config)
