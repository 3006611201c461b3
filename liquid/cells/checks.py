"""What every cell accepts: real, finite arrays of the right shape. Anything else is refused with a reason."""

from __future__ import annotations

from math import inf, isfinite

import numpy as np
from numpy.typing import ArrayLike

from liquid._jit import njit
from liquid.cells.params import Array

Shape = tuple[int | None, ...]


def real_array(name: str, value: ArrayLike, dtype: np.dtype, axes: str, shape: Shape, least: float = -inf) -> Array:
    """`value` as a contiguous, writable array of `dtype`, copied only if needed.

    Parameters
    ----------
    name, axes : what to call the array and its axes in errors, such as ``"x"`` and ``"batch, length, inputs"``.
    shape : the length of each axis; None for any length of at least 1. An axis may have to be of length 0, as that of
        the state of a cell without one.
    least : the smallest number accepted.

    Raises
    ------
    TypeError : not real numbers, or float16.
    ValueError : wrong shape, empty, NaN, infinite (also: too large for `dtype`) or less than `least`.
    """
    given = np.asarray(value)
    array = given
    if given.dtype != dtype:
        if given.dtype == np.float16:
            raise TypeError(f"{name} is float16, whose 3 digits are too few here: convert it to float32 or float64")
        if given.dtype.kind not in "fiu":
            raise TypeError(f"{name} holds {given.dtype}, not real numbers: convert it to float32 or float64")
        with np.errstate(over="ignore"):
            array = given.astype(dtype)
    if not _fits(array.shape, shape):
        wanted = ", ".join("any" if n is None else str(n) for n in shape)
        raise ValueError(f"{name} has shape {array.shape}, but ({axes}) = ({wanted}) is expected")
    if array.size == 0 and 0 not in shape:
        raise ValueError(f"{name} is empty, with shape {array.shape}: at least one sequence of one sample is needed")
    if not (array.flags.c_contiguous and array.flags.writeable):  # kernels are compiled for no other kind
        array = array.copy()
    bad = first_bad(array.reshape(-1), least)
    if bad >= 0:
        where = np.unravel_index(bad, array.shape)
        number = f"{name}[{', '.join(str(i) for i in where)}] is {given[where]}"
        if isfinite(array[where]):
            raise ValueError(f"{number}, but must be at least {least:g}")
        raise ValueError(f"{number}, which is not a finite {dtype}: fill or drop such samples first")
    return array


def gap_array(value: ArrayLike, dtype: np.dtype, axes: str, shape: Shape) -> Array:
    """`value` as times since the previous sample: finite and not negative (samples are in order of time)."""
    return real_array("gaps", value, dtype, axes, shape, least=0.0)


def finite_result(what: str, *results: Array) -> None:
    """Refuse to return NaN or infinity, which finite input can only cause by overflow."""
    for array in results:
        if first_bad(array.reshape(-1), -inf) >= 0:
            raise overflow(what, array)


def overflow(what: str, array: Array) -> FloatingPointError:
    return FloatingPointError(
        f"{what} overflowed {array.dtype}: inputs, gaps or parameters are too large, or the recurrence is "
        "unstable for them; scale them to about 1"
    )


@njit
def first_bad(numbers, least):
    """Index of the first number that is not finite or less than `least`, or -1."""
    bad = 0
    for i in range(numbers.size):  # over indices: an iterator would not become vector code
        bad += not (abs(numbers[i]) < np.inf and numbers[i] >= least)
    if bad > 0:
        for i in range(numbers.size):
            if not (abs(numbers[i]) < np.inf and numbers[i] >= least):
                return i
    return -1


def _fits(shape: tuple[int, ...], wanted: Shape) -> bool:
    return len(shape) == len(wanted) and all(n is None or n == m for n, m in zip(wanted, shape, strict=True))
