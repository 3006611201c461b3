import math

import numpy as np
import pytest

from liquid.cells import GRU, GRUD, Params
from liquid.cells._gru_d_kernels import MAX_ELAPSED
from tests.liquid.cells import twin
from tests.liquid.cells.twin_gru_d import gru_d

UNITS, MEAN = 4, [0.3, -0.2]
masked = pytest.mark.parametrize("masks", [0, 1, 2])


def example(masks: int, inputs: int = 4) -> tuple[GRUD, Params, np.ndarray, np.ndarray, np.ndarray]:
    """Masks of 0, 1 and between, rates on both sides of 0."""
    rng = np.random.default_rng(1)
    cell = GRUD(inputs=inputs, units=UNITS, masks=masks)
    params = cell.init(2)
    if masks:
        params["mean"][:] = MEAN[:masks]
    x, gaps = rng.normal(size=(2, 20, inputs)), rng.lognormal(size=(2, 20))
    if masks:
        x[:, :, -masks:] = rng.integers(0, 2, size=(2, 20, masks))
        x[0, 3, -1] = 0.4
    state = rng.normal(size=(2, cell.state_size))
    state[:, UNITS + masks :] = rng.uniform(0.1, 1, size=(2, masks))
    gaps[1, 4] = 0
    return cell, params, x, gaps, state


@masked
def test_equals_its_twin(masks: int) -> None:
    cell, params, x, gaps, state = example(masks)
    want, states = gru_d({"units": UNITS, "masks": masks}, params, x, gaps, state)
    np.testing.assert_allclose(cell.run(params, x, gaps, state)[0], want, rtol=0, atol=4e-15)
    np.testing.assert_allclose(cell.states(params, x, gaps, state), states, rtol=4e-15, atol=4e-15)


@masked
def test_gradients_are_the_slopes_of_the_twin(masks: int) -> None:
    cell, params, x, gaps, state = example(masks)
    x, gaps = x[:, :6], gaps[:, :6]
    gaps[1, 4] = 0.01
    sides = np.array([1.0, -1.0, 1.0, 1.0])  # a difference must not cross a rate of 0
    for name, side in (("decay_h.weight", sides[:, None]), ("decay_h.bias", sides)):
        params[name][:] = side * np.abs(params[name])
    if masks:
        params["decay_x.weight"][:], params["decay_x.bias"][:] = [0.3, -0.2][:masks], [0.1, -0.1][:masks]
        x[:, :, -masks:] = np.random.default_rng(3).uniform(0.1, 0.9, size=(2, 6, masks))
    rng = np.random.default_rng(2)
    dy, dstate = rng.normal(size=(*gaps.shape, UNITS)), rng.normal(size=state.shape)
    given = twin.extended({**params, "x": x, "gaps": gaps, "state": state})

    def loss(name: str, value: np.ndarray) -> np.ndarray:
        moved = {**given, name: value}
        y, states = gru_d({"units": UNITS, "masks": masks}, moved, moved["x"], moved["gaps"], moved["state"])
        return np.sum(y * dy) + np.sum(states[:, -1] * dstate)

    back = cell.grad(params, x, gaps, dy, state, dstate)
    for name, gradient in {**back.params, "x": back.x, "gaps": back.gaps, "state": back.state}.items():
        want = twin.slope(lambda v, name=name: loss(name, v), given[name]).astype(float)
        close = twin.DIFFERENCES * max(1.0, np.abs(want).max())
        np.testing.assert_allclose(gradient, want, rtol=0, atol=close, err_msg=name)


@pytest.mark.parametrize("value", [math.nan, math.inf, 1e300, -1e300, 5e-324])
def test_odd_input_means_what_it_means_in_numpy(value: float) -> None:
    """Also that a bad sample of one sequence does not reach the other."""
    cell, params, x, gaps, state = example(2)
    x[0, 5, 0] = value
    y = np.empty((*gaps.shape, UNITS))
    with np.errstate(all="ignore"):
        cell._forward(params.flat, x, gaps, state.copy(), y, np.empty((2, 0, cell.state_size)))
        want, _ = gru_d({"units": UNITS, "masks": 2}, params, x, gaps, state)
    np.testing.assert_allclose(y, want, rtol=1e-13, atol=1e-14)
    assert np.isfinite(y[1]).all()


