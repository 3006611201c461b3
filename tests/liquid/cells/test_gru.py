"""GRU and LSTM against their twins, and what the time feature does. Against torch: `tests.peers.test_torch_cells`."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from liquid.cells import CELLS, GRU, LSTM, Cell
from tests.liquid.cells import twin_gru

TWINS: dict[type[Cell], Callable[..., tuple[np.ndarray, ...]]] = {GRU: twin_gru.gru, LSTM: twin_gru.lstm}
both = pytest.mark.parametrize("kind", [GRU, LSTM])


def pair(cell: Cell, config: dict[str, Any], x: np.ndarray, gaps: np.ndarray) -> tuple[np.ndarray, ...]:
    """Outputs and states of the kernel, unchecked, and of the twin."""
    params, state = cell.init(2), np.full((len(x), cell.state_size), 0.2)
    y, states = np.empty((*gaps.shape, cell.outputs)), np.empty((*gaps.shape, cell.state_size))
    with np.errstate(all="ignore"):
        cell._forward(params.flat, x, gaps, state.copy(), y, states)
        return y, states, *TWINS[type(cell)](config, params, x, gaps, state)


@both
@pytest.mark.parametrize("feature", ["append", "none"])
def test_equals_its_twin(kind: Any, feature: str) -> None:
    rng = np.random.default_rng(0)
    config = {"units": 5, "time_feature": feature}
    x, gaps = rng.normal(size=(2, 30, 3)), rng.lognormal(size=(2, 30))
    y, states, want, want_states = pair(kind(inputs=3, **config), config, x, gaps)
    np.testing.assert_allclose(y, want, rtol=0, atol=4e-15)
    np.testing.assert_allclose(states, want_states, rtol=0, atol=4e-15)


@both
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e300, -1e300, 5e-324])
def test_odd_input_means_what_it_means_in_numpy(kind: Any, value: float) -> None:
    """Also that a bad sample of one sequence does not reach the other."""
    x, gaps = np.full((2, 4, 2), 0.5), np.ones((2, 4))
    x[0, 1, 0] = value
    y, _, want, _ = pair(kind(inputs=2, units=3), {}, x, gaps)
    np.testing.assert_allclose(y, want, rtol=1e-13, atol=1e-14)
    assert np.isfinite(y[1]).all()


@both
@pytest.mark.parametrize("gap", [0.0, 5e-324, 1e300, math.inf, math.nan])
def test_odd_gaps(kind: Any, gap: float) -> None:
    y, _, want, _ = pair(kind(inputs=2, units=3), {}, np.full((1, 3, 2), 0.5), np.array([[1.0, gap, 1.0]]))
    np.testing.assert_allclose(y, want, rtol=1e-13, atol=1e-14)


@both
def test_without_the_feature_gaps_are_ignored(kind: Any) -> None:
    cell = kind(inputs=1, units=3, time_feature="none")
    params, x = cell.init(0), np.ones((1, 4, 1))
    y, _ = cell.run(params, x, np.ones((1, 4)))
    np.testing.assert_array_equal(cell.run(params, x, np.full((1, 4), 9.0))[0], y)
    assert not cell.grad(params, x, np.ones((1, 4)), y).gaps.any()


@both
def test_at_gap_0_the_feature_is_a_0_of_the_input(kind: Any) -> None:
    plain, timed = kind(inputs=2, units=3, time_feature="none"), kind(inputs=1, units=3)
    params, rng = plain.init(0), np.random.default_rng(0)
    x, gaps = rng.normal(size=(1, 5, 1)), np.zeros((1, 5))
    want, _ = plain.run(params, np.concatenate([x, 0 * x], axis=2), gaps)
    np.testing.assert_array_equal(timed.run(dict(params), x, gaps)[0], want)


@both
def test_initial_parameters_and_count(kind: Any) -> None:
    cell, gates = kind(inputs=2, units=16), 3 if kind is GRU else 4
    assert cell.param_count == gates * 16 * (3 + 16 + 2)
    flat = cell.init(0).flat
    assert np.abs(flat).max() <= 0.25
    assert np.abs(flat).max() > 0.24
    assert abs(flat.mean()) < 0.02


def test_outputs_of_a_gru_stay_within_1() -> None:
    cell = GRU(inputs=1, units=4)
    params = cell.init(0)
    params.flat[:] *= 100
    rng = np.random.default_rng(0)
    y, _ = cell.run(params, 1e6 * rng.normal(size=(1, 200, 1)), rng.lognormal(sigma=9, size=(1, 200)))
    assert np.abs(y).max() <= 1


@pytest.mark.parametrize("name", ["gru", "lstm"])
def test_bad_configuration(name: str) -> None:
    with pytest.raises(ValueError, match="units is 0, but must be at least 1"):
        CELLS[name](inputs=1, units=0)  # type: ignore[call-arg]
    with pytest.raises(ValueError, match="time_feature is 'clock', but must be one of append, none"):
        CELLS[name](inputs=1, units=2, time_feature="clock")  # type: ignore[call-arg]
