"""Rows of series as they once were, so that an event can be explained from the state that met it.

The newest saved row of every series is kept as long as there is room, and so is the one from before an alert. Saved
rows are made for the transport anyway: keeping them costs memory only, and that is bounded.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

ROOM: Final = 32 * 2**20  # bytes of all rows of a feed
PER_SERIES: Final = 8  # rows from before alerts


class EarlierRows:
    """Not thread-safe. A key is whatever names a row: its partition and series.

    room : bytes of all rows together; the series that was saved longest ago is the first to be forgotten.
    """

    def __init__(self, room: int = ROOM) -> None:
        self.room = room
        self._rows: OrderedDict[object, list[bytes]] = OrderedDict()  # the newest one last
        self._pinned: set[object] = set()  # whose newest row is from before an alert
        self._size = 0

    def __len__(self) -> int:
        return sum(map(len, self._rows.values()))

    def saved(self, key: object, row: bytes) -> None:
        """The newest row of a series: takes the place of the one before, unless that was pinned."""
        rows = self._rows.setdefault(key, [])
        if rows and key not in self._pinned:
            self._size -= len(rows.pop())
        self._pinned.discard(key)
        rows.append(row)
        self._size += len(row)
        if len(rows) > PER_SERIES + 1:
            self._size -= len(rows.pop(0))
        self._rows.move_to_end(key)
        while self._size > self.room:
            forgotten, oldest = self._rows.popitem(last=False)
            self._pinned.discard(forgotten)
            self._size -= sum(map(len, oldest))

    def pin(self, key: object) -> None:
        """Keep the newest row when the next one comes: the series alerts."""
        if key in self._rows:
            self._pinned.add(key)

    def of(self, key: object) -> list[bytes]:
        """The rows that are kept of a series, the newest one last."""
        return list(self._rows.get(key, ()))

    def forget(self, keys: list[object]) -> None:
        for key in keys:
            self._pinned.discard(key)
            self._size -= sum(map(len, self._rows.pop(key, ())))
