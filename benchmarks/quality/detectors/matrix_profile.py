"""Left matrix profile by stumpy's `stumpi`: distance of the newest window to its nearest earlier one (Yeh et al. 2016),
standardised by its running mean and deviation.

A window is as long as the strongest repetition of the rows that are not scored; HISTORY rows are kept. Both count rows:
gaps in time are not seen."""

from __future__ import annotations

from math import sqrt

import numpy as np
import stumpy

from benchmarks.quality.detectors.base import Detector, Hints

HISTORY = 8000
RATE = 0.001


class MatrixProfile(Detector):
    slow = True

    def __init__(self, hints: Hints) -> None:
        super().__init__(hints)
        self.window = max(4, min(hints.window, hints.warm_up // 4))
        # Rows that are not there yet are nan to stumpy: no window with one has a distance. No profile of them is
        # computed, for none is read.
        length = max(HISTORY, 2 * self.window)
        unknown = np.full((length - self.window + 1, 4), -1, object)
        unknown[:, 0] = np.inf
        self.profile = stumpy.stumpi(np.full(length, np.nan), self.window, egress=True, mp=unknown)
        self.n = 0
        self.mean = self.variance = 0.0

    def score(self, time: float, value: float) -> float:
        self.profile.update(value)
        distance = float(self.profile.left_P_[-1])
        if not np.isfinite(distance):
            return 0.0
        score = (distance - self.mean) / sqrt(self.variance + 1e-6) if self.n > self.window else 0.0
        self.n += 1
        rate = max(1.0 / self.n, RATE)
        off = distance - self.mean
        self.mean += rate * off
        self.variance += rate * ((1.0 - rate) * off * off - self.variance)
        return score
