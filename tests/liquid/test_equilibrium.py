import doctest
from pathlib import Path

import numpy as np
import pytest

import liquid.equilibrium
from liquid.cells import make
from liquid.cells.base import Recurrent
from liquid.equilibrium import TOLERANCE, Equilibrium
from liquid.training import Network, Sequences, fit, load_model, save_model
from liquid.wirings import FullyConnected
from tests.liquid.cells.test_contract import difference

CELLS: dict[str, Recurrent] = {
    "cfc": make("cfc", inputs=2, units=3, backbone_units=4),
    "mixed": make("cfc", inputs=2, units=2, backbone_layers=0, mixed_memory=True),
    "gru": make("gru", inputs=2, units=3),
    "s4": make("liquid_s4", inputs=2, modes=2, recurrence="plain", dt_min=0.1, dt_max=1.0),
    "network": Network(cell=make("cfc", inputs=2, units=3, mode="pure", backbone_units=4), outputs=2),
}


def case(name: str, scale: float = 1.0) -> tuple[Equilibrium, dict[str, np.ndarray], np.ndarray]:
    static = Equilibrium(inner=CELLS[name])
    params = static.init(3)
    params.flat *= scale
    return static, params, np.random.default_rng(1).normal(size=(5, 2))


def test_documented_example() -> None:
    assert doctest.testmod(liquid.equilibrium).failed == 0


@pytest.mark.parametrize("name", CELLS)
def test_the_state_rests_where_many_steps_lead(name: str) -> None:
    static, params, u = case(name)
    found = static.solve(params, u)
    assert found.converged.all()
    assert (found.residual <= TOLERANCE["float64"]).all()
    state = static.inner.zero_state(5)
    for _ in range(3000):
        y, state = static.inner.step(dict(params), state, u, np.ones(5))
    assert (found.radius < 1).all()
    np.testing.assert_allclose(found.state, state, atol=1e-7)
    np.testing.assert_allclose(found.y, y, atol=1e-7)


def test_slow_and_wild_cells_need_continuation() -> None:
    """Modes that decay by 1e-4 a step, and a loop with a gain far above 1, which plain steps leave."""
    slow = Equilibrium(inner=make("liquid_s4", inputs=1, modes=2, dt_min=1e-4, dt_max=1e-4))
    found = slow.solve(slow.init(0), [[0.5]])
    assert found.converged.all()
    assert found.radius[0] > 0.9999

    static, params, u = case("cfc", scale=6.0)
    found = static.solve(params, u)
    assert (found.converged == (found.residual <= TOLERANCE["float64"])).all()
    assert np.isfinite(found.state).all()
    assert found.converged.any()
    rested = found.state[found.converged]
    _, after = static.inner.step(dict(params), rested, u[found.converged], np.ones(len(rested)))
    np.testing.assert_allclose(after, rested, rtol=1e-8, atol=1e-8)


def test_a_state_of_balance_is_found_where_plain_steps_never_rest() -> None:
    static = Equilibrium(inner=make("cfc", inputs=4, units=16, backbone_layers=0))
    params = static.init(1)
    params.flat *= 3
    found = static.solve(params, np.random.default_rng(0).normal(size=(50, 4)))
    assert (found.radius > 1).mean() > 0.8
    assert found.converged.mean() > 0.8


def test_the_radius_may_be_left_out() -> None:
    static, params, u = case("gru")
    fast = static.solve(params, u, radius=False)
    assert np.isnan(fast.radius).all()
    np.testing.assert_array_equal(fast.state, static.solve(params, u).state)


def test_an_optimiser_is_kept_within_the_cells_bounds() -> None:
    cell = make("ltc", inputs=2, wiring=FullyConnected(3, 3), implicit_param_constraints=False)
    static = Equilibrium(inner=Network(cell=cell, outputs=1))
    params = static.init(0)
    params.flat -= 10
    wanted = static.inner.pack(dict(params))
    static.inner.constrain(wanted)
    before = params.flat.copy()
    static.constrain(params)
    assert (params.flat != before).any()
    np.testing.assert_array_equal(params.flat, wanted.flat)


def test_what_does_not_rest_is_said() -> None:
    hasty = Equilibrium(inner=CELLS["gru"], most_steps=2)
    found = hasty.solve(hasty.init(0), np.ones((2, 2)))
    assert not found.converged.any()
    assert (found.steps == 2).all()
    assert (found.residual > TOLERANCE["float64"]).all()


@pytest.mark.parametrize("name", CELLS)
def test_gradients_are_the_slopes(name: str) -> None:
    static, params, u = case(name)
    gaps = np.random.default_rng(2).uniform(0.5, 2, size=(5, 1))
    weights = np.random.default_rng(3).normal(size=(5, 1, static.outputs))
    x = u[:, None].copy()

    def loss() -> float:
        return float(np.sum(static.run(params, x, gaps)[0] * weights))

    back = static.grad(params, x, gaps, weights)
    for given, gradient in ((params.flat, back.params.flat), (x, back.x), (gaps, back.gaps)):
        slopes = [difference(loss, given, i) for i in np.ndindex(given.shape)]
        np.testing.assert_allclose(gradient.ravel(), slopes, rtol=1e-6, atol=1e-6)


def test_single_precision() -> None:
    static = Equilibrium(inner=make("cfc", inputs=2, units=3, backbone_units=4, dtype="float32"))
    found = static.solve(static.init(0), np.ones((2, 2)))
    assert found.y.dtype == np.float32
    assert found.converged.all()


def test_it_trains_and_is_saved(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 1, 2))
    data = Sequences(x, np.ones((60, 1)), (x[:, 0, :1] * x[:, 0, 1:]), last=True)
    static = Equilibrium(inner=Network(cell=make("cfc", inputs=2, units=8, backbone_layers=0), outputs=1))
    fitted = fit(static, static.init(0), data, epochs=60, progress=False)
    assert fitted.history["loss"][-1] < 0.5 * fitted.history["loss"][0]
    save_model(tmp_path / "model.npz", fitted.params)
    again, params = load_model(tmp_path / "model.npz")
    assert again == static
    np.testing.assert_array_equal(params.flat, fitted.params.flat)


def test_bad_input() -> None:
    static = Equilibrium(inner=CELLS["cfc"])
    with pytest.raises(ValueError, match="u has shape"):
        static.solve(static.init(0), np.ones((2, 3)))
    with pytest.raises(ValueError, match=r"gaps\[0\] is -1"):
        static.solve(static.init(0), np.ones((1, 2)), [-1.0])
    with pytest.raises(ValueError, match="most_steps is 0"):
        Equilibrium(inner=CELLS["cfc"], most_steps=0)
