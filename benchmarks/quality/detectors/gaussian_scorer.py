"""river's GaussianScorer: how far out a value lies in the normal distribution of all before it."""

from __future__ import annotations

from river import anomaly

from benchmarks.quality.detectors.base import Detector, Hints


class GaussianScorer(Detector):
    def __init__(self, hints: Hints) -> None:
        super().__init__(hints)
        self.river = anomaly.GaussianScorer()

    def score(self, time: float, value: float) -> float:
        score = float(self.river.score_one(None, value))
        self.river.learn_one(None, value)
        return score
