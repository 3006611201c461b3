"""What every detector of the comparison is: it scores each event by what came before, then learns it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from benchmarks.quality.labelled import Labelled
from stream.evaluate import period


@dataclass(frozen=True)
class Hints:
    """What a detector is told in advance, taken from the rows that are not scored.

    warm_up : their number. window : rows of the strongest repetition in them. low, high : their extremes."""

    warm_up: int
    window: int
    low: float = 0.0
    high: float = 1.0

    @staticmethod
    def of(s: Labelled) -> Hints:
        head = s.value[: s.warm_up]
        head = head[np.isfinite(head)]
        low, high = (float(head.min()), float(head.max())) if len(head) else (0.0, 1.0)
        return Hints(s.warm_up, period(head), low, high)


class Detector:
    """Scores events one by one; higher is more anomalous.

    slow : only asked on full series, not on thinned ones."""

    slow: ClassVar[bool] = False

    def __init__(self, hints: Hints) -> None:
        self.hints = hints

    def score(self, time: float, value: float) -> float:
        """The score of an event from what came before, then learn it."""
        raise NotImplementedError
