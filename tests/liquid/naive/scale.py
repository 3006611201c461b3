"""Twin of liquid.features.scale."""

import math
from dataclasses import dataclass
from typing import NamedTuple

from liquid.features.scale import CLIP, FOLLOW, MEMORY


class Change(NamedTuple):
    """What `Scale.observe` says: stored z become z * factor - shift when `recode`."""

    recode: bool
    factor: float
    shift: float
    deviation: float
    followed: bool = False


@dataclass
class Scale:
    centre: float = 0.0
    step: float = 0.0
    mean: float = 0.0
    variance: float = 0.0
    age: int = 0
    count: int = 0
    outside_mean: float = 0.0
    outside_size: float = 0.0

    def _follows(self, value: float) -> bool:
        s = math.sqrt(self.variance)
        if abs(value - self.centre - self.mean) <= CLIP * s:
            self.count = max(self.count - 4, 0)
            return False
        if self.count == 0:
            self.outside_mean, self.outside_size = value, 0.0
        self.count += 1
        d = value - self.outside_mean
        self.outside_mean += d / self.count
        self.outside_size += (abs(d) - self.outside_size) / self.count
        if self.count < FOLLOW:
            return False
        self.count = 0
        size = 1.25 * self.outside_size
        here, there = size * abs(self.centre + self.mean), s * abs(self.outside_mean)
        return size > 4 * s or (0 < 4 * size < s and there / 8 < here < 8 * there)

    def observe(self, value: float, n: int) -> Change:
        if n == 0:
            self.centre = value
        if n > 50 and self._follows(value):
            s = 1.25 * self.outside_size + 1e-12 * abs(self.outside_mean) + 1e-280
            grown = s > self.step
            factor, shift = (self.step / s, (self.outside_mean - self.centre) / s) if grown else (1.0, 0.0)
            self.centre, self.step, self.mean, self.variance = self.outside_mean, s, 0.0, s * s
            self.age = 50
            return Change(True, factor, shift, s, True)
        self.age += 1
        d = value - self.centre - self.mean
        if n > 50 and self.variance > 0:
            reach = CLIP * math.sqrt(self.variance)
            d = max(-reach, min(d, reach))
        a = max(1 / self.age, 1 / MEMORY)
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
