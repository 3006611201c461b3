"""What a kind of evidence is made of.

A file in this folder describes one kind: `STATE`, the dtype of what it keeps per series (started at zero);
`statistic(state, seen)`, a kernel that takes an event into the state and gives a number, larger or smaller where
something is unusual; and `TAILS`, which says what of that number counts. It becomes part of the detector by its line in
`__init__.py`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Tail(NamedTuple):
    """One tail of a statistic.

    Parameters
    ----------
    side : +1 large values are unusual, -1 small ones. group : of `liquid.results.EVIDENCE`.
    floor : smallest scale of the tail, in the statistic's unit. weight : in the sum of squares.
    together : values closer than this belong to one cluster. longest : a cluster is cut after so many values.
    judged : the statistic is evidence already, and no calibrator is kept.
    """

    side: int
    group: str
    floor: float = 0.0
    weight: float = 1.0
    together: int = 10
    longest: int = 30
    judged: bool = False


#: What every kind of evidence is told of an event: events before it, its time (s) and value, the previous value, the
#: gap in usual gaps, the standardised value and the previous one (clipped), the predictor's residual.
SEEN = np.dtype(
    [
        ("n", "i8"),
        ("time", "f8"),
        ("value", "f8"),
        ("previous", "f8"),
        ("gap", "f8"),
        ("x", "f8"),
        ("previous_x", "f8"),
        ("surprise", "f8"),
    ],
    align=True,
)
