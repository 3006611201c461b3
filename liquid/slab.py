"""The rows of many series in one piece of memory, as they are worked on or packed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from liquid import kernel, packing, row
from liquid._jit import njit
from liquid.results import as_bytes
from liquid.tiers import TIERS

_PART: Final = 1024
_TYPES: Final = (np.uint8, np.uint16, np.int32, np.float32, np.float64)


def views(rows: NDArray[np.void]) -> packing.Views:
    """Rows, (n,), as (n, ...) arrays of the types that packing reads and writes."""
    memory = as_bytes(rows)
    return memory, *(memory.view(t) for t in _TYPES[1:])  # type: ignore[return-value]


def packed_views(memory: NDArray[np.uint8]) -> packing.Packed:
    """Packed rows likewise."""
    return memory, memory.view(np.uint16), memory.view(np.int32), memory.view(np.float64)


def scratch() -> NDArray[np.float64]:
    """Work space of packing; belongs to a thread."""
    return np.zeros(packing.MOST_VARIABLES)


@njit
def _unpack(layout, slab, slots, rows, work):
    for i in range(len(slots)):
        s = slots[i]
        row = rows[0][i], rows[1][i], rows[2][i], rows[3][i], rows[4][i]
        packing.unpack(layout, row, (slab[0][s], slab[1][s], slab[2][s], slab[3][s]), work)


class Slab:
    """Rows by number; all begin fresh.

    Parameters
    ----------
    tier : one of TIERS. horizons : number of fixed horizons.
    """

    def __init__(self, tier: str, horizons: int) -> None:
        self.dtype = row.row_dtype(tier, horizons)
        self._plain = np.zeros(1, self.dtype)
        kernel.fresh(self._plain[0])
        self._views = tuple(v[0] for v in views(self._plain))
        self.packed = TIERS[tier].packed
        ops, first, size = packing.layout(self.dtype) if self.packed else (None, None, self.dtype.itemsize)
        self._layout = ops, first
        self._scratch = scratch()
        #: (capacity, bytes of a row)
        self.memory = np.zeros((0, size), np.uint8)
        self._fresh = self._bytes(self._plain)

    def __len__(self) -> int:
        return len(self.memory)

    @property
    def size(self) -> int:
        """Bytes of a row."""
        return self.memory.shape[1]

    def reserve(self, capacity: int) -> int:
        """Make room for at least so many rows, which may move; gives how many are new."""
        have = len(self)
        if capacity <= have:
            return 0
        memory = np.zeros((max(capacity, have + have // 2), self.size), np.uint8)
        memory[:have] = self.memory
        memory[have:] = self._fresh
        self.memory = memory
        return len(memory) - have

    @property
    def rows(self) -> NDArray[np.void]:
        """All rows as records: where rows are not packed the live ones, else copies."""
        return self.read(np.arange(len(self))) if self.packed else self.memory.view(self.dtype)[:, 0]

    def read(self, slots: ArrayLike) -> NDArray[np.void]:
        """Copies of rows."""
        s = np.asarray(slots, np.int64).reshape(-1)
        found = np.zeros(len(s), self.dtype)
        if self.packed:
            _unpack(self._layout, self._arrays(), s, views(found), scratch())
        else:
            as_bytes(found)[:] = self.memory[s]
        return found

    def parts(self, slots: ArrayLike | None = None) -> Iterator[NDArray[np.void]]:
        """Copies of rows, of all if none are named, some at a time."""
        s = np.arange(len(self)) if slots is None else np.asarray(slots, np.int64).reshape(-1)
        return (self.read(s[k : k + _PART]) for k in range(0, len(s), _PART))

    def write(self, slot: int, record: np.void) -> None:
        """Put a record of `read` in the place of a row."""
        as_bytes(self._plain)[0] = as_bytes(np.atleast_1d(np.asarray(record)))[0]
        self.memory[slot] = self._bytes(self._plain)

    def codec(self, slot: int) -> tuple[Any, ...]:
        """Of a packed row: layout, views, packed and scratch, as `packing.unpack` takes them."""
        one = self.memory[slot]
        return self._layout, self._views, packed_views(one), self._scratch

    def reset(self, slot: int) -> None:
        """Begin afresh."""
        self.memory[slot] = self._fresh

    def run(self, *arguments: object) -> None:
        """`kernel.run` with the rest of its parameters."""
        if self.packed:
            kernel.run_packed(self._layout, self._arrays(), self._plain, self._views, self._scratch, *arguments)
        else:
            kernel.run(self.rows, *arguments)

    def _arrays(self) -> packing.Packed:
        return packed_views(self.memory)

    def _bytes(self, plain: NDArray[np.void]) -> NDArray[np.uint8]:
        if not self.packed:
            return as_bytes(plain)[0].copy()
        out = np.zeros(self.size, np.uint8)
        n = int(plain["clock"]["events"][0])
        packing.pack(self._layout, n, self._views, packed_views(out), self._scratch)
        return out
