"""The cell against its slow twin, against an independent solver, and against the theorems of its paper."""

import math
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from liquid.cells import LTC
from liquid.cells._ltc_explicit import SOLVERS
from liquid.cells._synapses import GROUP, LANES, gate
from liquid.wirings import NCP, AutoNCP, FullyConnected, Random, Spec
from tests.liquid.cells import twin
from tests.liquid.cells.test_math import mapped
from tests.liquid.cells.twin_ltc import ltc, neurons
from tests.liquid.odd import relaxed

WIRINGS: dict[str, Spec] = {
    "ncp": NCP(4, 3, 2, 2, 2, 3, 2, seed=5),
    "small": NCP(2, 2, 1, 2, 1, 2, 2),
    "auto": AutoNCP(19, 4),
    "full": FullyConnected(4, 3),
    "random": Random(5, 2, 0.6),
}
CONFIGS: list[dict[str, Any]] = [
    *({"solver": solver, "wiring": wiring} for solver, wiring in product(SOLVERS, WIRINGS)),
    {"wiring": "small", "mixed_memory": True},
    {"wiring": "ncp", "mixed_memory": True, "solver": "rk4"},
    {"wiring": "small", "input_mapping": "linear", "output_mapping": None},
    {"wiring": "small", "input_mapping": None, "output_mapping": "linear"},
    {"wiring": "full", "implicit_param_constraints": False, "ode_unfolds": 1},
    {"wiring": "ncp", "solver": "rk4", "implicit_param_constraints": False, "ode_unfolds": 40},
    {"wiring": "ncp", "solver": "dopri5", "rtol": 1e-8, "atol": 1e-9},
]
SOLVED = [{"solver": solver, "wiring": "ncp"} for solver in SOLVERS]


def label(config: dict[str, Any]) -> str:
    return "-".join(str(v) for v in config.values())


def make(config: dict[str, Any]) -> tuple[LTC, Any]:
    """A cell, and parameters that are not 0 where there is no synapse either."""
    cell = LTC(inputs=2, **{**config, "wiring": WIRINGS[config["wiring"]]})
    params = cell.init(2)
    params.flat[:] += 0.2 * np.random.default_rng(1).normal(size=params.flat.shape)
    cell.constrain(params)
    return cell, params


def data(gaps: float, length: int = 12) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.normal(size=(2, length, 2)), gaps * rng.lognormal(size=(2, length))


def compare(config: dict[str, Any], x: np.ndarray, gaps: np.ndarray, close: float = 4e-14) -> None:
    cell, params = make(config)
    state = np.random.default_rng(7).normal(size=(len(x), cell.state_size))
    y, last = cell.run(params, x, gaps, state)
    with np.errstate(over="ignore"):
        want, states = ltc(config, cell.built, params, x, gaps, state)
    np.testing.assert_allclose(y, want, rtol=1e-12, atol=close)
    np.testing.assert_allclose(last, states[:, -1], rtol=1e-12, atol=close)


@pytest.mark.parametrize("config", CONFIGS, ids=label)
def test_equals_its_twin(config: dict[str, Any]) -> None:
    x, gaps = data(0.7)
    gaps[0, 3] = 0.0
    compare(config, x, gaps)


@pytest.mark.parametrize("config", SOLVED, ids=label)
@pytest.mark.parametrize("gap", [1e-300, 1e-9, 40.0, 1e4, 1e300])
def test_equals_its_twin_at_any_gap(config: dict[str, Any], gap: float) -> None:
    """Explicit steps give way to fused ones as gaps grow.

    The pair goes through a long gap at the edge of its stability, where rounding errors grow until they are seen.
    """
    compare(config, *data(gap, 3), close=1e-8 if config["solver"] == "dopri5" and gap > 1 else 4e-14)


@pytest.mark.parametrize("config", SOLVED, ids=label)
@pytest.mark.parametrize("value", [0.0, 5e-324, 1e8, 1e300, -1e300])
def test_equals_its_twin_for_odd_inputs(config: dict[str, Any], value: float) -> None:
    x, gaps = data(0.5, 4)
    x[0, 1:3, 1] = value
    compare(config, x, gaps)


