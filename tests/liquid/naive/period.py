"""Twin of liquid.features.period."""

import numpy as np

from liquid.features.period import EVERY, YOUNG

LEAST, STRONG, DIP, TOP, ALIKE, SURE = 4, 0.4, 0.2, 0.9, 0.05, 4.5


def autocorrelation_peak(x: np.ndarray) -> float:
    """The smallest lag whose autocorrelation peaks (nearly) as high as any, or 0."""
    n = len(x)
    x = x - np.mean(x)
    power = x @ x
    if power <= 1e-9:
        return 0.0
    last = n // 3
    r = np.array([1.0] + [x[:-lag] @ x[lag:] / power * n / (n - lag) for lag in range(1, last + 1)])
    peaks = [
        lag
        for lag in range(LEAST, last)
        if r[lag - 1] <= r[lag] >= r[lag + 1] and r[lag] - min(r[1:lag].min(), 1.0) >= DIP
    ]
    top = max((r[lag] for lag in peaks), default=0.0)
    if top < max(STRONG, SURE / n**0.5):
        return 0.0
    lag = next(lag for lag in peaks if r[lag] >= TOP * top)
    curve = r[lag - 1] - 2 * r[lag] + r[lag + 1]  # the parabola through the three points
    return lag + (0.5 * (r[lag - 1] - r[lag + 1]) / curve if curve < 0 else 0.0)


def alike(a: float, b: float) -> bool:
    return abs(a / b - 1) < ALIKE


class Period:
    def __init__(self) -> None:
        self.period = 0.0
        self.candidate = 0.0
        self.votes = 0
        self.level = 0

    def look(self, codes: list[int], level: int, blocks: int, pushed: int) -> bool:
        """Search a level that got `pushed` new blocks, `blocks` in all; True when the period changed."""
        every = EVERY if blocks >= EVERY else YOUNG
        if blocks < 2 * YOUNG or blocks // every == (blocks - pushed) // every:
            return False
        lag = autocorrelation_peak(np.array(codes, float))
        if lag == 0:
            return self._missing(level)
        found = lag * 2**level
        if self.period > 0 and alike(found, self.period):
            self.votes = 0
            if level <= self.level:  # seen better now
                self.period = found
            return False
        if self.period > 0 and level > self.level:  # the finest level that saw one keeps it
            return False
        if self.candidate > 0 and alike(found, self.candidate):
            self.period, self.candidate, self.level, self.votes = found, 0.0, level, 0
            return True
        self.candidate = found
        return False

    def _missing(self, level: int) -> bool:
        if self.period == 0 or self.level != level:
            return False
        self.votes -= 1
        if self.votes > -4:
            return False
        self.period, self.votes = 0.0, 0
        return True
