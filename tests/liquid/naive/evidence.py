"""Twins of the statistics in liquid.anomaly.evidence, by the same names."""

import math
from dataclasses import dataclass

from tests.liquid.naive.phase import hour_of_day


@dataclass
class Seen:
    """What every kind of evidence is told of an event."""

    n: int  # events before it
    time: float
    value: float
    previous: float  # value
    gap: float  # in usual gaps
    x: float  # standardised value
    previous_x: float  # clipped
    surprise: float  # residual of the predictor


def clip(x: float, limit: float) -> float:
    return max(-limit, min(x, limit))


class Mean:
    """The plain mean of the first `events` values, then one that forgets at that pace."""

    def __init__(self, events: int) -> None:
        self.events = events
        self.mean = 0.0

    def add(self, x: float, n: int) -> float:
        self.mean += (x - self.mean) / min(self.events, n + 1)
        return self.mean


class Evidence:
    """All kinds of one series."""

    def __init__(self) -> None:
        self.drift, self.noise, self.roughness = Mean(10), Mean(10), Mean(10)
        self.level, self.season = Mean(30), Mean(30)
        self.profile = [0.0] * 24  # mean x by hour of day
        self.visits = [0] * 24
        self.run = 0  # of equal values

    def statistics(self, s: Seen) -> dict[str, float]:
        return {
            "value": s.x,
            "surprise": s.surprise,
            "drift": self.drift.add(s.surprise, s.n),
            "level": self.level.add(s.x, s.n),
            "season": self._season(s),
            "noise": math.log(self.noise.add(abs(s.surprise), s.n) + 1e-3),
            "roughness": math.log(self.roughness.add(abs(s.x - s.previous_x), s.n) + 1e-3),
            "flatline": self._flatline(s),
            "gap": math.log(max(1e-3, min(s.gap, 1e12))),
        }

    def _season(self, s: Seen) -> float:
        hour = hour_of_day(s.time)
        off = self.season.add(s.x - self.profile[hour], s.n)
        self.visits[hour] += 1
        rate = max(1 / self.visits[hour], 0.03)
        self.profile[hour] += rate * clip(clip(s.x, 8) - self.profile[hour], 3)
        return off

    def _flatline(self, s: Seen) -> float:
        same = s.n > 0 and abs(s.value - s.previous) <= 1e-12 * abs(s.value)
        self.run = self.run + 1 if same else 0
        usual = self.run > s.n / 2
        return 0.0 if usual else math.log(1 + self.run)
