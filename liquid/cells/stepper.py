"""One sample after the other with the least overhead, for a program that is called as samples arrive.

`Cell.step` takes any arrays and hands out new ones, which costs several times the arithmetic of a small cell. A
`Stepper` keeps parameters, state, output and scratch in one block of memory instead, and calls one compiled function
where the cell offers it (`Cell._single`). Other cells, and batches, go through `Cell._forward`.

What a call of a compiled function costs decides its arguments (Numba 0.68, 3.5 GHz): 0.18 us with a number and an
array; each further array 0.05 us, and as much again for the reference counts of the slices that the kernel takes of it,
so the kernel gets addresses; a named tuple of 8 sizes 0.65 us. Through ctypes it would be 0.3 us; without Numba's
check of the types 0.14 us, but then any array passes for one of the right type.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from liquid.cells._single import compiled
from liquid.cells.base import Cell
from liquid.cells.checks import finite_result, gap_array, real_array
from liquid.cells.params import Array

ALIGNMENT = 64  # bytes of a cache line and of the widest vector


class Stepper:
    """Runs a cell sample by sample, bit for bit as `Cell.step`.

    It is fast for one sequence with samples ``(inputs,)`` in the cell's type. Whatever else `Cell.step` accepts is
    accepted at a higher cost, and refused with the same errors; a refused sample leaves the state as it was.

    >>> import numpy as np
    >>> from liquid.cells import Stepper, make
    >>> cell = make("cfc", inputs=2, units=16)
    >>> stepper = Stepper(cell, cell.init(0))
    >>> stepper.step(np.array([0.5, -1.0]), 0.25).shape
    (1, 16)

    Parameters
    ----------
    cell, params : parameters are copied; `load` takes others.
    batch : sequences that advance together.

    Attributes
    ----------
    state : (batch, state_size), kept up to date in place. Writing into it sets the state.
    """

    state: Array
    _kernel: Any = None
    _fixed_at: int
    _memory_at: int
    _direct: bool

    def __init__(self, cell: Cell, params: Mapping[str, ArrayLike], batch: int = 1) -> None:
        if batch < 1:
            raise ValueError(f"batch is {batch}, but must be at least 1")
        self.cell = cell
        self.batch = batch
        self._settle(cell._theta(params).copy(), cell.zero_state(batch))

    def load(self, params: Mapping[str, ArrayLike]) -> None:
        """Go on from the present state with other parameters."""
        self._settle(self.cell._theta(params).copy(), self.state)

    def reset(self) -> None:
        """Start new sequences."""
        self.state[:] = self.cell.zero_state(self.batch)

    def step(self, u: ArrayLike, gap: ArrayLike) -> Array:
        """One sample of every sequence.

        Parameters
        ----------
        u : (batch, inputs), or (inputs,) for all sequences.
        gap : (batch,), or a number for all sequences.

        Returns
        -------
        y : (batch, outputs), overwritten by the next step.
        """
        if self._direct:
            try:
                if self._kernel(self._fixed_at, self._memory_at, u, gap):
                    return self._y
            except TypeError:  # not a vector in the cell's type, or not a number; finding that out takes 0.2 ms
                self._direct = False
        return self._general(u, gap)

    def _settle(self, theta: Array, state: Array) -> None:
        """Lay out the memory: work of the kernel, state, copy of the state, output."""
        cell = self.cell
        single = cell._single(theta) if self.batch == 1 else None
        work = np.empty(0, cell._type) if single is None else single.work
        memory = aligned(work.size + 2 * state.size + self.batch * cell.outputs, cell._type)
        parts = np.split(memory, np.cumsum([work.size, state.size, state.size]))
        parts[0][:], parts[1][:] = work, state.reshape(-1)
        self.state, self._before = (part.reshape(state.shape) for part in parts[1:3])
        self._y = parts[3].reshape(self.batch, cell.outputs)
        self._theta, self._memory, self._nothing = theta, memory, cell._no_states(self.batch)
        self._direct = single is not None
        if single is not None:
            self._kernel = compiled(single)
            self._fixed = single.fixed  # kept, since the kernel knows only where it is
            self._fixed_at, self._memory_at = self._fixed.ctypes.data, memory.ctypes.data

    def _general(self, u: ArrayLike, gap: ArrayLike) -> Array:
        cell, kind = self.cell, self.cell._type
        if self._kernel is not None and isinstance(u, np.ndarray) and u.dtype == kind and u.ndim == 1:
            self._direct = True
        u, gap = np.asarray(u), np.asarray(gap)
        if u.shape == (cell.inputs,):
            u = np.broadcast_to(u, (self.batch, cell.inputs))
        if gap.ndim == 0:
            gap = np.broadcast_to(gap, self.batch)
        u = real_array("u", u, kind, "batch, inputs", (self.batch, cell.inputs))
        gap = gap_array(gap, kind, "batch", (self.batch,))
        if self._kernel is not None and self._kernel(self._fixed_at, self._memory_at, u[0].copy(), float(gap[0])):
            return self._y
        self._before[:] = real_array("state", self.state, kind, "batch, state_size", self.state.shape)
        try:
            cell._forward(self._theta, u[:, None], gap[:, None], self.state, self._y[:, None], self._nothing)
            finite_result(f"{type(cell).__name__}.step", self._y, self.state)
        except FloatingPointError:
            self.state[:] = self._before
            raise
        return self._y


def aligned(size: int, kind: np.dtype) -> Array:
    """Zeros that begin with a cache line."""
    room = np.zeros(size * kind.itemsize + ALIGNMENT, np.uint8)
    start = -room.ctypes.data % ALIGNMENT
    return room[start : start + size * kind.itemsize].view(kind)
