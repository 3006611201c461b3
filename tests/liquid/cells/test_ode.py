"""Neural ODE, ODE-RNN and GRU-ODE: against their twins, and what holds for their solvers."""

import math
from typing import Any

import numpy as np
import pytest

from liquid.cells import GRU, GRUODE, ODERNN, NeuralODE, Params
from liquid.cells._activations import ACTIVATIONS
from liquid.cells.ode import ODECell
from tests.liquid.cells import twin, twin_ode

TWINS: dict[type[ODECell], Any] = {NeuralODE: twin_ode.neural_ode, ODERNN: twin_ode.ode_rnn, GRUODE: twin_ode.gru_ode}
each = pytest.mark.parametrize("kind", TWINS)
solvers = pytest.mark.parametrize("solver", ["rk4", "euler"])
CONFIGS: list[tuple[type[ODECell], dict[str, Any]]] = [
    *(
        (kind, {"solver": solver, "unfolds": unfolds})
        for kind in TWINS
        for solver, unfolds in (("rk4", 3), ("euler", 1))
    ),
    *((NeuralODE, {"activation": name, "hidden_units": 5}) for name in ACTIVATIONS),
    *((kind, {"hidden_units": 3, "hidden_layers": 3}) for kind in (NeuralODE, ODERNN)),
    *((kind, {"max_gap": 0.7}) for kind in TWINS),
]


def label(value: Any) -> str:
    return "-".join(str(v) for v in value.values()) if isinstance(value, dict) else value.__name__


def example(kind: type[ODECell], config: dict[str, Any], length: int) -> tuple[Any, Params, np.ndarray, ...]:
    cell, rng = kind(inputs=2, units=4, **config), np.random.default_rng(1)
    params = cell.init(2)
    x, gaps = rng.normal(size=(2, length, 2)), rng.lognormal(size=(2, length))
    gaps[0, 2], gaps[1, 1] = 0.01, 12.0
    return cell, params, x, gaps, rng.uniform(-1, 1, size=(2, 4))


@pytest.mark.parametrize(("kind", "config"), CONFIGS, ids=label)
def test_equals_its_twin(kind: type[ODECell], config: dict[str, Any]) -> None:
    cell, params, x, gaps, state = example(kind, config, 20)
    y, _ = cell.run(params, x, gaps, state)
    want, _ = TWINS[kind](config, twin.extended(params), *map(twin.LONG, (x, gaps, state)))
    np.testing.assert_allclose(y, want.astype(float), rtol=4e-15, atol=4e-15)


@pytest.mark.parametrize(("kind", "config"), [c for c in CONFIGS if "activation" not in c[1]], ids=label)
def test_gradients_are_the_slopes_of_the_twin(kind: type[ODECell], config: dict[str, Any]) -> None:
    cell, params, x, gaps, state = example(kind, {"hidden_units": 2, **config} if kind is not GRUODE else config, 3)
    x, gaps, state, rng = x[1:], gaps[1:], state[1:], np.random.default_rng(2)
    dy, dstate = rng.normal(size=(1, 3, 4)), rng.normal(size=state.shape)
    given = twin.extended({**params, "x": x, "gaps": gaps, "state": state})

    def loss(name: str, value: np.ndarray) -> np.ndarray:
        moved = {**given, name: value}
        y, states = TWINS[kind](config, moved, moved["x"], moved["gaps"], moved["state"])
        return np.sum(y * dy) + np.sum(states[:, -1] * dstate)

    back = cell.grad(params, x, gaps, dy, state, dstate)
    for name, gradient in {**back.params, "x": back.x, "gaps": back.gaps, "state": back.state}.items():
        want = twin.slope(lambda v, name=name: loss(name, v), given[name]).astype(float)
        close = twin.DIFFERENCES * max(1.0, np.abs(want).max())
        np.testing.assert_allclose(gradient, want, rtol=0, atol=close, err_msg=name)


@each
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e300, 5e-324])
def test_odd_input_means_what_it_means_in_numpy(kind: type[ODECell], value: float) -> None:
    """Also that a bad sample of one sequence does not reach the other."""
    cell, params, x, gaps, state = example(kind, {}, 6)
    x[0, 3, 0] = value
    y = np.empty((2, 6, 4))
    with np.errstate(all="ignore"):
        cell._forward(params.flat, x, gaps, state.copy(), y, np.empty((2, 0, 4)))
        want, _ = TWINS[kind]({}, params, x, gaps, state)
    np.testing.assert_allclose(y, want, rtol=1e-12, atol=1e-13)
    assert np.isfinite(y[1]).all()


