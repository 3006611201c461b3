from dataclasses import replace
from itertools import combinations, product

import numpy as np
import pytest

from liquid.cells import LiquidS4, Params
from liquid.cells.convolution import discretise
from liquid.cells.scan import polynomial, run_scan, scan

CELLS = [
    LiquidS4(inputs=2, modes=3, recurrence=r, discretisation=d, measure=m, dt_min=0.05, dt_max=0.5)
    for (r, d), m in product(
        [("exact", "zoh"), ("hadamard", "zoh"), ("hadamard", "bilinear"), ("plain", "zoh")], ("lin", "real")
    )
]
LIQUID = LiquidS4(inputs=2, modes=3, recurrence="hadamard", dt_min=0.05, dt_max=0.5)


def example(cell: LiquidS4, length: int) -> tuple[Params, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(length)
    params = cell.init(1)
    x = rng.uniform(-1, 1, size=(2, length, cell.inputs))
    return params, x, rng.exponential(size=(2, length)), 0.5 * rng.normal(size=(2, cell.state_size))


@pytest.mark.parametrize("length", [1, 2, 3, 30, 400])
def test_scan_is_the_recurrence(length: int) -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 2, length, 3))
    a /= np.maximum(1, np.abs(a))
    x = first = rng.normal(size=(2, 3))
    states = scan(a, b, first)
    for k in range(length):
        x = a[:, k] * x + b[:, k]
        np.testing.assert_allclose(states[:, k], x, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("cell", CELLS, ids=lambda c: f"{c.recurrence}-{c.discretisation}-{c.measure}")
@pytest.mark.parametrize("length", [1, 2, 300])
def test_a_run_by_scan_is_the_run(cell: LiquidS4, length: int) -> None:
    params, x, gaps, state = example(cell, length)
    for got, want in zip(run_scan(cell, params, x, gaps, state), cell.run(params, x, gaps, state), strict=True):
        np.testing.assert_allclose(got, want, rtol=0, atol=1e-13 * max(1.0, np.abs(want).max()))


@pytest.mark.parametrize("discretisation", ["zoh", "bilinear"])
@pytest.mark.parametrize("degree", [1, 2, 3, 5])
def test_polynomial_is_the_sum_over_products_of_inputs(discretisation: str, degree: int) -> None:
    """Term by term: a^(k - i1 + 1 - p) b^p u_i1 ... u_ip for i1 < ... < ip <= k, at equal gaps."""
    cell = replace(LIQUID, discretisation=discretisation)
    params, x, gaps, _ = example(cell, 7)
    gaps[:] = 0.8
    a, b, c = discretise(cell, params, 0.8)
    want = np.zeros_like(x)
    for k in range(7):
        for p in range(1, min(degree, k + 1) + 1):
            for chosen in combinations(range(k + 1), p):
                weight = (c * a ** (k - chosen[0] + 1 - p) * b**p).sum(1).real
                want[:, k] += weight * np.prod(x[:, chosen], axis=1)
        want[:, k] += params["D"] * x[:, k]
    np.testing.assert_allclose(polynomial(cell, params, x, gaps, degree), want, rtol=0, atol=1e-13)


@pytest.mark.parametrize("measure", ["lin", "real"])
def test_polynomial_approaches_the_recurrence_and_reaches_it(measure: str) -> None:
    cell = replace(LIQUID, measure=measure)
    params, x, gaps, _ = example(cell, 40)
    y, _ = cell.run(params, x, gaps)
    errors = [np.abs(polynomial(cell, params, x, gaps, degree) - y).max() for degree in (1, 2, 3, 4, 6, 9)]
    assert errors[0] > 0.05
    assert (np.diff(np.log(errors)) < -0.5).all()
    for degree in (40, 1000):
        np.testing.assert_allclose(polynomial(cell, params, x, gaps, degree), y, rtol=0, atol=1e-13)


def test_of_degree_one_it_is_the_plain_recurrence() -> None:
    params, x, gaps, _ = example(LIQUID, 50)
    plain = replace(LIQUID, recurrence="plain")
    want, _ = plain.run(dict(params), x, gaps)
    np.testing.assert_allclose(polynomial(LIQUID, params, x, gaps, 1), want, rtol=0, atol=1e-13)


def test_causal() -> None:
    """No output depends on a later input or gap, bit for bit, unlike with the kernels of the published code."""
    params, x, gaps, state = example(LIQUID, 50)
    before = polynomial(LIQUID, params, x, gaps, 3), run_scan(LIQUID, params, x, gaps, state)[0]
    x[:, -1] += 1
    gaps[:, -1] += 1
    after = polynomial(LIQUID, params, x, gaps, 3), run_scan(LIQUID, params, x, gaps, state)[0]
    for got, want in zip(after, before, strict=True):
        np.testing.assert_array_equal(got[:, :-1], want[:, :-1])
        assert (got[:, -1] != want[:, -1]).all()


def test_single_precision_and_refusals() -> None:
    params, x, gaps, state = example(LIQUID, 5)
    single = replace(LIQUID, dtype="float32")
    y, last = run_scan(single, single.pack(params), x, gaps, state)
    assert y.dtype == last.dtype == np.float32
    assert polynomial(single, single.pack(params), x, gaps, 2).dtype == np.float32
    with pytest.raises(ValueError, match="only 'hadamard' is a polynomial"):
        polynomial(replace(LIQUID, recurrence="plain"), dict(params), x, gaps, 2)
    with pytest.raises(ValueError, match="degree is 0"):
        polynomial(LIQUID, params, x, gaps, 0)
    with pytest.raises(ValueError, match="state has shape"):
        run_scan(LIQUID, params, x, gaps, state[:1])
    with pytest.raises(FloatingPointError, match="overflowed"):
        run_scan(LIQUID, params, 1e200 * x, gaps, state)
