"""What every registered cell does. A new cell needs one entry in EXAMPLES, and so does a further variant of it."""

import doctest
from contextlib import nullcontext, suppress
from dataclasses import FrozenInstanceError, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import liquid.cells
from liquid.cells import CELLS, Cell, CfC, LiquidS4, make
from liquid.cells.layers import Dense, SwiGLU
from liquid.wirings import NCP, FullyConnected

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "attention": [
        {"width": 4, "heads": 2, "kv_heads": 1, "window": 3},
        {"width": 4, "heads": 2, "window": 4, "position": "decay", "qk_norm": True},
    ],
    "cfc": [{"units": 3, "backbone_units": 4, "mixed_memory": True, "projection": 2}],
    "gated_conv": [{"width": 3}, {"kernel": 2, "time_feature": "none"}],
    "gru": [{"units": 3}, {"units": 2, "time_feature": "none"}],
    "gru_d": [{"units": 3}, {"units": 2, "masks": 1}],
    "gru_ode": [{"units": 3}, {"units": 2, "solver": "euler", "unfolds": 2, "max_gap": 2.0}],
    "hybrid": [
        {"width": 4, "pattern": "cca", "heads": 2, "kv_heads": 1, "window": 3, "hidden": 2},
    ],
    "liquid_s4": [
        {"modes": 3, "dt_min": 0.1, "dt_max": 1.0},
        {"modes": 2, "recurrence": "hadamard", "discretisation": "bilinear", "dt_min": 0.1, "dt_max": 1.0},
        {"modes": 2, "recurrence": "hadamard", "measure": "real", "tracking": True, "dt_min": 0.1, "dt_max": 1.0},
    ],
    "lstm": [{"units": 3}, {"units": 2, "time_feature": "none"}],
    "ltc": [
        {"wiring": NCP(3, 2, 1, 2, 1, 2, 2)},
        {"units": 2, "mixed_memory": True, "implicit_param_constraints": False, "input_mapping": "linear"},
        {"wiring": NCP(2, 2, 1, 2, 1, 2, 2), "solver": "rk4", "output_mapping": None},
        {"units": 2, "solver": "euler", "ode_unfolds": 2},
        {"wiring": NCP(2, 1, 1, 1, 1, 1, 1), "solver": "dopri5", "mixed_memory": True},
    ],
    "neural_ode": [{"units": 3, "hidden_units": 4}, {"units": 2, "hidden_units": 3, "solver": "euler", "max_gap": 2.0}],
    "ode_rnn": [{"units": 3, "hidden_units": 4}, {"units": 2, "hidden_units": 3, "hidden_layers": 2, "unfolds": 1}],
    "s4": [
        {"modes": 3, "dt_min": 0.1, "dt_max": 1.0},
        {"modes": 2, "recurrence": "hadamard", "dt_min": 0.1, "dt_max": 0.3},
    ],
    "s4d": [
        {"modes": 3, "measure": "legsd", "dt_min": 0.1, "dt_max": 1.0},
        {"modes": 3, "measure": "real", "discretisation": "bilinear", "dt_min": 0.1, "dt_max": 1.0},
    ],
    "mamba": [
        {"width": 2, "modes": 2, "expand": 1, "kernel": 3, "dt_min": 0.1, "dt_max": 1.0},
        {"width": 1, "modes": 2, "kernel": 2, "discretisation": "zoh"},
    ],
    "stack": [
        {"layers": (CfC(inputs=2, units=3, backbone_layers=0), LiquidS4(inputs=3, modes=2), Dense(inputs=3, units=1))},
        {
            "layers": (CfC(inputs=2, units=4, backbone_layers=0), SwiGLU(inputs=4, hidden=2)),
            "residual": "add",
            "norm": True,
        },
        {
            "layers": (CfC(inputs=2, units=4, backbone_units=2), LiquidS4(inputs=4, modes=1, measure="real")),
            "residual": "gate",
        },
    ],
    "wired_cfc": [
        {"wiring": NCP(3, 2, 1, 2, 1, 2, 2), "projection": 2},
        {"wiring": FullyConnected(3, 3), "mode": "pure", "mixed_memory": True},
    ],
}
VARIANTS = {f"{name}-{i}": (name, config) for name, configs in EXAMPLES.items() for i, config in enumerate(configs)}
BATCH, LENGTH, INPUTS = 3, 6, 2
# Whatever the parameters, these stay bounded: infinity inside a gate is a saturated gate, not an error.
SATURATING = {CELLS[name] for name in ("gru", "gru_d", "gru_ode", "lstm", "neural_ode", "ode_rnn")}
# These must notice; any other cell may do the one or the other.
OVERFLOWING = {
    CELLS[name]
    for name in (
        "attention", "cfc", "gated_conv", "hybrid", "liquid_s4", "ltc", "mamba", "s4", "s4d", "stack", "wired_cfc",
    )
}  # fmt: skip
LARGE = {"float64": 1e300, "float32": 1e30}


