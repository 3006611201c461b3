"""`Stepper` is `Cell.step` for every cell, with and without a kernel of its own."""

import threading
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from liquid.cells import Cell, CfC, Stepper, make
from liquid.cells.base import Cell as Base
from tests.liquid.cells.test_contract import BATCH, INPUTS, LENGTH, VARIANTS, Sample, absurd


@pytest.fixture(params=VARIANTS)
def double(request: pytest.FixtureRequest) -> Cell:
    name, config = VARIANTS[request.param]
    return make(name, inputs=INPUTS, **config)


@pytest.fixture(params=["float64", "float32"])
def cell(request: pytest.FixtureRequest, double: Cell) -> Cell:
    return replace(double, dtype=request.param)


def in_general(cell: Cell, monkeypatch: pytest.MonkeyPatch) -> Stepper:
    """A stepper as for a cell that has no kernel for single samples."""
    with monkeypatch.context() as patch:
        patch.setattr(type(cell), "_single", Base._single)
        return Stepper(cell, cell.init(1))


@pytest.mark.parametrize("batch", [1, BATCH])
def test_is_step_bit_for_bit(cell: Cell, batch: int) -> None:
    s = Sample(cell)
    stepper, state = Stepper(cell, s.params, batch), s.state[:batch]
    stepper.state[:] = state
    for t in range(LENGTH):
        u, gap = s.x[:batch, t], s.gaps[:batch, t]
        want, state = cell.step(s.params, state, u, gap)
        y = stepper.step(u[0], float(gap[0])) if batch == 1 else stepper.step(u, gap)
        np.testing.assert_array_equal(y, want)
        np.testing.assert_array_equal(stepper.state, state)
        assert y.dtype == stepper.state.dtype == cell.dtype


def test_with_and_without_a_kernel(cell: Cell, monkeypatch: pytest.MonkeyPatch) -> None:
    s = Sample(cell)
    fast, general = Stepper(cell, s.params), in_general(cell, monkeypatch)
    for t in range(LENGTH):
        u, gap = s.x[0, t], float(s.gaps[0, t])
        np.testing.assert_array_equal(fast.step(u, gap), general.step(u, gap))
        np.testing.assert_array_equal(fast.state, general.state)


def test_any_real_numbers(cell: Cell) -> None:
    s = Sample(cell)
    want, _ = cell.step(s.params, cell.zero_state(), [[1, -2]], [3])
    strided, readonly = np.array([1, 0, -2], cell.dtype)[::2], np.array([1, -2], cell.dtype)
    readonly.flags.writeable = False
    stepper = Stepper(cell, s.params)
    inputs: list[Any] = [[1, -2], np.array([1, -2]), np.array([[1.0, -2.0]], cell.dtype), strided, readonly]
    gaps: list[Any] = [3, 3.0, np.float32(3), np.array(3), np.array([3]), [3.0]]
    for u in inputs:
        for gap in gaps:
            stepper.reset()
            np.testing.assert_array_equal(stepper.step(u, gap), want)


@pytest.mark.parametrize("general", [False, True])
def test_refuses_what_step_refuses_and_goes_on(cell: Cell, general: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    s = Sample(cell)
    stepper = in_general(cell, monkeypatch) if general else Stepper(cell, s.params)
    stepper.step(s.x[0, 0], 0.5)
    before = stepper.state.copy()
    u = s.x[0, 1]
    refusals: list[tuple[type[Exception], str, Any, Any]] = [
        (ValueError, r"u\[0, 0\] is nan", u * np.nan, 0.5),
        (ValueError, r"gaps\[0\] is -0.5, but must be at least 0", u, -0.5),
        (ValueError, r"gaps\[0\] is nan", u, np.nan),
        (ValueError, r"gaps\[0\] is inf", u, np.inf),
        (ValueError, r"u has shape \(3,\), but \(batch, inputs\) = \(1, 2\)", np.ones(3, cell.dtype), 0.5),
        (ValueError, r"gaps has shape \(2,\)", u, [0.5, 0.5]),
        (TypeError, "u is float16", u.astype(np.float16), 0.5),
        (TypeError, "u holds <U1", ["a", "b"], 0.5),
        (TypeError, "gaps holds object", u, None),
    ]
    for error, message, bad, gap in refusals:
        with pytest.raises(error, match=message):
            stepper.step(bad, gap)
        np.testing.assert_array_equal(stepper.state, before)
    want, _ = cell.step(s.params, before, u[None], [0.5])
    np.testing.assert_array_equal(stepper.step(u, 0.5), want)


@pytest.mark.parametrize("batch", [1, 2])
def test_overflow_is_an_error_and_leaves_the_state(cell: Cell, batch: int) -> None:
    params = cell.init(0)
    params.flat[:] = np.finfo(cell.dtype).max
    stepper = Stepper(cell, params, batch)
    with absurd(cell):
        for _ in range(2):
            before = stepper.state.copy()
            stepper.step(np.ones(INPUTS, cell.dtype), 1.0)
        return
    np.testing.assert_array_equal(stepper.state, before)


def test_a_bad_state_is_refused(cell: Cell) -> None:
    stepper = Stepper(cell, cell.init(0))
    stepper.state[0, 0] = np.nan
    with pytest.raises(ValueError, match=r"state\[0, 0\] is nan"):
        stepper.step(np.ones(INPUTS, cell.dtype), 1.0)


def test_reset_and_load(cell: Cell) -> None:
    s, other = Sample(cell), cell.init(7)
    stepper = Stepper(cell, s.params)
    first = stepper.step(s.x[0, 0], 0.5).copy()
    s.params.flat[:] = 0  # they were copied
    stepper.reset()
    np.testing.assert_array_equal(stepper.step(s.x[0, 0], 0.5), first)
    want, state = cell.step(other, stepper.state.copy(), s.x[:1, 1], [0.5])
    stepper.load(other)
    np.testing.assert_array_equal(stepper.step(s.x[0, 1], 0.5), want)
    np.testing.assert_array_equal(stepper.state, state)


def test_gap_too_large_for_single_precision() -> None:
    cell = CfC(inputs=1, units=2, dtype="float32")
    stepper = Stepper(cell, cell.init(0))
    with pytest.raises(ValueError, match=r"gaps\[0\] is 1e\+300, which is not a finite float32"):
        stepper.step(np.ones(1, np.float32), 1e300)


def test_batch_of_none() -> None:
    cell = CfC(inputs=1, units=2)
    with pytest.raises(ValueError, match="batch is 0"):
        Stepper(cell, cell.init(0), 0)


def test_both_types_at_once() -> None:
    """The kernel is compiled for one type after the other, and each stepper goes on in its own thread."""
    cells = [CfC(inputs=1, units=3, backbone_units=4, dtype=dtype) for dtype in ("float64", "float32")]
    ends: dict[str, np.ndarray] = {}

    def work(cell: Cell) -> None:
        stepper = Stepper(cell, cell.init(0))
        for _ in range(200):
            stepper.step(np.ones(1, cell.dtype), 0.5)
        ends[cell.dtype] = stepper.state.copy()

    threads = [threading.Thread(target=work, args=(cell,)) for cell in cells]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {name: end.dtype.name for name, end in ends.items()} == {"float64": "float64", "float32": "float32"}
    np.testing.assert_allclose(ends["float32"], ends["float64"], atol=1e-5)
