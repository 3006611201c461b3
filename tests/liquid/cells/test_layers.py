from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from liquid.cells.layers import Dense, RMSNorm, Stateless, SwiGLU, product_limit
from tests.liquid.cells import twin, twin_layers
from tests.liquid.cells.test_contract import LARGE, difference

CASES: dict[str, tuple[Stateless, Any]] = {
    "dense": (Dense(inputs=5, units=3), twin_layers.dense),
    "dense without bias": (Dense(inputs=5, units=3, bias=False), twin_layers.dense),
    "norm": (RMSNorm(inputs=5), twin_layers.rms_norm),
    "swiglu": (SwiGLU(inputs=5), twin_layers.swiglu),
    "narrow swiglu": (SwiGLU(inputs=5, hidden=1), twin_layers.swiglu),
}


def sample(layer: Stateless) -> tuple[Any, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(4)
    params = layer.init(0)
    params.flat[:] += 0.1 * rng.normal(size=layer.param_count)
    x = rng.normal(size=(2, 3, 5))
    x[0, 1], x[1, 2] = 0, 1e3
    return params, x, rng.exponential(size=(2, 3))


@pytest.mark.parametrize("name", CASES)
def test_equals_its_twin(name: str) -> None:
    layer, slow = CASES[name]
    params, x, gaps = sample(layer)
    y, state = layer.run(params, x, gaps)
    want = slow(twin.extended(params), x.astype(twin.LONG)).astype(float)
    np.testing.assert_allclose(y, want, rtol=4e-15, atol=4e-15 * np.abs(want).max())
    assert state.shape == (2, 0)


@pytest.mark.parametrize("name", CASES)
def test_gradients_are_the_slopes(name: str) -> None:
    layer, _ = CASES[name]
    params, x, gaps = sample(layer)
    x[0, 1], x[1, 2] = 0.3, 1.5  # room for a difference
    dy = np.random.default_rng(1).normal(size=(2, 3, layer.outputs))
    back = layer.grad(params, x, gaps, dy)
    for given, gradient in ((params.flat, back.params.flat), (x, back.x)):
        slopes = [
            difference(lambda: float(np.sum(layer.run(params, x, gaps)[0] * dy)), given, i)
            for i in np.ndindex(given.shape)
        ]
        np.testing.assert_allclose(gradient.ravel(), slopes, rtol=1e-8, atol=1e-8)
    assert not back.gaps.any()


@pytest.mark.parametrize("name", CASES)
def test_without_a_state(name: str) -> None:
    layer, _ = CASES[name]
    params, x, gaps = sample(layer)
    y, _ = layer.run(params, x, gaps, layer.zero_state(2))
    for t in range(3):
        now, state = layer.step(params, layer.zero_state(2), x[:, t], gaps[:, t])
        np.testing.assert_array_equal(now, y[:, t])
        assert state.shape == (2, 0)
    assert layer.states(params, x, gaps).shape == (2, 3, 0)
    assert layer.jacobian(params, layer.zero_state(2), x[:, 0], gaps[:, 0]).shape == (2, 0, 0)
    with pytest.raises(ValueError, match="state has shape"):
        layer.run(params, x, gaps, np.zeros((2, 1)))


@pytest.mark.parametrize("dtype", LARGE)
@pytest.mark.parametrize("name", CASES)
def test_huge_input(name: str, dtype: str) -> None:
    layer = replace(CASES[name][0], dtype=dtype)
    x = np.full((1, 2, 5), 1e-3 * LARGE[dtype], dtype)
    x[0, 1, ::2] *= -1
    y, _ = layer.run(layer.init(0), x, np.ones((1, 2), dtype))
    assert np.isfinite(y).all()


def test_norm_of_huge_and_tiny_samples() -> None:
    """Whatever the size of a sample far from sqrt(epsilon), the norm is the same; far below it is linear."""
    layer = RMSNorm(inputs=4)
    params, x = layer.init(0), np.array([3.0, -4, 0, 12])
    units = [layer.run(params, [[size * x]], [[1.0]])[0] for size in (1e3, 1e150, 1e300)]
    np.testing.assert_allclose(units[1:], units[:1] * 2, rtol=1e-10)
    np.testing.assert_allclose(units[0][0, 0], x / 6.5, rtol=1e-10)
    small, _ = layer.run(params, [[1e-300 * x]], [[1.0]])
    np.testing.assert_allclose(small[0, 0], 1e-300 * x / np.sqrt(1e-5), rtol=1e-14)


def test_norm_does_not_hide_an_overflow() -> None:
    layer = RMSNorm(inputs=2)
    x, y = np.array([[[np.inf, 1.0], [np.nan, 1.0]]]), np.empty((1, 2, 2))
    layer._forward(layer.init(0).flat, x, np.ones((1, 2)), layer.zero_state(), y, np.empty((1, 0, 0)))
    assert np.isnan(y[0, :, 0]).all()


def test_product_limit() -> None:
    assert product_limit("float64", 3) == pytest.approx(1e100)
    assert product_limit("float32", 3) == pytest.approx(1e11)
    assert product_limit("float32", 4) == np.float32(product_limit("float32", 4))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Dense(inputs=1, units=0), "units is 0"),
        (lambda: SwiGLU(inputs=1, hidden=0), "hidden is 0"),
        (lambda: RMSNorm(inputs=1, epsilon=0.0), "epsilon is 0.0"),
    ],
)
def test_settings_that_make_no_sense(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()
