"""What a kind of drift is made of.

A file in this folder describes one kind: `STATE`, the dtype of what it keeps per series (started at zero) to bring what
it watches to a common size; `PROMISED`, what its scores are compared with, one number a score (None: their own mean,
learned); `SIDES`, 1 for a score of which only more is a drift, else 0; `LINES`, a row a score; and `scores(state, seen,
n, out)`, a kernel that takes an event into the state, fills `out.score` (bounded, without unit) and `out.correlation`
and tells whether the event says anything of this kind. n is the number of events of the reference: it starts again when
a drift begins, so that all rates do. A kind becomes part of the model by its line in `__init__.py`.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from liquid._jit import njit

#: Deviations at which the averages over `sequential.WINDOWS` reach the line. Each gives about as many false alarms, all
#: scores of a kind together at most one in 10,000 quiet events (`python -m benchmarks.quality.drift`).
LINE: Final = (4.6, 4.3, 3.7, 2.9)

MOST_SCORES: Final = 4
#: Events after which the reference has forgotten half of what it knew, about: its longest memory.
MEMORY: Final = 4096.0
YOUNG: Final = 500
#: Scores beyond are taken as this: one event can only say so much.
BOUND: Final = 3.0
BOUND_SIZE: Final = 2.5
#: A standard deviation in mean absolute deviations of the normal distribution.
DEVIATION: Final = 1.2533
FIRST: Final = 20  # events before anything is clipped to the spread seen so far

#: What every kind is told of an event: its time (s), the same on the clock of the series' day, its gap (s), its value,
#: the next-event forecast's error (where `forecast` is 0 there was none), and whether the value lay outside the 80 %
#: and the 95 % interval.
SEEN: Final = np.dtype(
    [
        ("time", "f8"),
        ("day_time", "f8"),
        ("gap", "f8"),
        ("value", "f8"),
        ("error", "f8"),
        ("missed80", "u1"),
        ("missed95", "u1"),
        ("forecast", "u1"),
    ],
    align=True,
)

#: What a kind says of an event: scores, and the autocorrelation from one event to the next that they are expected to
#: have where little is known yet.
SCORES: Final = np.dtype([("score", "f8", (MOST_SCORES,)), ("correlation", "f8", (MOST_SCORES,))])


@njit
def rate(n):
    """Weight of the newest of n + 1 events in a reference.

    At first twice that of a plain mean, so that what came before other parts had learned their share is soon forgotten.
    """
    if n < YOUNG:
        return 2.0 / (n + 2.0)
    return max(1.0 / (n + 1.0 - 0.5 * YOUNG), 1.0 / MEMORY)


@njit
def clip(x, bound):
    """x within +-bound."""
    return min(max(x, -bound), bound)
