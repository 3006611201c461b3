"""Rolling robust z: distance to the median of the last 300 values, in their median absolute deviations."""

from __future__ import annotations

import numpy as np

from benchmarks.quality.detectors.base import Detector, Hints

WINDOW, LEAST = 300, 20


class RobustZ(Detector):
    def __init__(self, hints: Hints) -> None:
        super().__init__(hints)
        self.values = np.zeros(WINDOW)
        self.n = 0

    def score(self, time: float, value: float) -> float:
        known = self.values[: min(self.n, WINDOW)]
        score = 0.0
        if self.n >= LEAST:
            median = np.median(known)
            spread = 1.4826 * np.median(np.abs(known - median))
            # A series that stands still has no spread: a thousandth of its range stands in.
            score = abs(value - median) / max(spread, 1e-3 * (self.hints.high - self.hints.low), 1e-12)
        self.values[self.n % WINDOW] = value
        self.n += 1
        return float(score)