@pytest.mark.parametrize("config", [c for c in CONFIGS if c["wiring"] == "small"], ids=label)
def test_gradients_are_the_slopes_of_the_twin(config: dict[str, Any]) -> None:
    rng = np.random.default_rng(3)
    cell, params = make(config)
    x, gaps = rng.normal(size=(1, 2, 2)), np.array([[0.2, 0.6]])
    state = rng.normal(scale=0.5, size=(1, cell.state_size))
    dy, dstate = rng.normal(size=(1, 2, cell.outputs)), rng.normal(size=state.shape)
    values = twin.extended({**params, "x": x, "gaps": gaps, "state": state})

    def loss(name: str, value: np.ndarray) -> np.ndarray:
        moved = {**values, name: value}
        y, states = ltc(config, cell.built, moved, moved["x"], moved["gaps"], moved["state"])
        return np.sum(y * dy) + np.sum(states[:, -1] * dstate)

    back = cell.grad(params, x, gaps, dy, state, dstate)
    for name, gradient in {**back.params, "x": back.x, "gaps": back.gaps, "state": back.state}.items():
        want = twin.slope(lambda v, name=name: loss(name, v), values[name]).astype(float)
        close = twin.DIFFERENCES * max(1.0, np.abs(want).max())
        np.testing.assert_allclose(gradient, want, rtol=0, atol=close, err_msg=name)


@pytest.mark.parametrize("config", [c for c in CONFIGS if c["wiring"] == "auto"], ids=label)
def test_a_parameter_without_a_synapse_counts_for_nothing(config: dict[str, Any]) -> None:
    cell, params = make(config)
    x, gaps = np.full((1, 3, 2), 0.5), np.ones((1, 3))
    y, _ = cell.run(params, x, gaps)
    back = cell.grad(params, x, gaps, np.ones_like(y))
    for prefix, signs in (("", cell.built.adjacency), ("sensory_", cell.built.sensory)):
        none = signs == 0
        assert none.any()
        for name in ("w", "sigma", "mu", "erev"):
            assert (back.params[f"rnn_cell.{prefix}{name}"][none] == 0).all()
            params[f"rnn_cell.{prefix}{name}"][none] += 1
    np.testing.assert_array_equal(cell.run(params, x, gaps)[0], y)


def bounds(cell: LTC, params: Any) -> tuple[np.ndarray, np.ndarray]:
    """Smallest and largest potential that leak and synapses of each neuron draw to."""
    draws = np.vstack([
        params["rnn_cell.vleak"][None],
        np.where(cell.built.adjacency == 0, np.nan, params["rnn_cell.erev"]),
        np.where(cell.built.sensory == 0, np.nan, params["rnn_cell.sensory_erev"]),
    ])  # fmt: skip
    return np.nanmin(draws, axis=0), np.nanmax(draws, axis=0)


# Relative to the width of the bounds: how far a step may leave them.
EXCESS = {"fused": 1e-12, "euler": 1e-12, "rk4": 0.02, "dopri5": 2e-4}


@pytest.mark.parametrize("config", SOLVED, ids=label)
@given(st.integers(0, 10**6), st.floats(-9, 9), st.floats(-3, 1), st.floats(-2, 6))
@relaxed
def test_time_constant_and_state_stay_within_the_theorems(
    config: dict[str, Any], seed: int, gap: float, spread: float, scale: float
) -> None:
    """Theorems 1 and 2 of the paper, for parameters of any size."""
    rng = np.random.default_rng(seed)
    cell, params = make(config)
    params.flat[:] = rng.normal(size=params.flat.size) * 10**spread
    x = 10**scale * rng.normal(size=(1, 4, 2))
    state = rng.normal(size=(1, cell.units)) * 10**spread
    states = cell.states(params, x, np.full((1, 4), 10**gap), state)
    low, high = bounds(cell, params)
    if cell.solver != "rk4":  # epsilon is a conductance that draws to 0; explicit steps fall back on fused ones
        low, high = np.minimum(low, 0), np.maximum(high, 0)
    before = np.concatenate([state[:, None], states[:, :-1]], axis=1)
    low, high = np.minimum(before, low), np.maximum(before, high)
    excess = EXCESS[cell.solver] * (np.maximum(np.abs(low), np.abs(high)) + 1e-2)
    assert (states >= low - excess).all()
    assert (states <= high + excess).all()

    with np.errstate(over="ignore"):
        twins = neurons(config, cell.built, params, x[0, 0])
    tau = cell.time_constants(params, state, x[:, 0])[0]
    assert (tau <= twins.cm / twins.gleak * (1 + 1e-12)).all()
    assert (tau >= twins.cm / (twins.gleak + twins.w.sum(0) + twins.sensory_w.sum(0)) * (1 - 1e-12)).all()
    np.testing.assert_allclose(tau, twins.cm / twins.terms(state[0])[1], rtol=1e-11)


