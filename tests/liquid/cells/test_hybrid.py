from collections import Counter
from typing import Any

import numpy as np
import pytest

from liquid.cells import Attention, GatedConv, Hybrid
from liquid.cells.hybrid import LFM2, proportional
from liquid.cells.layers import SwiGLU
from tests.liquid.cells import twin, twin_hybrid

CONFIGS: list[dict[str, Any]] = [
    {"pattern": "cca", "width": 4, "heads": 2, "kv_heads": 1, "window": 3, "hidden": 5},
    {"pattern": "ac", "width": 4, "heads": 1, "kv_heads": 1, "kernel": 2, "time_feature": "none"},
    {"pattern": LFM2, "width": 8, "heads": 4, "kv_heads": 2, "window": 5},
]


def example(config: dict[str, Any], length: int = 9) -> tuple[Any, ...]:
    rng = np.random.default_rng(3)
    cell = Hybrid(inputs=3, **config)
    params = cell.init(2)
    params.flat[:] += 0.1 * rng.normal(size=cell.param_count)
    gaps = rng.lognormal(size=(2, length))
    gaps[0, 1], gaps[1, 3] = 0, 100
    return cell, params, rng.normal(size=(2, length, 3)), gaps


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config["pattern"])
def test_equals_its_twin(config: dict[str, Any]) -> None:
    cell, params, x, gaps = example(config)
    want = twin_hybrid.hybrid(config, twin.extended(params), *map(twin.LONG, (x, gaps))).astype(float)
    y, _ = cell.run(params, x, gaps)
    np.testing.assert_allclose(y, want, rtol=0, atol=2e-14)


def test_gradients_are_the_slopes_of_the_twin() -> None:
    config = CONFIGS[0]
    cell, params, x, gaps = example(config, 4)
    gaps[0, 1] = 0.01  # room for a difference
    gaps[1, 3] = 2
    dy = np.random.default_rng(2).normal(size=(2, 4, 4))
    given = twin.extended({**params, "x": x, "gaps": gaps})

    def loss(name: str, value: np.ndarray) -> np.ndarray:
        moved = {**given, name: value}
        return np.sum(twin_hybrid.hybrid(config, moved, moved["x"], moved["gaps"]) * dy)

    back = cell.grad(params, x, gaps, dy)
    found = {**back.params, "x": back.x, "gaps": back.gaps}
    for name, gradient in found.items():
        want = twin.slope(lambda v, name=name: loss(name, v), given[name]).astype(float)
        close = 10 * twin.DIFFERENCES * max(1.0, np.abs(want).max())
        np.testing.assert_allclose(gradient, want, rtol=0, atol=close, err_msg=name)


def test_the_published_order_and_proportion() -> None:
    assert Hybrid(inputs=1).pattern == LFM2
    assert Counter(LFM2) == {"c": 10, "a": 6}
    assert [i for i, letter in enumerate(LFM2) if letter == "a"] == [2, 5, 8, 10, 12, 14]
    operators = Hybrid(inputs=1).stack.layers[1].layers[::2]  # type: ignore[attr-defined]
    assert Counter(type(operator) for operator in operators) == {GatedConv: 10, Attention: 6}


@pytest.mark.parametrize("blocks", range(1, 33))
def test_any_number_of_blocks_keeps_the_proportion(blocks: int) -> None:
    pattern = proportional(blocks)
    assert len(pattern) == blocks
    assert pattern.count("a") == blocks * 6 // 16
    assert "aa" not in pattern
    assert Hybrid(inputs=1, pattern=blocks) == Hybrid(inputs=1, pattern=pattern)


def test_ways_to_write_the_order() -> None:
    assert Hybrid(inputs=1, pattern=("conv", "attention", "c")) == Hybrid(inputs=1, pattern="cac")
    with pytest.raises(ValueError, match="pattern is 'cab', but must be letters c and a"):
        Hybrid(inputs=1, pattern="cab")
    with pytest.raises(ValueError, match="pattern is 0"):
        Hybrid(inputs=1, pattern=0)


def test_names_and_sizes() -> None:
    cell = Hybrid(inputs=3, width=8, pattern="ca")
    names = cell.init(0).keys()
    parts = {
        "embedding": {"weight", "bias"},
        "layers.0.operator_norm": {"weight"},
        "layers.0.conv": {"in_proj.weight", "conv.weight", "out_proj.weight"},
        "layers.0.ffn_norm": {"weight"},
        "layers.0.feed_forward": {"w1.weight", "w2.weight", "w3.weight"},
        "layers.1.operator_norm": {"weight"},
        "layers.1.self_attn": {f"{n}_proj.weight" for n in ("q", "k", "v", "out")}
        | {"q_layernorm.weight", "k_layernorm.weight"},
        "layers.1.ffn_norm": {"weight"},
        "layers.1.feed_forward": {"w1.weight", "w2.weight", "w3.weight"},
        "embedding_norm": {"weight"},
    }
    assert names == {f"{part}.{name}" for part, own in parts.items() for name in own}
    assert cell.init(0)["layers.1.feed_forward.w1.weight"].shape == (32, 8)
    assert (cell.init(0)["layers.1.ffn_norm.weight"] == 1).all()
    operators = (GatedConv(inputs=8), Attention(inputs=8, heads=4, kv_heads=2, qk_norm=True))
    assert cell.state_size == sum(operator.state_size for operator in operators)
    assert cell.param_count == sum(o.param_count for o in operators) + 2 * SwiGLU(inputs=8).param_count + 4 * 8 + 5 * 8


def test_outputs_are_normalised() -> None:
    cell, params, x, gaps = example(CONFIGS[2])
    params["embedding_norm.weight"][:] = 1
    for scale in (1.0, 1e100, 1e290):
        y, _ = cell.run(params, scale * x, gaps)
        np.testing.assert_allclose(np.mean(y * y, axis=2), 1, rtol=1e-3)


def test_settings_of_the_layers_are_checked() -> None:
    with pytest.raises(ValueError, match="heads is 3, but must divide the width, 32"):
        Hybrid(inputs=1, heads=3)
    with pytest.raises(ValueError, match="width is 0"):
        Hybrid(inputs=1, width=0)
