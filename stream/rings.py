"""The newest rows of very many series in one bounded pool: appended, read and evicted in bulk.

The pool is cut into blocks of rows. A series holds a ring of blocks and takes a new one only when its newest is full,
so that a quiet series costs one block and a busy one at most `per_series` rows. When no block is free, the series that
hold the most blocks (of equals: those silent for longest) give up their oldest one.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

Array = np.ndarray[Any, Any]

_BLOCK_ROWS: Final = 64
_NO_BLOCK: Final = -1


class Rings:
    """Rows of `dtype`, addressed by series number (0, 1, 2, ...). Not thread-safe.

    Parameters
    ----------
    per_series : rows kept of one series.
    max_rows : rows kept of all series together; their memory is touched only when used.
    """

    def __init__(self, dtype: np.dtype[Any], *, per_series: int, max_rows: int) -> None:
        self.per_series = per_series
        self._size = min(_BLOCK_ROWS, per_series)  # rows of a block
        self._span = -(-per_series // self._size) + 1  # blocks of a full ring: one is being overwritten
        blocks = max(max_rows // self._size, self._span)
        self._pool = np.empty(blocks * self._size, dtype)
        self._free = list(range(blocks - 1, -1, -1))
        self._table = np.zeros((0, self._span), np.int32)
        self._bottom = np.zeros(0, np.int64)  # number of the oldest block held
        self._top = np.zeros(0, np.int64)  # one past the number of the newest block
        self._end = np.zeros(0, np.int64)  # rows ever appended (after a jump: the position of the next row)
        self._touched = np.zeros(0, np.int64)
        self._appends = 0

    def reserve(self, series: int) -> None:
        """Make room for the series numbers below `series`."""
        held = len(self._end)
        if series > held:
            more = max(series, 2 * held, 64) - held
            self._table = np.concatenate([self._table, np.full((more, self._span), _NO_BLOCK, np.int32)])
            for name in ("_bottom", "_top", "_end", "_touched"):
                setattr(self, name, np.concatenate([getattr(self, name), np.zeros(more, np.int64)]))

    def append(self, series: Array, rows: Array) -> None:
        """Append `rows[i]` to the ring of `series[i]`, in order."""
        order = np.argsort(series, kind="stable")
        number, start, size = np.unique(series[order], return_index=True, return_counts=True)
        self.reserve(int(number[-1]) + 1 if len(number) else 0)
        rank = np.arange(len(order)) - np.repeat(start, size)
        kept = np.repeat(size, size) - rank <= self.per_series
        position = (np.repeat(self._end[number], size) + rank)[kept]
        order, owner = order[kept], np.repeat(number, size)[kept]

        self._appends += 1
        self._touched[number] = self._appends
        self._end[number] += size
        self._advance(number)
        inside = position // self._size >= self._bottom[owner]
        where = self._where(owner[inside], position[inside])
        self._pool[where] = rows[order[inside]]

    def count(self, series: int) -> int:
        """Rows that `read` would return."""
        return int(self._end[series] - self._oldest(np.array([series]))[0]) if series < len(self._end) else 0

    def read(self, series: int, last: int | None = None) -> Array:
        """A copy of the (`last`) newest rows of one series, oldest first."""
        count = self.count(series)
        position = np.arange(-min(count, count if last is None else last), 0)
        if not len(position):
            return self._pool[:0].copy()
        position += self._end[series]
        rows: Array = self._pool[self._where(np.full(len(position), series), position)]
        return rows

    def newest(self, series: Array, count: int, fields: list[str]) -> tuple[list[Array], Array]:
        """The `count` newest rows of each series: the asked-for columns and which entries are real, all (n, count)."""
        position = self._end[series][:, None] - count + np.arange(count)
        real = position >= self._oldest(series)[:, None]
        owner = np.broadcast_to(series[:, None], position.shape)
        where = np.where(real, self._where(owner, np.maximum(position, 0)), 0)
        return [self._pool[field][where] for field in fields], real

    def _oldest(self, series: Array) -> Array:
        """Position of the oldest row that may be read."""
        end = self._end[series]
        return np.minimum(np.maximum(self._bottom[series] * self._size, end - self.per_series), end)

    def _where(self, series: Array, position: Array) -> Array:
        block: Array = self._table[series, position // self._size % self._span].astype(np.int64)
        block *= self._size
        block += position % self._size
        return block

    def _advance(self, number: Array) -> None:
        """Give every series of `number` the blocks up to its end, dropping what falls out of its ring."""
        need = -(-self._end[number] // self._size)
        grows = need > self._top[number]
        number, need = number[grows], need[grows]
        for series, top, wanted in zip(number.tolist(), self._top[number].tolist(), need.tolist(), strict=True):
            if wanted - top >= self._span:  # more than a whole ring at once
                while self._bottom[series] < self._top[series]:
                    self._drop_oldest(series)
                top = wanted - self._span
                self._bottom[series] = self._top[series] = top
            for block in range(top, wanted):
                if self._top[series] - self._bottom[series] == self._span:
                    self._drop_oldest(series)
                if not self._free:
                    self._reclaim()
                self._table[series, block % self._span] = self._free.pop()
                self._top[series] = block + 1

    def _drop_oldest(self, series: int) -> None:
        entry = series, self._bottom[series] % self._span
        self._free.append(int(self._table[entry]))
        self._table[entry] = _NO_BLOCK
        self._bottom[series] += 1

    def _reclaim(self) -> None:
        """Free about one block in a hundred, so that the search for the least missed ones is rare."""
        held = self._top - self._bottom
        owners = np.flatnonzero(held)
        order = np.lexsort((self._touched[owners], -held[owners]))
        total = int(held.sum())
        for series in owners[order[: max(total // 100, 1)]].tolist():
            self._drop_oldest(series)
            if self._bottom[series] == self._top[series] and self._touched[series] != self._appends:
                self._end[series] = self._top[series] * self._size  # its next row begins a new block
