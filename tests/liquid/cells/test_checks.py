import numpy as np
import pytest

from liquid.cells.checks import finite_result, gap_array, real_array

DOUBLE, SINGLE = np.dtype("float64"), np.dtype("float32")


def check(value: object, dtype: np.dtype = DOUBLE, shape: tuple[int | None, ...] = (None, 2)) -> np.ndarray:
    return real_array("x", value, dtype, "batch, inputs", shape)  # type: ignore[arg-type]


def test_the_very_array_if_it_fits() -> None:
    x = np.ones((3, 2))
    assert check(x) is x


@pytest.mark.parametrize(
    "x",
    [
        [[1, 2], [3, 4]],
        np.array([[1, 2], [3, 4]], np.float32),
        np.array([[1, 3], [2, 4]]).T,
        np.array([[1, 2], [3, 4]]),
    ],
)
def test_real_numbers_of_any_kind_and_layout(x: object) -> None:
    got = check(x)
    assert got.dtype == DOUBLE
    assert got.flags.c_contiguous
    np.testing.assert_array_equal(got, [[1, 2], [3, 4]])


@pytest.mark.parametrize(
    ("x", "error", "message"),
    [
        (np.ones((1, 2), np.float16), TypeError, "x is float16.*float32 or float64"),
        (np.ones((1, 2), complex), TypeError, "x holds complex128"),
        ([["1", "2"]], TypeError, "not real numbers"),
        ([[None, 1.0]], TypeError, "x holds object"),
        ([[True, False]], TypeError, "x holds bool"),
        (np.ones(2), ValueError, r"x has shape \(2,\), but \(batch, inputs\) = \(any, 2\) is expected"),
        (np.ones((2, 3)), ValueError, r"x has shape \(2, 3\)"),
        (np.ones((0, 2)), ValueError, r"x is empty, with shape \(0, 2\)"),
        ([[1.0, 2.0], [np.nan, 1.0]], ValueError, r"x\[1, 0\] is nan, which is not a finite float64"),
        ([[1.0, -np.inf]], ValueError, r"x\[0, 1\] is -inf"),
    ],
)
def test_refused(x: object, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        check(x)


def test_too_large_for_the_type() -> None:
    with pytest.raises(ValueError, match=r"x\[0, 1\] is 1e\+300, which is not a finite float32"):
        check([[1.0, 1e300]], SINGLE)


def test_gaps() -> None:
    assert gap_array([0, 1e300], DOUBLE, "batch", (2,)).tolist() == [0.0, 1e300]
    with pytest.raises(ValueError, match=r"gaps\[1\] is -0.5, but must be at least 0"):
        gap_array([0.0, -0.5], DOUBLE, "batch", (2,))
    with pytest.raises(ValueError, match=r"gaps\[0\] is nan"):
        gap_array([np.nan, 1.0], DOUBLE, "batch", (2,))
    with pytest.raises(ValueError, match=r"gaps\[0\] is inf"):
        gap_array([np.inf, 1.0], DOUBLE, "batch", (2,))


def test_results() -> None:
    finite_result("f", np.zeros(2), np.zeros((0, 1)))
    with pytest.raises(FloatingPointError, match="f overflowed float64"):
        finite_result("f", np.zeros(2), np.array([[np.inf]]))
