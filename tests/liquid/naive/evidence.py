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
        self.runs = [0]  # lengths of all runs of equal values, their first ones not counted; the newest last
        self.forgotten: list[int] = []  # lengths of the longest, which no longer count
        self.frequency = Frequency()

    def statistics(self, s: Seen) -> dict[str, float]:
        return {
            "value": s.x,
            "surprise": s.surprise,
            "drift": self.drift.add(s.surprise, s.n),
            "level": self.level.add(s.x, s.n),
            "season": self._season(s),
            "noise": math.log(self.noise.add(abs(s.surprise), s.n) + 1e-3),
            "roughness": math.log(self.roughness.add(abs(s.x - s.previous_x), s.n) + 1e-3),
            "frequency": self.frequency.add(s),
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
        if s.n > 0 and abs(s.value - s.previous) <= 1e-12 * abs(s.value):
            self.runs[-1] += 1
        elif s.n > 0:
            self.runs.append(0)
        *ended, run = self.runs
        if s.n > 0 and s.n % 5000 == 0 and len(ended) >= 2:  # the longest counts as the second from now on
            first, second = sorted(ended, reverse=True)[:2]
            self.runs[ended.index(first)] = second
            ended = self.runs[:-1]
        if s.n <= 100 or len(ended) < 5 or run > s.n / 2:
            return 0.0
        _, second, _, _, fifth = sorted(ended, reverse=True)[:5]
        beyond = run - fifth
        if beyond <= 0:
            return 0.0
        scale = max((second - fifth) / math.log(5 / 2), 0.5 * fifth, 1.0)
        ramp = min(beyond / (0.2 * fifth), 1.0) if fifth else 1.0
        return min(ramp * math.log10(s.n / 5) + math.log10(1 + 0.1 * beyond / scale) / 0.1, 8.0)


class Usual:
    """Mean size of what has come so far, robust once there were 20."""

    def __init__(self) -> None:
        self.size = 0.0
        self.count = 0

    def relative(self, new: float) -> float:
        """The new size in usual ones; then learn it."""
        out = min(new / (self.size + 1e-3), 30.0) if self.count > 5 else 1.0
        bounded = min(new, 4 * self.size + 1e-6) if self.count >= 20 else new
        self.size += (bounded - self.size) / min(self.count + 1, 500)
        self.count += 1
        return out


class Frequency:
    def __init__(self) -> None:
        self.steps = [Usual() for _ in range(4)]
        self.sizes = Usual()
        self.sign = 0
        self.means = [Mean(64) for _ in range(3)]
        self.median = [0.0] * 3
        self.spread = [0.0] * 3

    def add(self, s: Seen) -> float:
        x, residual = clip(s.x, 8), clip(s.surprise, 8)
        kind = sum(s.gap > end for end in (0.7, 1.4, 2.8))
        sign = int(math.copysign(1, residual)) if abs(residual) > 1e-3 else 0
        now = (self.steps[kind].relative(abs(x - s.previous_x)), sign * self.sign, self.sizes.relative(abs(residual)))
        self.sign = sign
        step, signs, size = (mean.add(v, s.n) for mean, v in zip(self.means, now, strict=True))
        total = sum(
            self._off(j, z, s.n) ** 2 for j, z in enumerate((math.log(step + 0.05), signs, math.log(size + 0.05)))
        )
        return total if s.n >= 400 and step > 0.02 else 0.0

    def _off(self, j: int, z: float, n: int) -> float:
        """Distance from the median so far, in deviations; then learn it."""
        if n == 0:
            self.median[j] = z
        d, spread = z - self.median[j], self.spread[j]
        rate = max(1 / (n + 1), 0.001)
        self.spread[j] += rate * (min(abs(d), 5 * spread + 0.1) - spread)
        self.median[j] += rate * clip(d, 2 * self.spread[j] + 0.1)
        return d / (1.25 * spread + 0.1)
