"""What intervals really held: over the last day, week and month of a series' own time.

A sliding-window counter: two counts a window, of the part of the calendar that is running and of the one before, which
counts for the share of it that the window still covers. So no event is kept, and the window is exact when errors are
spread evenly over the part before.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from liquid._jit import njit
from liquid.learning.conformal import LEVELS

#: Windows in seconds, by name.
WINDOWS: Final = {"day": 86400.0, "week": 7 * 86400.0, "month": 30 * 86400.0}
_LENGTH = np.array(list(WINDOWS.values()))
_MOST = 65535

Floats = NDArray[np.float64]

#: time: of the newest error (epoch s). n, inside: errors, and those inside of each level, in the part that is running
#: and in the one before, of each window.
HELD = np.dtype(
    [("time", "f8"), ("n", "u2", (len(WINDOWS), 2)), ("inside", "u2", (len(WINDOWS), 2, LEVELS))], align=True
)


@njit
def _roll(held, time):
    """Begin the parts of the calendar in which `time` lies."""
    for w in range(len(_LENGTH)):
        passed = math.floor(time / _LENGTH[w]) - math.floor(held.time / _LENGTH[w])
        if passed <= 0.0:
            continue
        held.n[w, 1] = held.n[w, 0] if passed == 1.0 else 0
        held.n[w, 0] = 0
        for k in range(LEVELS):
            held.inside[w, 1, k] = held.inside[w, 0, k] if passed == 1.0 else 0
            held.inside[w, 0, k] = 0
    held.time = time


@njit
def count(held, time, beyond, half):
    """Count an error that became known at `time`, never before the one counted last.

    Parameters
    ----------
    beyond : how far an interval had to reach. half : (LEVELS,) half widths that were promised, in the same unit.
    """
    _roll(held, time)
    for w in range(len(_LENGTH)):
        if held.n[w, 0] == _MOST:  # shares stay as they are
            held.n[w, 0] = held.n[w, 0] // 2
            for k in range(LEVELS):
                held.inside[w, 0, k] = held.inside[w, 0, k] // 2
        held.n[w, 0] += 1
        for k in range(LEVELS):
            if beyond <= half[k]:
                held.inside[w, 0, k] += 1


def recent(held: NDArray[np.void], time: Floats, born: Floats, window: str) -> tuple[Floats, Floats]:
    """What is counted in a window before `time`.

    Parameters
    ----------
    held : (...) of dtype HELD. time : (...) epoch seconds, not before the newest error. born : (...) first event.

    Returns
    -------
    n : (...) errors. inside : (..., LEVELS) how many of them were inside. Not whole numbers.
    """
    w, length = list(WINDOWS).index(window), WINDOWS[window]
    passed = np.floor(time / length) - np.floor(held["time"] / length)
    begin = np.floor(time / length) * length
    # the part of what the part before has seen that lies in the window
    left = np.clip((begin - time + length) / np.maximum(begin - np.maximum(born, begin - length), 1e-9), 0.0, 1.0)
    newer = np.where(passed == 0, 1.0, np.where(passed == 1, left, 0.0))
    older = np.where(passed == 0, left, 0.0)
    n, inside = held["n"][..., w, :], held["inside"][..., w, :, :]
    return (
        newer * n[..., 0] + older * n[..., 1],
        newer[..., None] * inside[..., 0, :] + older[..., None] * inside[..., 1, :],
    )