def solution(cell: LTC, config: dict[str, Any], params: Any, u: np.ndarray, state: np.ndarray, gap: float) -> Any:
    equation = neurons(config, cell.built, params, u)
    solved = solve_ivp(lambda _, v: equation.slope(v), (0, gap), state[0], "DOP853", rtol=1e-13, atol=1e-14)
    return solved.y[:, -1]


def slow(config: dict[str, Any]) -> tuple[LTC, Any, np.ndarray, np.ndarray, np.ndarray]:
    """A cell whose fastest time constant is about the gap, which is 1; an input, a state, and the exact next state."""
    cell, params = make({**config, "wiring": "full"})
    params["rnn_cell.cm"][:] += 7
    rng = np.random.default_rng(5)
    u, state = rng.normal(size=2), rng.normal(size=(1, cell.units))
    return cell, params, u, state, solution(cell, config, params, u, state, 1.0)


@pytest.mark.parametrize(("solver", "order"), [("fused", 1), ("euler", 1), ("rk4", 4)])
def test_order_of_convergence(solver: str, order: int) -> None:
    cell, params, u, state, want = slow({"solver": solver})
    errors = []
    for unfolds in (8, 16, 32):
        _, after = replace(cell, ode_unfolds=unfolds).step(params, state, u[None], [1.0])
        errors.append(np.abs(after - want).max())
    orders = np.log2(np.divide(errors[:-1], errors[1:]))
    np.testing.assert_allclose(orders, order, atol=0.2)


@pytest.mark.parametrize("tolerance", [1e-3, 1e-5, 1e-7, 1e-9])
def test_tolerances_of_dopri5(tolerance: float) -> None:
    """The error is about as large as asked for, neither much larger nor, which would waste steps, much smaller."""
    cell, params, u, state, _ = slow({"solver": "dopri5"})
    want = solution(cell, {}, params, u, state, 30.0)
    moving = solution(cell, {}, params, u, state, 4.0)
    for tolerances in ({"rtol": tolerance, "atol": 1e-14}, {"rtol": 0.0, "atol": tolerance}):
        strict = replace(cell, **tolerances)
        _, after = strict.step(params, state, u[None], [4.0])
        error = np.abs(after - moving).max()
        assert tolerance * 1e-4 < error < 3 * tolerance
        _, settled = strict.step(params, state, u[None], [30.0])
        assert np.abs(settled - want).max() < 3 * tolerance


@pytest.mark.parametrize("config", SOLVED, ids=label)
def test_constant_input_leads_to_the_fixed_point(config: dict[str, Any]) -> None:
    """The same one for all solvers: where the slope is 0."""
    cell, params = make(config)
    u = np.array([0.3, -0.8])
    _, last = cell.run(params, np.tile(u, (1, 200, 1)), np.ones((1, 200)))
    assert np.abs(neurons(config, cell.built, params, u).slope(last[0])).max() < 2e-7


@pytest.mark.parametrize("config", SOLVED, ids=label)
def test_without_a_gap_nothing_changes(config: dict[str, Any]) -> None:
    cell, params = make(config)
    x, gaps = data(0.0, 5)
    state = np.random.default_rng(1).normal(size=(2, cell.units))
    y, last = cell.run(params, x, gaps, state)
    np.testing.assert_allclose(last, state, rtol=1e-14)
    want = state[:, : cell.outputs] * params["rnn_cell.output_w"] + params["rnn_cell.output_b"]
    np.testing.assert_allclose(y[:, -1], want, rtol=1e-13)


@pytest.mark.parametrize("config", SOLVED, ids=label)
def test_absurd_parameters_give_numbers_or_an_error(config: dict[str, Any]) -> None:
    cell, ordinary = make({**config, "implicit_param_constraints": False})
    x, _ = data(1.0, 3)
    failed = finite = 0
    for name, value, gap in product(ordinary, (1e300, -1e300, 1e155, 1e-300, 0.0, -3.0), (0.0, 1.0, 1e300)):
        params = ordinary.copy()
        params[name][:] = value
        try:
            y, _ = cell.run(params, x, np.full((2, 3), gap))
            assert np.isfinite(y).all()
            finite += 1
        except FloatingPointError:
            failed += 1
    assert finite > 0
    assert (failed == 0) == (cell.solver == "fused")


