"""river's HalfSpaceTrees on the last eight values, scaled to the extremes of the rows that are not scored.

river takes 10 trees of height 8 and a window of 250 by default; the features must lie in 0..1, so that what lies beyond
the extremes is cut off there (a quarter of the range is left free on both sides)."""

from __future__ import annotations

from collections import deque

from river import anomaly

from benchmarks.quality.detectors.base import Detector, Hints

SHINGLE = 8


class HalfSpaceTrees(Detector):
    slow = True

    def __init__(self, hints: Hints) -> None:
        super().__init__(hints)
        self.river = anomaly.HalfSpaceTrees(seed=0)
        self.recent: deque[float] = deque(maxlen=SHINGLE)

    def score(self, time: float, value: float) -> float:
        width = 2.0 * (self.hints.high - self.hints.low) or 1.0
        self.recent.append(min(max((value - self.hints.low) / width + 0.25, 0.0), 1.0))
        if len(self.recent) < SHINGLE:
            return 0.0
        x = dict(enumerate(self.recent))
        score = float(self.river.score_one(x))
        self.river.learn_one(x)
        return score
