from pathlib import Path

import numpy as np
import pytest

from liquid.cells import Cell, CfC
from tests.liquid import golden
from tests.liquid.golden import Case, assert_close, joined, section, tolerance_of_gradients, tolerance_of_outputs

FILES = golden.case_files()


@pytest.fixture(params=FILES, ids=[f"{path.parent.name}/{path.stem}" for path in FILES])
def case(request: pytest.FixtureRequest) -> Case:
    path: Path = request.param
    return golden.load(path)


@pytest.fixture
def cell(case: Case) -> Cell:
    return golden.cell_of(case["config"])


def test_outputs_and_states(case: Case, cell: Cell) -> None:
    params, first = cell.pack(section(case, "param")), joined(case, "h0", "c0")
    tolerance = tolerance_of_outputs(case)
    y, last = cell.run(params, case["x"], case["ts"], first)
    assert_close(y, case["y"], tolerance, "y")
    assert_close(last, joined(case, "hT", "cT"), tolerance, "last state")
    states = cell.states(params, case["x"], case["ts"], first)
    assert_close(states, joined(case, "h", "c"), tolerance, "states")


def test_gradients(case: Case, cell: Cell) -> None:
    params = cell.pack(section(case, "param"))
    tolerance = tolerance_of_gradients(case)
    back = cell.grad(params, case["x"], case["ts"], 2 * case["y"], joined(case, "h0", "c0"))
    for name, gradient in back.params.items():
        assert_close(gradient, case[f"grad/{name}"], tolerance, name)
    assert_close(back.x, case["grad/x"], tolerance, "x")
    assert_close(back.gaps, case["grad/ts"], tolerance, "ts")
    assert_close(back.state, joined(case, "grad/h0", "grad/c0"), tolerance, "first state")


def test_gradients_of_single_steps(case: Case, cell: Cell) -> None:
    """The state counts as given before each step: every sample is a sequence of its own."""
    if not (expected := section(case, "grad1")):
        pytest.skip("the case has none")
    before = np.concatenate([joined(case, "h0", "c0")[:, None], joined(case, "h", "c")[:, :-1]], axis=1)
    singles = [a.reshape(-1, 1, *a.shape[2:]) for a in (case["x"], case["ts"], 2 * case["y"])]
    params = cell.pack(section(case, "param"))
    back = cell.grad(params, *singles, before.reshape(-1, cell.state_size))
    for name, gradient in back.params.items():
        assert_close(gradient, expected[name], tolerance_of_gradients(case), name)


def test_gradients_of_each_steps_loss(case: Case, cell: Cell) -> None:
    if not (expected := section(case, "grad_t")):
        pytest.skip("the case has none")
    params = cell.pack(section(case, "param"))
    for t in range(case["x"].shape[1]):
        dy = np.zeros_like(case["y"])
        dy[:, t] = 2 * case["y"][:, t]
        back = cell.grad(params, case["x"], case["ts"], dy, case["h0"])
        for name, gradient in back.params.items():
            assert_close(gradient, expected[name][t], tolerance_of_gradients(case), f"{name} at step {t}")


def test_jacobians(case: Case, cell: Cell) -> None:
    if "jac" not in case:
        pytest.skip("the case has none")
    params = cell.pack(section(case, "param"))
    before = np.concatenate([case["h0"][:, None], case["h"][:, :-1]], axis=1)
    for t in range(before.shape[1]):
        jacobian = cell.jacobian(params, before[:, t], case["x"][:, t], case["ts"][:, t])
        assert_close(jacobian, case["jac"][:, t], tolerance_of_outputs(case), f"step {t}")


def test_own_cases_are_there() -> None:
    kinds = {type(golden.cell_of(golden.load(path)["config"])) for path in golden.HERE.glob("*.npz")}
    assert len(kinds) == 2
    assert CfC in kinds
