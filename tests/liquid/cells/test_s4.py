from typing import Any

import numpy as np
import pytest

from liquid.cells import S4, S4D, LiquidS4, Params
from tests.liquid.cells import twin
from tests.liquid.cells.twin_s4 import s4

RECURRENCES = pytest.mark.parametrize("recurrence", ["plain", "hadamard"])


def example(recurrence: str, modes: int = 3) -> tuple[S4, Params, np.ndarray, np.ndarray, np.ndarray]:
    """Every parameter off its starting value, P and B complex; a gap of 0, a tiny and a huge one."""
    rng = np.random.default_rng(1)
    cell = S4(inputs=2, modes=modes, recurrence=recurrence, dt_min=0.1, dt_max=0.5)
    params = cell.init(3)
    params.flat[:] += 0.2 * rng.normal(size=params.flat.shape)
    x = 0.5 * rng.normal(size=(2, 6, 2))
    gaps = rng.lognormal(-0.5, 0.6, size=(2, 6))
    gaps[1, 3], gaps[0, 1], gaps[0, 4] = 0.0, 1e-5, 300.0
    return cell, params, x, gaps, 0.5 * rng.normal(size=(2, cell.state_size))


@RECURRENCES
@pytest.mark.parametrize("modes", [1, 3, 12])
def test_equals_its_twin(recurrence: str, modes: int) -> None:
    """Full matrices in extended precision."""
    cell, params, x, gaps, state = example(recurrence, modes)
    want, states = s4({"recurrence": recurrence}, *(twin.extended(params), *map(twin.LONG, (x, gaps, state))))
    close = 4e-15 * max(1.0, float(np.abs(states).max()))
    np.testing.assert_allclose(cell.states(params, x, gaps, state), states.astype(float), rtol=0, atol=close)
    close = 4e-15 * max(1.0, float(np.abs(want).max()))
    np.testing.assert_allclose(cell.run(params, x, gaps, state)[0], want.astype(float), rtol=0, atol=close)


@RECURRENCES
def test_gradients_are_the_slopes_of_the_twin(recurrence: str) -> None:
    cell, params, x, gaps, state = example(recurrence, 2)
    x, gaps = x[:, 1:4], gaps[:, 1:4]
    rng = np.random.default_rng(2)
    dy, dstate = rng.normal(size=x.shape), rng.normal(size=state.shape)
    given = twin.extended({**params, "x": x, "gaps": gaps, "state": state})

    def loss(name: str, value: np.ndarray) -> np.ndarray:
        moved = {**given, name: value}
        y, states = s4({"recurrence": recurrence}, moved, moved["x"], moved["gaps"], moved["state"])
        return np.sum(y * dy) + np.sum(states[:, -1] * dstate)

    back = cell.grad(params, x, gaps, dy, state, dstate)
    found = {**back.params, "x": back.x, "gaps": back.gaps, "state": back.state}
    for name, gradient in found.items():
        want = twin.slope(lambda v, name=name: loss(name, v), given[name]).astype(float)
        close = 10 * twin.DIFFERENCES * max(1.0, np.abs(want).max())
        np.testing.assert_allclose(gradient, want, rtol=0, atol=close, err_msg=name)


def test_starts_as_legendre_memory() -> None:
    """A constant input u is u times the first Legendre polynomial: the coefficients are (u, 0, 0, ...).

    C = B reads their sum with the weights sqrt(2 k + 1), in the basis of the modes as in any other.
    """
    cell = S4(inputs=1, modes=16, dt_min=1.0, dt_max=1.0)
    params = cell.init(0)
    params["C_real"][:], params["C_imag"][:], params["D"][:] = params["B_real"], 0.0, 0.0
    y, _ = cell.run(params, np.full((1, 400, 1), 2.5), np.full((1, 400), 0.5))
    assert y[0, -1, 0] == pytest.approx(2.5, rel=1e-9)


def test_no_time_changes_nothing() -> None:
    cell, params, x, _, state = example("plain")
    _, after = cell.step(params, state, x[:, 0], [0.0, 0.0])
    np.testing.assert_allclose(after, state, rtol=1e-15)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_no_gap_lengthens_the_state(scale: float) -> None:
    """A + A* is negative definite for any P, and the bilinear rule keeps that."""
    cell, params, _, _, state = example("plain", 8)
    params["P_imag"][:] *= 10
    silent = np.zeros((2, 200, 2))
    gaps = scale * np.random.default_rng(0).exponential(size=(2, 200))
    sizes = np.linalg.norm(cell.states(params, silent, gaps, state).reshape(2, 200, 2, -1), axis=-1)
    assert (np.diff(sizes, axis=1) <= 1e-13).all()


def test_without_low_rank_it_is_s4d() -> None:
    cell, params, x, gaps, state = example("plain")
    params["P_real"][:], params["P_imag"][:] = 0.0, 0.0
    diagonal = S4D(inputs=2, modes=3, discretisation="bilinear")
    same = {name: value for name, value in params.items() if not name.startswith("P_")}
    for got, want in zip(cell.run(params, x, gaps, state), diagonal.run(same, x, gaps, state), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-13, atol=1e-14)


def test_s4d_is_the_plain_recurrence() -> None:
    _, _, x, gaps, _ = example("plain")
    s4d, cell = S4D(inputs=2, modes=4, measure="inv"), LiquidS4(inputs=2, modes=4, measure="inv", recurrence="plain")
    np.testing.assert_array_equal(s4d.run(s4d.init(5), x, gaps)[0], cell.run(cell.init(5), x, gaps)[0])
    assert s4d != cell  # another name, another configuration
    with pytest.raises(TypeError, match="recurrence"):
        S4D(inputs=2, recurrence="exact")  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"recurrence": "exact"}, "recurrence is 'exact', but must be one of plain, hadamard"),
        ({"modes": 0}, "modes is 0"),
        ({"dt_min": 2.0}, "dt_min, dt_max are 2.0, 0.1"),
    ],
)
def test_bad_configuration(config: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        S4(inputs=1, **config)
