from pathlib import Path

import numpy as np
import pytest

from liquid.cells import CfC, LiquidS4
from tests.liquid import golden
from tests.liquid.golden import assert_close, joined, section, tolerance_of_gradients, tolerance_of_outputs


def cases(having: str = "y") -> pytest.MarkDecorator:
    return pytest.mark.parametrize("path", golden.case_files(having), ids=golden.name_of)


@cases()
def test_outputs_and_states(path: Path) -> None:
    case, cell = golden.load_case(path)
    params, first = cell.pack(section(case, "param")), joined(case, "h0", "c0")
    tolerance = tolerance_of_outputs(case)
    y, last = cell.run(params, case["x"], case["ts"], first)
    assert_close(y, case["y"], tolerance, "y")
    assert_close(last, joined(case, "hT", "cT"), tolerance, "last state")
    states = cell.states(params, case["x"], case["ts"], first)
    assert_close(states, joined(case, "h", "c"), tolerance, "states")


@cases()
def test_gradients(path: Path) -> None:
    case, cell = golden.load_case(path)
    params = cell.pack(section(case, "param"))
    tolerance = tolerance_of_gradients(case)
    back = cell.grad(params, case["x"], case["ts"], 2 * case["y"], joined(case, "h0", "c0"))
    for name, gradient in back.params.items():
        assert_close(gradient, case[f"grad/{name}"], tolerance, name)
    assert_close(back.x, case["grad/x"], tolerance, "x")
    assert_close(back.gaps, case["grad/ts"], tolerance, "ts")
    assert_close(back.state, joined(case, "grad/h0", "grad/c0"), tolerance, "first state")


@cases("grad1")
def test_gradients_of_single_steps(path: Path) -> None:
    """The state counts as given before each step: every sample is a sequence of its own."""
    case, cell = golden.load_case(path)
    expected = section(case, "grad1")
    before = np.concatenate([joined(case, "h0", "c0")[:, None], joined(case, "h", "c")[:, :-1]], axis=1)
    singles = [a.reshape(-1, 1, *a.shape[2:]) for a in (case["x"], case["ts"], 2 * case["y"])]
    params = cell.pack(section(case, "param"))
    back = cell.grad(params, *singles, before.reshape(-1, cell.state_size))
    for name, gradient in back.params.items():
        assert_close(gradient, expected[name], tolerance_of_gradients(case), name)


@cases("grad_t")
def test_gradients_of_each_steps_loss(path: Path) -> None:
    case, cell = golden.load_case(path)
    expected = section(case, "grad_t")
    params = cell.pack(section(case, "param"))
    for t in range(case["x"].shape[1]):
        dy = np.zeros_like(case["y"])
        dy[:, t] = 2 * case["y"][:, t]
        back = cell.grad(params, case["x"], case["ts"], dy, case["h0"])
        for name, gradient in back.params.items():
            assert_close(gradient, expected[name][t], tolerance_of_gradients(case), f"{name} at step {t}")


@cases("jac")
def test_jacobians(path: Path) -> None:
    case, cell = golden.load_case(path)
    params = cell.pack(section(case, "param"))
    before = np.concatenate([case["h0"][:, None], case["h"][:, :-1]], axis=1)
    for t in range(before.shape[1]):
        jacobian = cell.jacobian(params, before[:, t], case["x"][:, t], case["ts"][:, t])
        assert_close(jacobian, case["jac"][:, t], tolerance_of_outputs(case), f"step {t}")


def test_own_cases_are_there() -> None:
    kinds = {type(golden.load_case(path)[1]) for path in golden.HERE.glob("*.npz")}
    assert kinds == {CfC, LiquidS4}
