"""Twin of liquid.features.scale."""

import math
from dataclasses import dataclass
from typing import NamedTuple

from liquid.features.scale import CLIP, MEMORY


class Change(NamedTuple):
    """What `Scale.observe` says: stored z become z * factor - shift when `recode`."""

    recode: bool
    factor: float
    shift: float
    deviation: float


@dataclass
class Scale:
    centre: float = 0.0
    step: float = 0.0
    mean: float = 0.0
    variance: float = 0.0

    def observe(self, value: float, n: int) -> Change:
        if n == 0:
            self.centre = value
        d = value - self.centre - self.mean
        if n > 50 and self.variance > 0:
            reach = CLIP * math.sqrt(self.variance)
            d = max(-reach, min(d, reach))
        a = max(1 / (n + 1), 1 / MEMORY)
        self.mean += a * d
        self.variance = (1 - a) * (self.variance + a * d * d)
        deviation = math.sqrt(self.variance) + 1e-12 * abs(self.centre + self.mean) + 1e-280
        if n < 2:
            return Change(False, 1.0, 0.0, deviation)
        fits = self.step > 0 and self.step / 1.5 <= deviation <= self.step * 1.5
        if fits and abs(self.mean) <= 3 * deviation:
            return Change(False, 1.0, 0.0, deviation)
        factor, shift = self.step / deviation, self.mean / deviation
        self.centre += self.mean
        self.mean = 0.0
        self.step = deviation
        return Change(True, factor, shift, deviation)
