from typing import Any

import numpy as np
import pytest

from liquid.cells import CELLS, CfC, LiquidS4, make
from liquid.training import structure
from liquid.training.structure import colours, everything, patterns, snap, split
from tests.liquid.cells.test_contract import INPUTS, VARIANTS


def names(cell: Any, rows: np.ndarray) -> dict[str, np.ndarray]:
    """A pattern over parameters as one for each name: (states, *shape)."""
    return {
        name: np.array([cell.views(row)[name] for row in rows.astype(float)]) > 0 for name in cell.views(rows[0] * 1.0)
    }


def test_heads_of_a_cfc_touch_one_state_and_its_backbone_all() -> None:
    cell = CfC(inputs=2, units=3, backbone_units=4, projection=2)
    across, touched = patterns(cell)
    assert across.all()
    by_name = names(cell, touched)
    for head in ("ff1", "ff2", "time_a", "time_b"):
        weight, bias = by_name[f"rnn_cell.{head}.weight"], by_name[f"rnn_cell.{head}.bias"]
        np.testing.assert_array_equal(weight, np.broadcast_to(np.eye(3, dtype=bool)[:, :, None], (3, 3, 4)))
        np.testing.assert_array_equal(bias, np.eye(3, dtype=bool))
    assert by_name["rnn_cell.backbone.0.weight"].all()
    assert not by_name["fc.weight"].any()
    found = snap(cell)
    assert found.traces == 3 * 4 * 5 + 3 * 4 * 6
    assert found.state_at.tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("name", "config", "passes", "probes"),
    [
        ("gru", {"units": 5}, 1, 5),
        ("cfc", {"units": 5, "backbone_layers": 0}, 1, 5),
        ("cfc", {"units": 5, "backbone_units": 3}, 5, None),
        ("lstm", {"units": 4}, 2, 5),
        ("s4d", {"modes": 4}, 8, None),
    ],
)
def test_as_few_backward_passes_as_there_can_be(name: str, config: dict[str, Any], passes: int, probes: int) -> None:
    """States of a channel of S4D share the time scale; the memory of an LSTM depends on itself and all outputs."""
    found = snap(make(name, inputs=2, **config))
    assert found.passes.max() + 1 == passes
    assert (None if found.jacobian_passes is None else found.jacobian_passes.max() + 1) == probes


def test_complex_modes_are_blocks() -> None:
    cell = make("s4d", inputs=2, modes=3)
    found = snap(cell)
    assert np.diff(found.state_at).tolist() == [2] * 6
    pairs = found.states.reshape(6, 2)
    np.testing.assert_array_equal(pairs[:, 1] - pairs[:, 0], 3)
    assert (found.param_at[-1], found.traces) == (6 * 5, 6 * 5 * 2)


@pytest.mark.parametrize("variant", VARIANTS)
def test_patterns_hold_for_other_numbers(variant: str) -> None:
    """Nothing outside of them, whatever parameters, samples and states."""
    name, config = VARIANTS[variant]
    cell = make(name, inputs=INPUTS, **config)
    across, touched = patterns(cell)
    rng = np.random.default_rng(3)
    x, gaps = rng.normal(size=(1, 9, INPUTS)), rng.exponential(size=(1, 9))
    params = cell.init(5)
    states = cell.states(params, x, gaps)
    for t in range(8):
        jacobian = cell.jacobian(params, states[:, t], x[:, t + 1], gaps[:, t + 1])[0]
        assert not jacobian[~across].any()
        for s in range(cell.state_size):
            direction = np.eye(cell.state_size)[s : s + 1]
            silent = np.zeros((1, 1, cell.outputs))
            back = cell.grad(params, x[:, t + 1 : t + 2], gaps[:, t + 1 : t + 2], silent, states[:, t], direction)
            assert not back.params.flat[~touched[s]].any()


def test_states_that_act_on_each_other() -> None:
    across = np.zeros((6, 6), bool)
    across[0, 1] = across[1, 0] = True  # a pair
    across[2, 0] = True  # only one way
    across[3, 4] = across[4, 5] = across[5, 3] = True  # more than a pair
    assert [block.tolist() for block in split(across)] == [[0, 1], [2], [3], [4], [5]]


def test_colours_differ_where_rows_meet() -> None:
    rng = np.random.default_rng(0)
    for share in (0.0, 0.1, 0.5, 1.0):
        meet = rng.random((20, 20)) < share
        meet &= ~np.eye(20, dtype=bool)
        found = colours(meet)
        assert all(found[a] != found[b] for a, b in np.argwhere(meet))
        assert found.max() < 20
        assert (found.max() == 0) == (share == 0.0)


def test_everything() -> None:
    cell = LiquidS4(inputs=2, modes=3)
    found = everything(cell)
    assert found.traces == cell.state_size * cell.param_count
    assert len(found.state_at) == 2


def test_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(structure, "LARGEST", 100)
    cell = CfC(inputs=1, units=3, backbone_units=7)
    with pytest.raises(ValueError, match=r"rtrl keeps states x parameters = 3 x 131 traces, more than 100: take a sma"):
        everything(cell)
    with pytest.raises(ValueError, match=r"snap1 keeps 201 traces, more than 100"):
        snap(cell)


def test_found_once() -> None:
    assert snap(CfC(inputs=1, units=2)) is snap(CfC(inputs=1, units=2))
    assert snap(CfC(inputs=1, units=2)) is not snap(CfC(inputs=1, units=2, dtype="float32"))
    assert "cfc" in CELLS
