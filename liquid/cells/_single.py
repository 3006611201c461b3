"""What a cell offers `Stepper` to run single samples by one compiled call, and what its kernel is made of."""

from __future__ import annotations

from threading import Lock
from typing import Any, NamedTuple

import numpy as np
from numba import carray, types  # type: ignore[attr-defined]
from numba.extending import intrinsic
from numba.np.numpy_support import from_dtype

from liquid._jit import njit
from liquid.cells.params import Array

_compiling = Lock()


class Single(NamedTuple):
    """Answer of `Cell._single`.

    Attributes
    ----------
    kernel : compiled ``kernel(fixed, memory, u, gap) -> bool`` for one sample of one sequence, with the addresses of
        `fixed` and of the memory: the work of the kernel followed by what `split` finds there. `u` is a vector in the
        cell's type, `gap` a float64. It asks `acceptable` before it changes anything, and returns what `settled` says.
    fixed : numbers that stay, such as sizes or tables; the kernel knows their type and reads them by `numbers_at`.
    work : first content of the kernel's part of the memory, such as the parameters and room for what is in between.
    """

    kernel: Any
    fixed: Array
    work: Array


@intrinsic
def _pointer(context: Any, address: Any) -> Any:
    def generate(context, builder, signature, arguments):
        return builder.inttoptr(arguments[0], context.get_value_type(signature.return_type))

    return types.voidptr(types.intp), generate


@njit(forceinline=True)
def numbers_at(address, size, kind):
    """The `size` numbers at an address as an array, which nothing keeps alive."""
    return carray(_pointer(address), size, kind)  # type: ignore[call-arg]


@njit(forceinline=True)
def split(memory, work, states, outputs, kind):
    """The kernel's own part of the memory, the state, a copy of the state, and the output."""
    numbers = numbers_at(memory, work + 2 * states + outputs, kind)
    last = work + 2 * states
    return numbers[:work], numbers[work : work + states], numbers[work + states : last], numbers[last:]


@njit(forceinline=True)
def acceptable(u, inputs, gap):
    """Whether a sample needs no second look; `gap` in the cell's type."""
    return u.size == inputs and finite(u) and gap >= 0 and gap < np.inf


@njit(forceinline=True)
def settled(state, before, y):
    """Whether the results are finite; if not, the state is put back."""
    if finite(state) and finite(y):
        return True
    for i in range(state.size):
        state[i] = before[i]
    return False


@njit(forceinline=True)
def finite(numbers):
    bad = 0
    for v in numbers:
        bad += not abs(v) < np.inf
    return bad == 0


def compiled(single: Single) -> Any:
    """The kernel, compiled for the type of its work and for no other.

    Anything else that it is called with raises TypeError at once, where Numba would compile another version.
    """
    kernel = single.kernel
    vector = types.Array(from_dtype(single.work.dtype), 1, "C")
    with _compiling:
        kernel.disable_compile(False)
        kernel.compile((types.intp, types.intp, vector, types.float64))
        kernel.disable_compile()
    return kernel
