"""Twin of liquid.features.clock."""

import math
from dataclasses import dataclass

from liquid.features.clock import MAX_CELLS

DEAD_ZONE = 1e-4
MOST = 1e6  # a gap counts as at most this many units


@dataclass
class Clock:
    time: float = 0.0
    decile: float = 0.0
    unit: float = 0.0
    cells: int = 0
    events: int = 0
    clamped: int = 0

    def advance(self, time: float) -> tuple[float, int]:
        """Gap (s) and number of new grid cells of an event."""
        before = self.events
        self.events += 1
        if before == 0:
            self.time, self.cells = time, 1
            return 0.0, 1
        gap = time - self.time
        if gap <= 0:
            self.clamped += 1
            return 0.0, 0
        self.time = time
        if self.unit == 0:
            self.decile = self.unit = gap
        self._follow_decile(gap, 0.1 if before < 50 else 0.01)
        self._lock(gap, 0.1 if before < 50 else 0.02)
        new = min(self._whole_units(gap), MAX_CELLS)
        self.cells += new
        return gap, new

    def _follow_decile(self, gap: float, rate: float) -> None:
        """Nine times as far down as up: settles where a tenth of the gaps is shorter."""
        if gap > self.decile * (1 + DEAD_ZONE):
            self.decile *= math.exp(0.2 * rate)
        elif gap < self.decile * (1 - DEAD_ZONE):
            self.decile *= math.exp(-1.8 * rate)

    def _lock(self, gap: float, rate: float) -> None:
        units = self._whole_units(gap)
        if units in (1, 2, 3):
            self.unit += rate * (gap / units - self.unit)
        if not self.decile / 1.4 <= self.unit <= 1.4 * self.decile:
            self.unit = self.decile

    def _whole_units(self, gap: float) -> int:
        return math.floor(min(gap / self.unit, MOST) + 0.5)