def test_constrain() -> None:
    cell, params = make({"wiring": "small", "implicit_param_constraints": False})
    for value in params.values():
        value[...] = -1
    cell.constrain(params)
    clipped = {name for name, value in params.items() if (value == 0).all()}
    assert clipped == {f"rnn_cell.{name}" for name in ("gleak", "cm", "w", "sensory_w")}
    assert all((value == -1).all() for name, value in params.items() if name not in clipped)
    y, _ = cell.run(params, *data(1.0))  # a membrane without capacity follows at once
    assert np.isfinite(y).all()

    implicit, params = make({"wiring": "small"})
    params.flat[:] = -1
    implicit.constrain(params)
    assert (params.flat == -1).all()


@pytest.mark.parametrize("wiring", WIRINGS)
def test_lists_hold_every_synapse_once(wiring: str) -> None:
    cell, _ = make({"wiring": wiring})
    for (synapses, places), signs in zip(cell._lists, (cell.built.adjacency, cell.built.sensory), strict=True):
        listed = places.entry[places.entry >= 0]
        np.testing.assert_array_equal(np.sort(listed), np.flatnonzero(signs))
        assert len(places.entry) % LANES == 0
        starts, widths = synapses.groups.astype(int)
        np.testing.assert_array_equal(starts, np.cumsum([0, *GROUP * widths[:-1]]))


@pytest.mark.parametrize(("kind", "largest"), [("float64", 2.3e-16), ("float32", 1.2e-7)])
def test_gate(kind: str, largest: float) -> None:
    """Against the exact logistic function, with an error small against 1; compiled and plain."""
    rng = np.random.default_rng(0)
    t = np.concatenate([rng.normal(scale=scale, size=5001) for scale in (1e-9, 1.0, 10.0, 100.0)]).astype(kind)
    want = 1 / (1 + np.exp2(t.astype(np.longdouble)))
    got = mapped(gate)(t)
    assert got.dtype == kind
    assert np.abs(got - want).max() < largest
    plain = np.array([gate(v) for v in t[::50]])
    assert np.abs(plain - want[::50]).max() < largest
    ends = np.array([math.nan, math.inf, -math.inf, 3e38, -3e38, 0.0], kind)
    np.testing.assert_allclose(mapped(gate)(ends), [math.nan, 0, 1, 0, 1, 0.5], atol=1e-38)


def test_sizes_of_the_policy_with_19_neurons() -> None:
    cell = LTC(inputs=2, wiring=AutoNCP(19, 4))
    assert (cell.units, cell.outputs, cell.state_size) == (19, 4, 19)
    assert cell.param_count == 3 * 19 + 4 * 19 * 19 + 4 * 2 * 19 + 2 * 2 + 2 * 4
    assert replace(cell, mixed_memory=True).state_size == 38
    assert LTC(inputs=2, units=5).outputs == 5


def test_state_dict_of_ncps_with_its_masks() -> None:
    cell, params = make({"wiring": "ncp"})
    masks = {"rnn_cell.sparsity_mask": np.abs(cell.built.adjacency)}
    np.testing.assert_array_equal(cell.pack({**params, **masks}).flat, params.flat)
    with pytest.raises(ValueError, match="sensory_sparsity_mask is not that of the wiring"):
        cell.pack({**params, "rnn_cell.sensory_sparsity_mask": np.ones((2, cell.units))})


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({}, "either a wiring or units must be given"),
        ({"wiring": WIRINGS["small"], "units": 4}, "units is 4, but the wiring has 5"),
        ({"units": 2, "solver": "heun"}, "solver is 'heun', but must be one of fused, euler, rk4, dopri5"),
        ({"units": 2, "input_mapping": "log"}, "input_mapping is 'log'"),
        ({"units": 2, "ode_unfolds": 0}, "ode_unfolds is 0"),
        ({"units": 2, "epsilon": 0.0}, "epsilon is 0.0, but must be positive"),
        ({"units": 2, "atol": 0.0}, "atol is 0.0, but must be positive"),
        ({"units": 2, "rtol": -1.0}, "rtol is -1.0"),
        ({"units": 2, "ode_unfolds": "6"}, "ode_unfolds is '6', but must be a number"),
        ({"units": 2, "epsilon": None}, "epsilon is None, but must be a number"),
    ],
)
def test_bad_configuration(config: dict[str, Any], message: str) -> None:
    with pytest.raises((ValueError, TypeError), match=message):
        LTC(inputs=1, **config)
