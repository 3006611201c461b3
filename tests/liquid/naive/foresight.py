"""Twin of liquid.anomaly.foresight."""

import math
from dataclasses import dataclass


@dataclass
class Foresight:
    short: float = 0.0
    square: float = 0.0
    median: float = 0.0
    spread: float = 0.0

    def observe(self, error: float, n: int) -> tuple[float, float]:
        e = min(error, 1e3) if error > 1e-3 else 0.0
        miss = min(e / (math.sqrt(self.square) + 0.03), 15)
        new = e**2 if n <= 50 else min(e**2, 25 * self.square + 1e-24)
        self.square += max(1 / (n + 1), 1 / 2000) * (new - self.square)

        self.short += (min(e, 8) ** 2 - self.short) / min(8, n + 1)
        x = math.log(math.sqrt(self.short) + 0.03)
        if n == 0:
            self.median = x
        d = x - self.median
        still = min(max(1 - (self.median - math.log(0.03)), 0), 1)
        unrest = max(d - 1e-6, 0) / (self.spread + (1 - still) * 0.1 + still * 0.5)
        rate = max(1 / (n + 1), 0.002)
        off = abs(d) if n <= 50 else min(abs(d), 5 * self.spread + 1e-9)
        self.spread += rate * (off - self.spread)
        self.median += rate * (d if n <= 10 else max(-2 * self.spread, min(d, 2 * self.spread)))
        return (miss, unrest) if n >= 100 else (0.0, 0.0)
