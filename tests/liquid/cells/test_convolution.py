from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from liquid.cells import S4, S4D, Gradients, LiquidS4, Params
from liquid.cells.convolution import StateSpace, convolve, convolve_grad, discretise, kernel

CELLS: dict[str, StateSpace] = {
    "s4d": S4D(inputs=2, modes=5, dt_min=0.01),
    "s4d bilinear": S4D(inputs=2, modes=4, measure="legsd", discretisation="bilinear"),
    "s4d real": S4D(inputs=2, modes=3, measure="real"),
    "s4": S4(inputs=2, modes=4),
    "liquid_s4": LiquidS4(inputs=2, modes=2, recurrence="plain", dt_min=0.1),
}
GAP = 0.7


@pytest.fixture(params=CELLS)
def cell(request: pytest.FixtureRequest) -> StateSpace:
    return CELLS[request.param]


def example(cell: StateSpace, length: int) -> tuple[Params, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(length)
    params = cell.init(1)
    params.flat[:] += 0.05 * rng.normal(size=params.flat.shape)
    x, dy = rng.normal(size=(2, 3, length, cell.inputs))
    return params, x, np.full(x.shape[:2], GAP), dy


def assert_near(got: np.ndarray, want: np.ndarray, what: str, close: float = 1e-12) -> None:
    np.testing.assert_allclose(got, want, rtol=0, atol=close * max(1.0, np.abs(want).max()), err_msg=what)


@pytest.mark.parametrize("length", [1, 2, 3, 64, 777])
def test_equals_the_recurrence(cell: StateSpace, length: int) -> None:
    params, x, gaps, _ = example(cell, length)
    assert_near(convolve(cell, params, x, GAP), cell.run(params, x, gaps)[0], "y")


@pytest.mark.parametrize("length", [1, 2, 3, 64, 777])
def test_gradients_equal_those_of_the_recurrence(cell: StateSpace, length: int) -> None:
    params, x, gaps, dy = example(cell, length)
    want: Gradients = cell.grad(params, x, gaps, dy)
    dparams, dx = convolve_grad(cell, params, x, GAP, dy)
    assert_near(dx, want.x, "x")
    for name, gradient in dparams.items():
        assert_near(gradient, want.params[name], name)


def test_kernel_is_the_impulse_response(cell: StateSpace) -> None:
    params, *_ = example(cell, 1)
    impulse = np.zeros((1, 100, 2))
    impulse[0, 0] = 1.0
    y, _ = cell.run(params, impulse, np.full((1, 100), GAP))
    y[0, 0] -= params["D"]
    assert_near(kernel(cell, params, 100, GAP), y[0].T, "kernel", 1e-14)


def test_kernel_of_s4d_is_its_vandermonde_product() -> None:
    """2 Re sum C b a^l, formula by formula (arXiv 2206.11893, section 3.1)."""
    cell = CELLS["s4d"]
    params, *_ = example(cell, 1)
    lam = -np.exp(params["log_A_real"]) + 1j * params["A_imag"]
    b, c = (params[f"{name}_real"] + 1j * params[f"{name}_imag"] for name in "BC")
    z = lam * GAP * np.exp(params["log_dt"])[:, None]
    want = 2 * np.einsum("cn,cnl->cl", c * np.expm1(z) / lam * b, np.exp(z[..., None] * np.arange(50))).real
    assert_near(kernel(cell, params, 50, GAP), want, "kernel", 1e-14)


def test_steps_of_a_hadamard_recurrence_are_its_linear_part() -> None:
    cell = LiquidS4(inputs=2, modes=3, recurrence="hadamard")
    params = cell.init(0)
    plain = replace(cell, recurrence="plain")
    for got, want in zip(discretise(cell, params, GAP), discretise(plain, dict(params), GAP), strict=True):
        np.testing.assert_array_equal(got, want)


def test_causal(cell: StateSpace) -> None:
    """To rounding: a Fourier transform spreads it over the sequence."""
    params, x, *_ = example(cell, 50)
    y = convolve(cell, params, x, GAP)
    x[:, -1] += 1.0
    changed = convolve(cell, params, x, GAP)
    assert_near(changed[:, :-1], y[:, :-1], "earlier outputs", 1e-14)
    assert (np.abs(changed[:, -1] - y[:, -1]) > 1e-3).all()


def test_single_precision(cell: StateSpace) -> None:
    single = replace(cell, dtype="float32")
    params, x, gaps, dy = example(cell, 30)
    low = single.pack(params)
    y, (dparams, dx) = convolve(single, low, x, GAP), convolve_grad(single, low, x, GAP, dy)
    assert {a.dtype for a in (y, dx, dparams.flat)} == {np.dtype("float32")}
    assert dparams.owner == single
    assert_near(y, cell.run(params, x, gaps)[0], "y", 1e-5)


@pytest.mark.parametrize("gap", [0.0, 1e-30, 1e3, 1e300])
def test_any_gap(cell: StateSpace, gap: float) -> None:
    params, x, gaps, _ = example(cell, 20)
    gaps[:] = gap
    assert_near(convolve(cell, params, x, gap), cell.run(params, x, gaps)[0], "y", 1e-11)


def test_refusals() -> None:
    cell = CELLS["s4"]
    params, x, _, dy = example(cell, 4)
    refusals: list[tuple[str, dict[str, Any]]] = [
        ("gap.* is -1", {"gap": -1.0}),
        ("gap.* is nan", {"gap": np.nan}),
        ("x has shape", {"x": x[..., :1]}),
        (r"x\[0, 0, 0\] is inf", {"x": x + np.inf}),
    ]
    for message, wrong in refusals:
        with pytest.raises(ValueError, match=message):
            convolve(cell, params, **{"x": x, "gap": 1.0, **wrong})
    with pytest.raises(ValueError, match="dy has shape"):
        convolve_grad(cell, params, x, 1.0, dy[:, :2])
    with pytest.raises(ValueError, match="length is 0"):
        kernel(cell, params, 0, 1.0)
    single = replace(cell, dtype="float32")
    with pytest.raises(ValueError, match="not a finite float32"):
        convolve(single, dict(params), 1e300 * x, 1.0)
    params["C_real"][:] = 1e30
    with pytest.raises(FloatingPointError, match="convolve overflowed float32"):
        convolve(single, dict(params), 1e30 * x, 1.0)
    with pytest.raises(FloatingPointError, match="convolve_grad overflowed float32"):
        convolve_grad(single, dict(params), 1e30 * x, 1.0, dy)


@pytest.mark.parametrize("recurrence", ["exact", "hadamard"])
def test_a_liquid_recurrence_has_no_kernel(recurrence: str) -> None:
    cell = LiquidS4(inputs=1, recurrence=recurrence)
    with pytest.raises(ValueError, match=f"the {recurrence} recurrence is not linear in the input"):
        kernel(cell, cell.init(0), 8, 1.0)
    if recurrence == "exact":
        with pytest.raises(ValueError, match="no step matrices"):
            discretise(cell, cell.init(0), 1.0)