def test_every_cell_has_an_example() -> None:
    assert EXAMPLES.keys() == CELLS.keys()


def test_documented_example() -> None:
    results = doctest.testmod(liquid.cells)
    assert results.attempted > 0
    assert results.failed == 0


def test_unknown_name() -> None:
    with pytest.raises(ValueError, match="no cell named 'lstn': choose one of attention, "):
        make("lstn", inputs=1)


@pytest.fixture(params=VARIANTS)
def double(request: pytest.FixtureRequest) -> Cell:
    name, config = VARIANTS[request.param]
    return make(name, inputs=INPUTS, **config)


@pytest.fixture(params=["float64", "float32"])
def cell(request: pytest.FixtureRequest, double: Cell) -> Cell:
    return replace(double, dtype=request.param)


class Sample:
    """Random arrays for a cell, in its type."""

    def __init__(self, cell: Cell) -> None:
        rng = np.random.default_rng(5)
        self.params = cell.init(1)
        self.x = rng.normal(size=(BATCH, LENGTH, INPUTS)).astype(cell.dtype)
        self.gaps = rng.lognormal(-0.5, 0.7, size=(BATCH, LENGTH)).astype(cell.dtype)
        self.gaps[0, 2] = 0.0
        self.state = rng.normal(scale=0.5, size=(BATCH, cell.state_size)).astype(cell.dtype)
        self.dy = rng.normal(size=(BATCH, LENGTH, cell.outputs)).astype(cell.dtype)
        self.dstate = rng.normal(size=self.state.shape).astype(cell.dtype)

    def arrays(self) -> tuple[np.ndarray, ...]:
        return self.params.flat, self.x, self.gaps, self.state, self.dy, self.dstate


def test_shapes_and_types(cell: Cell) -> None:
    s = Sample(cell)
    y, last = cell.run(s.params, s.x, s.gaps, s.state)
    back = cell.grad(s.params, s.x, s.gaps, s.dy, s.state, s.dstate)
    shapes = {
        (BATCH, LENGTH, cell.outputs): y,
        (BATCH, cell.state_size): last,
        (BATCH, LENGTH, cell.state_size): cell.states(s.params, s.x, s.gaps, s.state),
        (BATCH, cell.state_size, cell.state_size): cell.jacobian(s.params, s.state, s.x[:, 0], s.gaps[:, 0]),
        (cell.param_count,): back.params.flat,
    }
    for shape, array in shapes.items():
        assert array.shape == shape
        assert array.dtype == cell.dtype
    for got, given in ((back.x, s.x), (back.gaps, s.gaps), (back.state, s.state)):
        assert got.shape == given.shape
        assert got.dtype == cell.dtype


def test_step_by_step_is_run_bit_for_bit(cell: Cell) -> None:
    s = Sample(cell)
    whole, last = cell.run(s.params, s.x, s.gaps, s.state)
    states = cell.states(s.params, s.x, s.gaps, s.state)
    state: np.ndarray = s.state
    for t in range(LENGTH):
        y, state = cell.step(s.params, state, s.x[:, t], s.gaps[:, t])
        np.testing.assert_array_equal(y, whole[:, t])
        np.testing.assert_array_equal(state, states[:, t])
    np.testing.assert_array_equal(state, last)


def test_sequences_of_a_batch_do_not_touch(cell: Cell) -> None:
    s = Sample(cell)
    y, last = cell.run(s.params, s.x, s.gaps, s.state)
    alone, end = cell.run(s.params, s.x[1:2], s.gaps[1:2], s.state[1:2])
    np.testing.assert_array_equal(alone, y[1:2])
    np.testing.assert_array_equal(end, last[1:2])


def test_causal(cell: Cell) -> None:
    s = Sample(cell)
    y, _ = cell.run(s.params, s.x, s.gaps, s.state)
    s.x[:, -1] += 1
    s.gaps[:, -1] += 1
    changed, _ = cell.run(s.params, s.x, s.gaps, s.state)
    np.testing.assert_array_equal(changed[:, :-1], y[:, :-1])
    assert (changed[:, -1] != y[:, -1]).all()


def test_without_a_state_it_starts_from_zero(cell: Cell) -> None:
    s = Sample(cell)
    y, _ = cell.run(s.params, s.x, s.gaps)
    from_zero, _ = cell.run(s.params, s.x, s.gaps, cell.zero_state(BATCH))
    np.testing.assert_array_equal(y, from_zero)


