from itertools import product as combinations

import numpy as np
import pytest

from liquid._jit import njit
from liquid.cells import _dense, _tile

SIZES = [1, 3, 15, 16, 17, 40, 131, 200]  # columns: parts of a vector, whole ones, several tiles
TYPES = ["float64", "float32"]
rng = np.random.default_rng(0)


def block(n: int, m: int, dtype: str) -> np.ndarray:
    return rng.normal(size=(n + 1) * m + 5).astype(dtype)


@pytest.mark.parametrize(("n", "m", "dtype"), [*combinations([0, 1, 7], SIZES, TYPES)])
def test_affine(n: int, m: int, dtype: str) -> None:
    theta, x, out = block(n, m, dtype), rng.normal(size=n).astype(dtype), np.empty(m, dtype)
    assert _dense.affine(theta, 5, x, out) == theta.size
    weight, bias = theta[5 : 5 + n * m].reshape(n, m), theta[5 + n * m :]
    np.testing.assert_allclose(out, x @ weight + bias, rtol=0, atol=30 * np.finfo(dtype).eps)


@pytest.mark.parametrize(("rows", "m", "dtype"), [*combinations([1, 3, 4, 6, 8], SIZES, TYPES)])
def test_rows_have_the_bits_of_single_rows(rows: int, m: int, dtype: str) -> None:
    n = 9
    theta, x = block(n, m, dtype), rng.normal(size=(rows, n + 3)).astype(dtype)
    out, alone = np.full((rows, m + 2), 7, dtype), np.empty(m, dtype)
    _dense.affine_rows(theta, 5, x, 2, n, out, 1, m)
    for r in range(rows):
        _dense.affine(theta, 5, x[r, 2 : 2 + n].copy(), alone)
        np.testing.assert_array_equal(out[r, 1 : m + 1], alone)
    assert (out[:, [0, -1]] == 7).all()


def test_transposed_product_adds() -> None:
    """As for the gradient of a weight: over the rows of both matrices."""
    x, d = rng.normal(size=(11, 6)), rng.normal(size=(11, 21))
    c = rng.normal(size=(6, 21))
    want = c + x.T @ d
    _dense.product(x, 0, 1, 6, 6, d, 0, 21, 11, c, 0, 21, c, 0, 21, 21)
    np.testing.assert_allclose(c, want, rtol=0, atol=1e-14)


def test_arrays_of_several_types_do_not_compile() -> None:
    @njit(cache=False)
    def mixed(x, w):
        _tile.one_row(x, 0, 0, 1, w, 0, 1, 1, w, 0, 0, w, 0, 0, 1)

    for x in (np.ones(1, np.float32), np.ones(4)[::2]):
        with pytest.raises(Exception, match="contiguous arrays of one type"):
            mixed(x, np.ones(1))


def test_gradient_of_a_block_from_many_rows() -> None:
    rows, n, m, at = 10, 7, 21, 5
    x, d, theta = rng.normal(size=(rows, n + 3)), rng.normal(size=(rows, m + 2)), block(n, m, "float64")
    gradient = theta.copy()
    _dense.affine_rows_back(gradient, at, x, 2, n + 3, n, d, 1, m + 2, m, rows)
    change = (gradient - theta)[at:].reshape(n + 1, m)
    slopes = d[:, 1 : m + 1]
    np.testing.assert_allclose(change, [*(x[:, 2 : 2 + n].T @ slopes), slopes.sum(0)], rtol=0, atol=1e-13)
    assert (gradient[:at] == theta[:at]).all()

    turned = np.full(theta.size, 7.0)
    _dense.turn(theta, at, n, m, turned)
    np.testing.assert_array_equal(turned[at : at + n * m].reshape(m, n), theta[at : at + n * m].reshape(n, m).T)
    assert (turned[[*range(at), *range(at + n * m, theta.size)]] == 7).all()
