"""What people say of alerts moves the line of the series: by a bounded amount, for a bounded number of events.

The line of a group of evidence is shifted by a share (`liquid.anomaly.alertable`):

- *useless* raises it by STEP for the group that spoke loudest, less for the others by their shares, up to MOST;
- *missed* lowers it by MISSED likewise (for all groups alike where the shares are not known), down to LEAST;
- *useful* takes back a part FORGIVEN of the shifts of the groups that spoke.

What is said of many series because of an alert of one holds for the others by the share OTHERS: each has reasons of its
own, but few have alerts enough to learn from alone.

All shifts fade with e^(-events / FADE). They depend on the row and on what is said alone, never on a clock.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np

from liquid.anomaly.alertable import FADE
from liquid.results import EVIDENCE

MARKS: Final = ("useful", "useless", "missed")

STEP: Final = 0.10
MISSED: Final = 0.05
FORGIVEN: Final = 0.5
OTHERS: Final = 0.3
MOST: Final = 0.50
LEAST: Final = -0.20

_NONE: Final = 1e-4  # a shift below is none


class Effect(NamedTuple):
    """Factors of the line before and after, by group of evidence; those of 1 are left out. event : events seen."""

    event: int
    before: dict[str, float]
    after: dict[str, float]


def apply(row: np.void, mark: str, shares: Mapping[str, float], weight: float = 1.0) -> Effect:
    """Take one word on an alert (or on one that should have come) into the row of its series.

    Parameters
    ----------
    row : of a model; changed in place. mark : one of MARKS. shares : share of each group of evidence in the score;
        empty where they are not known. Unknown groups are ignored. weight : share of the effect, 0 to 1.

    Raises
    ------
    ValueError : an unknown mark.
    """
    if mark not in MARKS:
        raise ValueError(f"a mark is one of {', '.join(MARKS)}, not {mark!r}")
    said, n = row["detector"]["episode"]["feedback"], int(row["clock"]["events"])
    left = math.exp(-(n - int(said["event"])) / FADE) if said["any"] else 0.0
    shift = [float(s) * left for s in said["shift"]]
    before = factors(shift)
    for k, part in enumerate(weight * share for share in _parts(shares)):
        if mark == "useless":
            shift[k] = min(shift[k] + STEP * part, max(MOST, shift[k]))
        elif mark == "missed":
            shift[k] = max(shift[k] - MISSED * part, min(LEAST, shift[k]))
        else:
            shift[k] *= 1.0 - FORGIVEN * part
    said["shift"] = [s if abs(s) >= _NONE else 0.0 for s in shift]
    said["event"] = n
    said["any"] = bool(np.any(said["shift"]))
    return Effect(n, before, factors([float(s) for s in said["shift"]]))


def put(row: np.void, effect: Effect) -> None:
    """Bring a row of the same series to what an effect left."""
    said = row["detector"]["episode"]["feedback"]
    said["shift"] = [effect.after.get(name, 1.0) - 1.0 for name in EVIDENCE]
    said["event"] = effect.event
    said["any"] = bool(effect.after)


def factors(shift: list[float]) -> dict[str, float]:
    """The factors of the line that are not 1, by group of evidence."""
    return {name: round(1.0 + s, 6) for name, s in zip(EVIDENCE, shift, strict=True) if abs(s) >= _NONE}


def _parts(shares: Mapping[str, float]) -> list[float]:
    """Share of each group as a part of the largest; 1 for all where none is known."""
    known = [max(float(shares.get(name, 0.0)), 0.0) for name in EVIDENCE]
    largest = max(known)
    if not (math.isfinite(largest) and largest > 0.0):
        return [1.0] * len(EVIDENCE)
    return [share / largest if math.isfinite(share) else 0.0 for share in known]
