"""Time zones as arrays that kernels read: every change of a zone's offset between 1970 and 2200."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from liquid.features.wall import STEP

FIRST, LAST = 0, 7_258_118_400  # 1970-01-01, 2200-01-01
#: No zone has changed its offset and changed it back within so short a time since 1970.
_STRIDE = 2 * 86_400


@lru_cache
def steps_of(timezone: str) -> NDArray[np.void]:
    """A zone's clock, (k,) of dtype STEP.

    Parameters
    ----------
    timezone : a name of the IANA database, like Europe/Berlin.

    Raises
    ------
    ValueError : there is no zone of that name.
    """
    try:
        zone = ZoneInfo(timezone)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"there is no time zone {timezone!r}; write it like Europe/Berlin") from None

    def ahead(time: int) -> float:
        offset = datetime.fromtimestamp(time, zone).utcoffset()
        return offset.total_seconds() if offset else 0.0

    now = ahead(FIRST)
    steps = [(float(FIRST), now)]
    for time in range(FIRST + _STRIDE, LAST, _STRIDE):
        then = ahead(time)
        if then != now:
            low, high = time - _STRIDE, time
            while high - low > 1:
                middle = (low + high) // 2
                if ahead(middle) == now:
                    low = middle
                else:
                    high = middle
            steps.append((float(high), then))
            now = then
    return np.array(steps, STEP)


class Steps:
    """Clocks one after the other in one array. Parts never move; only `table` is replaced when a clock comes in."""

    def __init__(self) -> None:
        self.table: NDArray[np.void] = np.zeros(1, STEP)
        self._parts: dict[Hashable, tuple[int, int]] = {}
        self._lock = threading.Lock()

    def part(self, key: Hashable, compile_: Callable[[], NDArray[np.void]]) -> tuple[int, int]:
        """First step and number of steps of the clock of that key, compiled when it is first asked for."""
        with self._lock:
            if key not in self._parts:
                steps = compile_()
                self._parts[key] = (len(self.table), len(steps))
                self.table = np.concatenate((self.table, steps))
            return self._parts[key]


#: The clocks of this process: options are read at start, so there are few and they stay.
CLOCKS = Steps()
