import math
from collections.abc import Callable

import numpy as np
import pytest

from liquid._jit import njit
from liquid.cells import _math

rng = np.random.default_rng(0)
GRID = np.concatenate(
    [rng.normal(scale=scale, size=4001) for scale in (1e-300, 1e-9, 0.01, 0.3, 1.0, 5.0, 20.0)]
    + [np.linspace(-745.0, 709.0, 4001)]
)
ODD = np.array([math.nan, math.inf, -math.inf, 0.0, 5e-324, -5e-324, 1e300, -1e300])


def long_sigmoid(x: np.ndarray) -> np.ndarray:
    e = np.exp(-np.abs(x))
    return np.where(x < 0, e, 1) / (1 + e)


def long_softplus(x: np.ndarray) -> np.ndarray:
    return np.log1p(np.exp(-np.abs(x))) + np.maximum(x, 0)


def mapped(function: Callable[[float], float]) -> Callable[[np.ndarray], np.ndarray]:
    @njit(cache=False)
    def run(x, out):
        for i in range(x.size):
            out[i] = function(x[i])

    def call(x: np.ndarray) -> np.ndarray:
        out = np.empty_like(x)
        run(x, out)
        return out

    return call


def units(got: np.ndarray, want: np.ndarray) -> float:
    """Largest error in units of the last place."""
    return float(np.max(np.abs(got - want) / np.spacing(np.maximum(np.abs(want), 2.3e-308).astype(float))))


@pytest.mark.parametrize(
    ("name", "truth", "largest"),
    [
        ("exp", np.exp, 709.0),
        ("expm1", np.expm1, 700.0),
        ("tanh", np.tanh, 1e9),
        ("sigmoid", long_sigmoid, 1e9),
        ("softplus", long_softplus, 1e9),
    ],
)
def test_accuracy_and_odd_arguments(name: str, truth: Callable[[np.ndarray], np.ndarray], largest: float) -> None:
    function = mapped(getattr(_math, name))
    x = GRID[np.abs(GRID) <= largest]
    assert units(function(x), truth(x.astype(np.longdouble))) < 3.5
    odd = ODD[np.isnan(ODD) | (ODD < 700.0)] if name == "expm1" else ODD
    with np.errstate(over="ignore", under="ignore"):
        np.testing.assert_allclose(function(odd), truth(odd), rtol=1e-15)


@pytest.mark.parametrize(("name", "truth", "least"), [("tanh", np.tanh, -math.inf), ("sigmoid", long_sigmoid, -87.0)])
def test_single_precision(name: str, truth: Callable[[np.ndarray], np.ndarray], least: float) -> None:
    function = mapped(getattr(_math, name))
    x = GRID[np.greater_equal(GRID, least)].astype(np.float32)
    got = function(x)
    assert got.dtype == np.float32
    want = truth(x.astype(np.longdouble))
    error = np.abs(got - want) / np.spacing(np.maximum(np.abs(want), 2.4e-38).astype(np.float32))
    assert error.max() < 3
    assert np.abs(got).max() == 1
    with np.errstate(over="ignore"):
        odd = ODD.astype(np.float32)
    np.testing.assert_allclose(
        function(odd), truth(odd.astype(np.longdouble)).astype(np.float32), atol=2e-38, rtol=3e-7
    )


def test_sine_and_cosine() -> None:
    @njit(cache=False)
    def both(x, sine, cosine):
        _math.sincos_all(x, sine, cosine)

    x = np.concatenate([rng.uniform(-scale, scale, 4001) for scale in (1e-9, 1.0, 10.0, 1e3, _math.SINCOS_MAX)])
    sine, cosine = np.empty_like(x), np.empty_like(x)
    both(x, sine, cosine)
    assert np.abs(sine - np.sin(x.astype(np.longdouble))).max() < 2e-16
    assert np.abs(cosine - np.cos(x.astype(np.longdouble))).max() < 2e-16
    assert units(sine, np.sin(x.astype(np.longdouble))) < 4

    x = np.array([1e7, -1e300, math.inf, math.nan, 0.1])
    sine, cosine = np.empty_like(x), np.empty_like(x)
    both(x, sine, cosine)
    np.testing.assert_allclose(sine, [*np.sin(x[:2]), 0.0, 0.0, np.sin(0.1)], rtol=1e-15)
    np.testing.assert_allclose(cosine, [*np.cos(x[:2]), 1.0, 1.0, np.cos(0.1)], rtol=1e-15)
