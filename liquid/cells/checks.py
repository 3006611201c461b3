"""What every cell accepts: real, finite arrays of the right shape. Anything else is refused with a reason."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from liquid.cells.params import Array


def real_array(name: str, value: ArrayLike, dtype: np.dtype, axes: str, shape: tuple[int | None, ...]) -> Array:
    """`value` as a contiguous array of `dtype`, copied only if needed.

    Parameters
    ----------
    name, axes : what to call the array and its axes in errors, such as ``"x"`` and ``"batch, length, inputs"``.
    shape : the length of each axis; None for any length of at least 1.

    Raises
    ------
    TypeError : not real numbers, or float16.
    ValueError : wrong shape, empty, NaN or infinite (also: too large for `dtype`).
    """
    array = np.asarray(value)
    if array.dtype == np.float16:
        raise TypeError(f"{name} is float16, whose 3 digits are too few here: convert it to float32 or float64")
    if array.dtype.kind not in "fiu":
        raise TypeError(f"{name} holds {array.dtype}, not real numbers: convert it to float32 or float64")
    if len(shape) != array.ndim or any(n is not None and n != m for n, m in zip(shape, array.shape, strict=True)):
        wanted = ", ".join("any" if n is None else str(n) for n in shape)
        raise ValueError(f"{name} has shape {array.shape}, but ({axes}) = ({wanted}) is expected")
    if array.size == 0:
        raise ValueError(f"{name} is empty, with shape {array.shape}: at least one sequence of one sample is needed")
    with np.errstate(over="ignore"):
        array = np.ascontiguousarray(array, dtype)
    if not np.isfinite(array).all():
        where = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        raise ValueError(
            f"{name}[{', '.join(map(str, where))}] is {np.asarray(value)[where]}, which is not a finite {dtype}: "
            "fill or drop such samples first (a gap may be as long as needed)"
        )
    return array


def gap_array(value: ArrayLike, dtype: np.dtype, axes: str, shape: tuple[int | None, ...]) -> Array:
    """`value` as times since the previous sample: a `real_array` without negative numbers."""
    gaps = real_array("gaps", value, dtype, axes, shape)
    if gaps.min() < 0:
        where = tuple(int(i) for i in np.argwhere(gaps < 0)[0])
        raise ValueError(
            f"gaps[{', '.join(map(str, where))}] is {gaps[where]}, but time since the previous sample cannot be "
            "negative: sort the samples by time"
        )
    return gaps


def finite_result(what: str, *results: Array) -> None:
    """Refuse to return NaN or infinity, which finite input can only cause by overflow."""
    for array in results:
        if not np.isfinite(array).all():
            raise FloatingPointError(
                f"{what} overflowed {array.dtype}: inputs, gaps or parameters are too large, or the recurrence is "
                "unstable for them; scale them to about 1"
            )