@each
def test_gaps_beyond_the_longest_count_as_it(kind: type[ODECell]) -> None:
    cell, params, x, gaps, state = example(kind, {"max_gap": 2.0}, 5)
    y, _ = cell.run(params, x, gaps, state)
    np.testing.assert_array_equal(cell.run(params, x, np.minimum(gaps, 2), state)[0], y)
    back = cell.grad(params, x, gaps, y, state)
    np.testing.assert_array_equal(back.gaps == 0, gaps > 2)


@solvers
def test_order_of_the_solver(solver: str) -> None:
    """Half the step, a 16th (Euler: half) of the error."""
    rng = np.random.default_rng(0)
    x, gaps, state = rng.normal(size=(1, 1, 2)), np.full((1, 1), 2.0), rng.normal(size=(1, 4))
    for kind in TWINS:
        ends = []
        for unfolds in (8, 16, 512):
            cell = kind(inputs=2, units=4, solver=solver if unfolds < 512 else "rk4", unfolds=unfolds)
            ends.append(cell.run(cell.init(1), x, gaps, state)[1])
        coarse, fine = (np.abs(end - ends[2]).max() for end in ends[:2])
        assert coarse / fine == pytest.approx(16 if solver == "rk4" else 2, rel=0.2)


def test_no_gap_no_motion() -> None:
    cell, params, x, gaps, state = example(NeuralODE, {}, 5)
    np.testing.assert_array_equal(cell.run(params, x, 0 * gaps, state)[1], state)


def test_at_gap_0_an_ode_rnn_is_a_gru() -> None:
    plain = GRU(inputs=2, units=4, time_feature="none")
    for kind in (ODERNN, GRUODE):
        cell, params, x, gaps, state = example(kind, {}, 5)
        unit = {name.removeprefix("gru."): value for name, value in params.items() if name.startswith("gru.")}
        np.testing.assert_array_equal(cell.run(params, x, 0 * gaps, state)[0], plain.run(unit, x, gaps, state)[0])


@solvers
def test_a_neural_ode_moves_at_most_by_the_gap(solver: str) -> None:
    cell, params, x, gaps, state = example(NeuralODE, {"solver": solver}, 40)
    params.flat[:] *= 1e3
    states = cell.states(params, x, gaps, state)
    moved = np.abs(np.diff(states, axis=1, prepend=state[:, None])).max(axis=2)
    assert (moved <= np.minimum(gaps, 10) + 1e-12).all()
    assert (moved > 0.9 * np.minimum(gaps, 10)).any()


@solvers
@pytest.mark.parametrize("seed", range(5))
def test_a_gru_ode_stays_within_1(solver: str, seed: int) -> None:
    """The longest steps, the fastest flow (z = 0 of half the units) and an update that throws the state about."""
    cell = GRUODE(inputs=1, units=6, solver=solver)
    params, rng = cell.init(seed), np.random.default_rng(seed)
    params.flat[:] *= 30
    params["field.bias_ih"][6:9] = -100
    y, _ = cell.run(params, rng.normal(size=(1, 300, 1)), np.full((1, 300), 4.0), rng.uniform(-1, 1, (1, 6)))
    assert np.abs(y).max() <= 1 + 1e-14
    assert np.abs(np.diff(y, axis=1)).max() > 1.5


def test_initial_parameters() -> None:
    """Uniform between bounds which the largest of them come near."""
    bounds: dict[ODECell, dict[str, float]] = {
        NeuralODE(inputs=9, units=16, hidden_units=36): {"field.0": 1 / 5, "field.1": 1 / 6},
        ODERNN(inputs=3, units=16, hidden_units=36): {"field.0": 1 / 4, "field.1": 1 / 6, "gru": 1 / 4},
        GRUODE(inputs=3, units=16): {"field": 1 / 4, "gru": 1 / 4},
    }
    for cell, named in bounds.items():
        for name, view in cell.init(0).items():
            bound = named[name.rpartition(".")[0]]
            assert 0.7 * bound < np.abs(view).max() <= bound


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"units": 0}, "units is 0"),
        ({"solver": "heun"}, "solver is 'heun', but must be one of rk4, euler"),
        ({"unfolds": 0}, "unfolds is 0, but must be at least 1"),
        ({"max_gap": 0.0}, "max_gap is 0.0, but must be positive and finite"),
        ({"max_gap": math.inf}, "max_gap is inf"),
        ({"hidden_layers": 0}, "hidden_layers is 0"),
        ({"hidden_units": 0}, "hidden_units is 0"),
        ({"activation": "mish"}, "activation is 'mish', but must be one of lecun_tanh"),
    ],
)
def test_bad_configuration(config: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        NeuralODE(**{"inputs": 1, "units": 2, **config})
