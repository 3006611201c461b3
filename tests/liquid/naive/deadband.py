"""Twin of liquid.learning.deadband."""

import math


class Deadband:
    """Quantiles of the changes, and whether large ones come after long gaps."""

    def __init__(self) -> None:
        self.least = self.middle = self.longer = 0.0
        self.count = 0

    def observe(self, change: float, long: bool) -> None:
        self.count += 1
        agrees = 1.0 if (change > self.middle) == long else -1.0
        self.longer += max(0.02, 1 / self.count) * (agrees - self.longer)
        if self.count <= 30:
            self.least = min(self.least, change) if self.count > 1 else change
            self.middle += (change - self.middle) / self.count
        else:
            self.least *= math.exp(0.05 * (0.02 - (change < self.least)))
            self.middle *= math.exp(0.05 * (0.5 - (change < self.middle)))
        self._bound()

    def width(self) -> float:
        apart = self.count >= 100 and self.least > 0.25 * self.middle and self.longer < 0.4
        return self.least if apart else 0.0

    def recode(self, factor: float) -> None:
        self.least *= factor
        self.middle *= factor
        self._bound()

    def _bound(self) -> None:
        self.least = max(1e-6, min(self.least, 1e6))
        self.middle = max(1e-5, min(self.middle, 1e6))