def test_arguments_are_left_alone(cell: Cell) -> None:
    s = Sample(cell)
    before = [a.copy() for a in s.arrays()]
    cell.run(s.params, s.x, s.gaps, s.state)
    cell.grad(s.params, s.x, s.gaps, s.dy, s.state, s.dstate)
    cell.jacobian(s.params, s.state, s.x[:, 0], s.gaps[:, 0])
    for a, b in zip(s.arrays(), before, strict=True):
        np.testing.assert_array_equal(a, b)


def test_any_layout_and_real_type_gives_the_same(cell: Cell) -> None:
    s = Sample(cell)
    want, _ = cell.run(s.params, s.x, s.gaps, s.state)
    strided = np.repeat(s.x, 2, axis=1)[:, ::2]
    assert not strided.flags.c_contiguous
    got, _ = cell.run(dict(s.params), strided, np.asfortranarray(s.gaps), s.state.tolist())
    np.testing.assert_array_equal(got, want)
    whole, _ = cell.run(s.params, np.ones((1, 2, INPUTS), int), [[0, 1]])
    assert whole.dtype == cell.dtype


@pytest.mark.parametrize("gap", [0.0, 1e-30, 1e3, "large"])
def test_any_gap(cell: Cell, gap: float | str) -> None:
    s = Sample(cell)
    s.gaps[:] = LARGE[cell.dtype] if gap == "large" else gap
    y, last = cell.run(s.params, s.x, s.gaps, s.state)
    assert np.isfinite(y).all()
    assert np.isfinite(last).all()


@pytest.mark.parametrize("sign", [1, -1])
def test_huge_input(cell: Cell, sign: int) -> None:
    """A finite answer, and no more than a finite one: not NaN afterwards either."""
    s = Sample(cell)
    s.x[:, 2] = sign * 1e-3 * LARGE[cell.dtype]
    y, last = cell.run(s.params, s.x, s.gaps, s.state)
    assert np.isfinite(y).all()
    assert np.isfinite(last).all()


def test_one_sample(cell: Cell) -> None:
    y, _ = cell.run(cell.init(0), np.ones((1, 1, INPUTS)), [[1.0]])
    assert y.shape == (1, 1, cell.outputs)


def difference(f: Any, at: np.ndarray, i: tuple[int, ...], h: float = 1e-4) -> float:
    """df/d(at[i]) by five points; `at` is changed and put back."""
    old, values = at[i], []
    for steps in (1, -1, 2, -2):
        at[i] = old + steps * h
        values.append(f())
    at[i] = old
    return (8 * (values[0] - values[1]) - (values[2] - values[3])) / (12 * h)


def test_gradients_are_the_slopes(double: Cell) -> None:
    s = Sample(double)
    s.gaps[s.gaps < 0.01] = 0.01  # room for a difference

    def loss() -> float:
        y, last = double.run(s.params, s.x, s.gaps, s.state)
        return float(np.sum(y * s.dy) + np.sum(last * s.dstate))

    back = double.grad(s.params, s.x, s.gaps, s.dy, s.state, s.dstate)
    pairs = [(s.params.flat, back.params.flat), (s.x, back.x), (s.gaps, back.gaps), (s.state, back.state)]
    for given, gradient in pairs:
        slopes = [difference(loss, given, i) for i in np.ndindex(given.shape)]
        np.testing.assert_allclose(gradient.ravel(), slopes, rtol=1e-8, atol=1e-8)


def test_single_precision_gradients_agree_with_double(double: Cell) -> None:
    single = replace(double, dtype="float32")
    s = Sample(single)
    for got, want in zip(
        single.grad(s.params, s.x, s.gaps, s.dy, s.state, s.dstate),
        double.grad(dict(s.params), s.x, s.gaps, s.dy, s.state, s.dstate),
        strict=True,
    ):
        a, b = (np.asarray(getattr(v, "flat", v) if hasattr(v, "owner") else v) for v in (got, want))
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=2e-5)