def test_the_number_of_a_missing_value_means_nothing() -> None:
    cell, params, x, gaps, state = example(2)
    want, _ = cell.run(params, x, gaps, state)
    missing = x[:, :, 2:] == 0
    x[:, :, :2][missing] = 1e9
    np.testing.assert_array_equal(cell.run(params, x, gaps, state)[0], want)
    assert not cell.grad(params, x, gaps, want, state).x[:, :, :2][missing].any()


def test_the_state_holds_last_values_and_waits() -> None:
    cell = GRUD(inputs=4, units=1, masks=2)
    x = np.array([[[5.0, 7.0, 1, 1], [0, 8.0, 0, 1], [0, 0, 0, 0], [6.0, 0, 1, 0]]])
    states = cell.states(cell.init(0), x, [[1.0, 2.0, 4.0, 8.0]])
    np.testing.assert_array_equal(states[0, :, 1:3], [[5, 7], [5, 8], [5, 8], [6, 8]])
    np.testing.assert_array_equal(states[0, :, 3:], [[0, 0], [2, 0], [6, 4], [0, 12]])


def test_a_missing_value_fades_to_its_mean() -> None:
    """Seen by a unit whose only weight passes the value on to z's limit n = tanh(u)."""
    cell = GRUD(inputs=2, units=1, masks=1)
    params = cell.empty_params()
    params["weight_ih"][2, 0], params["bias_ih"][1] = 1.0, -50.0
    params["decay_x.weight"][0], params["mean"][0] = math.log(2), 0.25
    gaps = [1.0, 1.0, 1.0, 1e300]
    y, _ = cell.run(params, [[[1.0, 1.0], [9.0, 0.0], [9.0, 0.0], [9.0, 0.0]]], [gaps])
    np.testing.assert_allclose(np.arctanh(y[0, :, 0]), [1.0, 0.625, 0.4375, 0.25], rtol=1e-12)


def test_without_decay_and_masks_it_is_a_gru() -> None:
    cell, plain = GRUD(inputs=2, units=3), GRU(inputs=2, units=3, time_feature="none")
    params, rng = cell.init(0), np.random.default_rng(0)
    params["decay_h.weight"][:], params["decay_h.bias"][:] = 0, -1
    unit = {name: params[name] for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")}
    x, gaps = rng.normal(size=(2, 6, 2)), rng.lognormal(size=(2, 6))
    np.testing.assert_array_equal(cell.run(params, x, gaps)[0], plain.run(unit, x, gaps)[0])


def test_endless_waits_stay_finite() -> None:
    cell = GRUD(inputs=2, units=2, masks=1)
    x, gaps = np.zeros((1, 20, 2)), np.full((1, 20), 1e308)
    _, last = cell.run(cell.init(0), x, gaps)
    assert last[0, 3] == MAX_ELAPSED
    assert not cell.grad(cell.init(0), x, gaps, np.ones((1, 20, 2))).gaps.any()


@pytest.mark.parametrize("wait", [-1e308, 1e308])
def test_any_wait_in_a_state_does_no_harm(wait: float) -> None:
    cell = GRUD(inputs=4, units=2, masks=2)
    state = np.array([[0.1, 0.2, 1.0, -1.0, wait, -wait]])
    y, _ = cell.run(cell.init(0), np.zeros((1, 3, 4)), np.ones((1, 3)), state)
    assert (np.abs(y) <= 1).all()


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"units": 0}, "units is 0"),
        ({"masks": -1}, "masks is -1, but must be at least 0"),
        ({"masks": 2}, "masks is 2, but the 3 inputs are values and their masks"),
    ],
)
def test_bad_configuration(config: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        GRUD(**{"inputs": 3, "units": 2, **config})
