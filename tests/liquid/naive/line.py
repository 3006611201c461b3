"""Twin of liquid.anomaly.line."""

import math
from dataclasses import dataclass

from liquid.anomaly.line import LEARNING, LINE, LONGEST, QUIET


def youth(n: int) -> float:
    return 1 + math.exp(-(n + 1) / 200)


@dataclass
class Crossing:
    first: int
    last: int


@dataclass
class Line:
    lately: float = 0.0
    own: float = 0.0
    crossing: Crossing | None = None
    value: float | None = None  # the first of the last crossing

    def observe(self, evidence: float, value: float, n: int) -> float:
        self.lately *= math.exp(-1 / 2000)
        if n >= LEARNING:
            self.own = max(self.own - 0.03 / 2000, 0)
        line = LINE * youth(n) * (1 + 0.15 * self.lately) * math.exp(self.own)
        ratio = evidence / line
        c = self.crossing
        if c and (n - c.first >= LONGEST or (ratio < 1 and n - c.last >= QUIET)):
            self.crossing = None
        elif ratio >= 1 and c:
            c.last = n
        elif ratio >= 1:
            self.crossing = Crossing(n, n)
            self.lately += 1
            again = self.value is not None and abs(value - self.value) <= 1e-12 * abs(value)
            self.own = min(self.own + 0.03 * min(ratio**2, 8) * (5 if again else 1), 1)
            self.value = value
        return line