def test_gradients_chain_over_pieces(double: Cell) -> None:
    s, cut = Sample(double), 4
    whole = double.grad(s.params, s.x, s.gaps, s.dy, s.state, s.dstate)
    _, middle = double.run(s.params, s.x[:, :cut], s.gaps[:, :cut], s.state)
    late = double.grad(s.params, s.x[:, cut:], s.gaps[:, cut:], s.dy[:, cut:], middle, s.dstate)
    early = double.grad(s.params, s.x[:, :cut], s.gaps[:, :cut], s.dy[:, :cut], s.state, late.state)
    np.testing.assert_allclose(early.params.flat + late.params.flat, whole.params.flat, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(early.state, whole.state, rtol=1e-12, atol=1e-12)


def test_jacobian_is_the_slope_of_the_state(double: Cell) -> None:
    s = Sample(double)
    u, gap = s.x[:1, 0], s.gaps[:1, 0]
    state = s.state[:1].copy()
    jacobian = double.jacobian(s.params, state, u, gap)
    for i in range(double.state_size):
        for j in range(double.state_size):
            slope = difference(lambda i=i: double.step(s.params, state, u, gap)[1][0, i], state, (0, j))
            assert jacobian[0, i, j] == pytest.approx(slope, abs=1e-9)


def test_params_by_name(cell: Cell, tmp_path: Path) -> None:
    params = cell.init(3)
    np.testing.assert_array_equal(params.flat, cell.init(3).flat)
    assert (params.flat != cell.init(4).flat).any()
    assert sum(view.size for view in params.values()) == cell.param_count
    np.savez(tmp_path / "weights.npz", **params)
    with np.load(tmp_path / "weights.npz") as file:
        np.testing.assert_array_equal(cell.pack(file).flat, params.flat)

    name = next(iter(params))
    other = params.copy()
    other[name][:] = 7
    assert (other.flat == 7).sum() == params[name].size
    assert not params.zeros().flat.any()
    assert name in repr(params)


def test_params_that_do_not_fit(cell: Cell) -> None:
    params = dict(cell.init(0))
    name, value = next(iter(params.items()))
    with pytest.raises(ValueError, match=f"lack {name}"):
        cell.pack({k: v for k, v in params.items() if k != name})
    with pytest.raises(ValueError, match="no parameters named extra"):
        cell.pack({**params, "extra": value})
    with pytest.raises(ValueError, match=f"{name} has shape"):
        cell.pack({**params, name: np.zeros((9, 9, 9))})
    with pytest.raises(ValueError, match=f"{name}.* is nan"):
        cell.pack({**params, name: np.full(value.shape, np.nan)})


def test_params_of_another_cell_are_checked(cell: Cell) -> None:
    other = replace(cell, inputs=INPUTS + 1)
    with pytest.raises(ValueError, match="has shape"):
        cell.run(other.init(0), np.ones((1, 1, INPUTS)), [[1.0]])


def absurd(cell: Cell) -> Any:
    """A context for the largest numbers as parameters."""
    if type(cell) in SATURATING:
        return nullcontext()
    if type(cell) in OVERFLOWING:
        return pytest.raises(FloatingPointError, match="overflowed")
    return suppress(FloatingPointError)


def test_overflow_is_an_error(cell: Cell) -> None:
    params = cell.init(0)
    params.flat[:] = np.finfo(cell.dtype).max
    with absurd(cell):
        y, last = cell.run(params, np.ones((1, 2, INPUTS)), np.ones((1, 2)))
        assert np.isfinite(y).all()
        assert np.isfinite(last).all()


def test_bad_arguments(cell: Cell) -> None:
    s = Sample(cell)
    refusals: list[tuple[type[Exception], str, dict[str, Any]]] = [
        (TypeError, "x is float16", {"x": s.x.astype(np.float16)}),
        (ValueError, r"x has shape .* \(batch, length, inputs\) = \(any, any, 2\)", {"x": s.x[..., :1]}),
        (ValueError, "x is empty", {"x": s.x[:, :0], "gaps": s.gaps[:, :0]}),
        (ValueError, r"x\[0, 0, 0\] is nan", {"x": s.x * np.nan}),
        (ValueError, r"gaps has shape \(3,\)", {"gaps": s.gaps[:, 0]}),
        (ValueError, r"gaps has shape \(3, 6, 1\)", {"gaps": s.gaps[..., None]}),
        (ValueError, r"gaps\[0, 0\] is -", {"gaps": -1 - s.gaps}),
        (ValueError, "state has shape", {"state": s.state[:1]}),
        (TypeError, "state is float16", {"state": s.state.astype(np.float16)}),
    ]
    for error, message, wrong in refusals:
        with pytest.raises(error, match=message):
            cell.run(s.params, **{"x": s.x, "gaps": s.gaps, "state": s.state, **wrong})
    with pytest.raises(ValueError, match="dy has shape"):
        cell.grad(s.params, s.x, s.gaps, s.dy[:, :1])
    with pytest.raises(ValueError, match="gaps has shape"):
        cell.step(s.params, s.state, s.x[:, 0], s.gaps)


def test_the_cell_is_a_frozen_configuration(double: Cell) -> None:
    assert replace(double) == double
    assert hash(replace(double)) == hash(double)
    with pytest.raises(FrozenInstanceError):
        double.inputs = 9  # type: ignore[misc]
    with pytest.raises(ValueError, match="dtype is 'float16'"):
        replace(double, dtype="float16")
    with pytest.raises(ValueError, match="inputs is 0"):
        replace(double, inputs=0)
