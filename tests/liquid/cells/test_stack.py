from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from liquid.cells import Cell, CfC, LiquidS4, Stack, make
from liquid.cells.layers import Dense, SwiGLU
from tests.liquid.cells import twin, twin_layers

CFC = CfC(inputs=2, units=3, backbone_units=4)
S4 = LiquidS4(inputs=3, modes=2)
DENSE = Dense(inputs=3, units=3)


def slow(stack: Stack, params: twin.Arrays, x: np.ndarray, gaps: np.ndarray, state: np.ndarray) -> np.ndarray:
    """Outputs, sample after sample instead of layer after layer."""
    states, outputs = np.split(state, np.cumsum([layer.state_size for layer in stack.layers])[:-1], axis=1), []
    for t in range(x.shape[1]):
        b = x[:, t]
        for i, layer in enumerate(stack.layers):
            own = {name.removeprefix(f"{i}."): value for name, value in params.items() if name.startswith(f"{i}.")}
            u = twin_layers.rms_norm({"weight": params[f"norm.{i}.weight"]}, b) if stack.norm else b
            z, states[i] = layer.step(own, states[i], u, gaps[:, t])
            if f"skip.{i}.weight" in params:
                b = b @ params[f"skip.{i}.weight"].T
            if stack.residual == "none":
                b = z
            elif stack.residual == "add":
                b = b + z
            else:
                share = twin.sigmoid(params[f"gate.{i}"])
                b = (1 - share) * b + share * z
        outputs.append(b)
    return np.stack(outputs, axis=1)


@pytest.mark.parametrize("norm", [False, True])
@pytest.mark.parametrize("residual", ["none", "add", "gate"])
def test_equals_its_layers_one_after_the_other(residual: str, norm: bool) -> None:
    stack = Stack(layers=(CFC, S4, DENSE), residual=residual, norm=norm)
    rng = np.random.default_rng(0)
    params = stack.init(1)
    params.flat[:] += 0.1 * rng.normal(size=stack.param_count)
    x, gaps, state = rng.normal(size=(2, 4, 2)), rng.exponential(size=(2, 4)), rng.normal(size=(2, stack.state_size))
    y, _ = stack.run(params, x, gaps, state)
    np.testing.assert_allclose(y, slow(stack, params, x, gaps, state), rtol=1e-13, atol=1e-14)


def test_sizes_and_names() -> None:
    stack = Stack(layers=[CFC, S4, DENSE], residual="gate", norm=True)
    assert (stack.inputs, stack.outputs, stack.dtype) == (2, 3, "float64")
    assert stack.state_size == CFC.state_size + S4.state_size
    around = 2 + 2 * 3 + 3 + (3 + 3) + (3 + 3)  # norm, skip and gate of the first layer, norm and gate of the others
    assert stack.param_count == CFC.param_count + S4.param_count + DENSE.param_count + around
    names = {f"{i}.{name}" for i, cell in enumerate((CFC, S4, DENSE)) for name in cell.init(0)}
    gates = {"gate.0", "gate.1", "gate.2"}
    assert stack.init(0).keys() == names | gates | {"skip.0.weight", *(f"norm.{i}.weight" for i in range(3))}


def test_layers_start_as_they_start_alone() -> None:
    stack = Stack(layers=(CFC, S4), residual="gate", norm=True)
    params, rng = stack.init(7), np.random.default_rng(7)
    np.testing.assert_array_equal(params["0.rnn_cell.ff1.weight"], CFC.init(rng)["rnn_cell.ff1.weight"])
    assert (params["norm.1.weight"] == 1).all()
    assert not params["gate.0"].any()
    assert params["skip.0.weight"].any()


def test_a_closed_gate_lets_nothing_through() -> None:
    stack = Stack(layers=(S4, DENSE), residual="gate")
    params = stack.init(0)
    for i in range(2):
        params[f"gate.{i}"][:] = -1000
    x = np.random.default_rng(0).normal(size=(1, 5, 3))
    y, _ = stack.run(params, x, np.ones((1, 5)))
    np.testing.assert_array_equal(y, x)


def test_inputs_and_type_of_the_whole() -> None:
    stack = Stack(layers=(CFC, S4))
    wider = replace(stack, inputs=5, dtype="float32")
    assert wider.layers == (replace(CFC, inputs=5, dtype="float32"), replace(S4, dtype="float32"))
    assert Stack(layers=(CFC, replace(S4, dtype="float32")), dtype="float32").layers[0].dtype == "float32"
    assert make("stack", layers=(CFC, S4)) == stack


def test_a_stack_in_a_stack() -> None:
    inner = Stack(layers=(S4, SwiGLU(inputs=3)), residual="add", norm=True)
    outer, flat = Stack(layers=(CFC, inner)), Stack(layers=(CFC,))
    params = outer.init(0)
    assert "1.norm.0.weight" in params
    rng = np.random.default_rng(0)
    x, gaps = rng.normal(size=(2, 4, 2)), rng.exponential(size=(2, 4))
    y, last = outer.run(params, x, gaps)
    first, _ = flat.run(flat.init(0), x, gaps)
    want, after = inner.run({k[2:]: v for k, v in params.items() if k.startswith("1.")}, first, gaps)
    np.testing.assert_array_equal(y, want)
    np.testing.assert_array_equal(last[:, CFC.state_size :], after)


def test_the_layer_that_overflows_is_named() -> None:
    stack = Stack(layers=(CFC, DENSE, S4))
    params = stack.init(0)
    params["1.weight"][:] = np.finfo(float).max
    params["1.bias"][:] = np.finfo(float).max
    with pytest.raises(FloatingPointError, match="layer 1 of a stack, Dense, overflowed float64"):
        stack.run(params, np.ones((1, 2, 2)), np.ones((1, 2)))


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"layers": ()}, r"layers is \(\), but must be at least one cell"),
        ({"layers": (CFC, "cfc")}, "must be at least one cell"),
        ({"layers": (CFC, CFC)}, "layer 0 has 3 outputs, but layer 1 takes 2"),
        ({"layers": (CFC, replace(S4, dtype="float32"))}, "types float64, float32: give one dtype"),
        ({"layers": (CFC,), "residual": "sum"}, "residual is 'sum', but must be one of none, add, gate"),
        ({"layers": (CFC,), "inputs": 0}, "inputs is 0"),
    ],
)
def test_settings_that_make_no_sense(config: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Stack(**config)


def test_it_is_a_cell() -> None:
    stack = Stack(layers=(CFC, S4))
    assert isinstance(stack, Cell)
    assert hash(stack) == hash(Stack(layers=[CFC, S4]))
