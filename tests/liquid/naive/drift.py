"""Twin of liquid.drift."""

import math
from dataclasses import dataclass, field

import numpy as np

from liquid.drift.base import LINE
from liquid.drift.sequential import WINDOWS
from liquid.learning.conformal import MISS

DAY, WEEK = 86400.0, 604800.0
RARE_LINE = (8.5, 6.2, 4.2, 3.0)


@dataclass
class Seen:
    """What every kind is told of an event."""

    time: float
    day_time: float
    gap: float
    value: float
    error: float | None = None  # None: nothing was forecast
    missed80: bool = False
    missed95: bool = False


def clip(x: float, bound: float) -> float:
    return max(-bound, min(x, bound))


def rate(n: int) -> float:
    return 2 / (n + 2) if n < 500 else max(1 / (n - 249), 1 / 4096)


class Input:
    lines = (tuple(1.12 * x for x in LINE),) * 2 + (LINE,) * 2
    promised = (None,) * 4
    above = (False,) * 4

    def __init__(self) -> None:
        self.mean = self.spread = self.product = self.square = self.previous = 0.0
        self.wave = np.zeros(8)

    def scores(self, seen: Seen, n: int):
        """Scores and the autocorrelations expected of them."""
        if n == 0:
            self.mean, self.spread = seen.value, 0.0
        angles = [k * 2 * math.pi * seen.day_time / DAY for k in (1, 2, 3)] + [2 * math.pi * seen.day_time / WEEK]
        waves = np.array([f(a) for a in angles for f in (math.sin, math.cos)])
        scale = max(1.2533 * self.spread, 1e-12 * abs(self.mean) + 1e-280)
        course = float(self.wave @ waves)
        deviation = clip((seen.value - self.mean) / scale - course, 1e6)
        phi = clip(self.product / max(self.square, 1e-9), 0.98) if n > 20 else 0.0
        innovation = deviation - phi * self.previous
        u = innovation / math.sqrt(1 - phi**2)
        scores = clip(deviation, 3), min(abs(deviation), 2.5), clip(2 * u, 1), min(abs(u), 2.5)

        d, r = clip(deviation, 6), rate(n)
        if n >= 20:
            self.product += rate(n - 20) * (d * self.previous - self.product)
            self.square += rate(n - 20) * (self.previous**2 - self.square)
            steps = np.array([min(r, 0.05, seen.gap / period) for period in 6 * [DAY] + 2 * [WEEK]])
            self.wave = np.clip(self.wave + 2 * steps * d * waves, -100, 100)
        away = clip(seen.value - self.mean - course * scale, 6 * scale if n > 20 else 1e300)
        self.mean += r * away
        self.spread += r * (abs(away) - self.spread)
        self.previous = d
        return scores, (phi, phi**2, 0.0, 0.0)


class Error:
    lines = (LINE, tuple(1.15 * x for x in LINE))
    promised = (None,) * 2
    above = (True, False)

    def __init__(self) -> None:
        self.size = 0.0

    def scores(self, seen: Seen, n: int):
        if seen.error is None:
            return None
        size = abs(seen.error)
        if n == 0:
            self.size = size
        usual = max(self.size, 1e-12 * abs(seen.value) + 1e-280)
        u = clip(seen.error / usual, 1e6)
        self.size += rate(n) * ((min(size, 5 * usual) if n > 20 else size) - self.size)
        return (min(abs(u), 2.5), clip(u, 2.5)), (0.0, 0.0)


class Calibration:
    lines = (LINE, RARE_LINE)
    promised = MISS[1:]
    above = (False, False)

    def scores(self, seen: Seen, n: int):
        return None if seen.error is None else ((float(seen.missed80), float(seen.missed95)), (0.0, 0.0))


class Rhythm:
    lines = (LINE,) * 2
    promised = (None,) * 2
    above = (False, False)

    def __init__(self) -> None:
        self.mean = self.spread = 0.0

    def scores(self, seen: Seen, n: int):
        if seen.gap <= 0:
            return None
        if n == 0:
            self.mean, self.spread = math.log(seen.gap), 0.0
        away = clip(math.log(seen.gap) - self.mean, 5)
        usual = max(self.spread, 0.1)
        u = away / (1.2533 * usual)
        if n > 20:
            away = clip(away, 6 * usual)
        self.mean += rate(n) * away
        self.spread += rate(n) * (abs(away) - self.spread)
        return (clip(u, 3), min(abs(u), 2.5)), (0.0, 0.0)


class Average:
    """A score's average over a window, and the factor by which dependence widens it."""

    def __init__(self, window: int, line: float) -> None:
        self.a, self.line = 1 / window, line
        self.value = self.factor = 0.0

    def take(
        self,
        away: float,
        variance: float,
        correlation: float,
        shorter: float,
        n: int,
        ever: int,
        fixed: bool,
        calm: float,
    ):
        """The average over its line, and the factor."""
        self.value += self.a * (away - self.value)
        left = self.a / (2 - self.a)
        c = correlation * (1 - self.a)
        expected = max((1 + c) / (1 - c), shorter)
        trust = max(ever - 200, 0) * self.a / 8
        factor = max((trust * self.factor + expected) / (trust + 1), 1.0)
        if n >= 200:
            ratio = min(1.3 * self.value**2 / (left * variance), 4 * factor)
            self.factor += calm * rate(ever - 200) * (ratio - self.factor)
        width = math.sqrt(variance * factor * (left + (0 if fixed else rate(n))))
        return self.value / (width * self.line), factor


class Score:
    def __init__(self, promised: float | None, above: bool, lines, windows: int) -> None:
        self.above = above
        self.promised = promised
        self.mean, self.variance = (0.0, 0.0) if promised is None else (promised, promised * (1 - promised))
        each = 4 // windows
        self.windows = WINDOWS[each - 1 :: each]
        self.averages = [Average(w, line) for w, line in zip(self.windows, lines[each - 1 :: each], strict=True)]

    def take(self, score: float, correlation: float, n: int, ever: int, calm: float) -> float:
        fixed = self.promised is not None
        variance = max(self.variance, 0.01)
        away = score - self.mean
        if n >= 20 and not fixed:
            away = clip(away, 3 * math.sqrt(variance))
        largest = factor = 0.0
        for average in self.averages:
            found, factor = average.take(away, variance, correlation, factor, n, ever, fixed, calm)
            largest = max(largest, found if self.above else abs(found))
        if not fixed:
            self.mean += calm * rate(n) * away
            self.variance += calm * rate(n) * (away**2 - self.variance)
        return largest

    def age(self) -> float:
        """Events since a step that these averages fit best."""
        w, y = np.array(self.windows), np.array([average.value for average in self.averages])
        ages = 2 * 1.25 ** np.arange(32)
        ages = ages[ages <= 2048]
        shapes = 1 - np.exp(-ages[:, None] / w)
        sizes = (shapes * w * y).sum(1) / (shapes**2 * w).sum(1)
        return float(ages[np.argmin((w * (y - sizes[:, None] * shapes) ** 2).sum(1))])


@dataclass
class Kind:
    own: Input | Error | Calibration | Rhythm
    scores: int = 4
    windows: int = 4
    events: int = 0
    ever: int = 0
    statistic: float = 0.0
    peak: float = 0.0
    onset: float = 0.0
    drifts: int = 0
    active: bool = False
    tests: list[Score] = field(init=False)

    def __post_init__(self) -> None:
        each = list(zip(self.own.promised, self.own.above, self.own.lines, strict=True))
        self.tests = [Score(promised, above, line, self.windows) for promised, above, line in each[: self.scores]]

    def take(self, seen: Seen, spacing: float) -> str | None:
        """Whether a drift has "begun" or "ended"."""
        said = self.own.scores(seen, self.events)
        if said is None:
            return None
        calm = 1 - min(self.statistic, 1.0) if self.events >= 400 else 1.0
        found = [t.take(s, c, self.events, self.ever, calm) for t, s, c in zip(self.tests, *said, strict=False)]
        self.events += 1
        self.ever += 1
        if self.events <= 400:
            return None
        self.statistic = max(found)
        if self.statistic >= 1:
            return self._cross(self.tests[int(np.argmax(found))], seen.time, spacing)
        if self.active and self.statistic < 0.5:
            self.active = False
            return "ended"
        return None

    def _cross(self, test: Score, time: float, spacing: float) -> str | None:
        change = None if self.active else "begun"
        if change:
            self.active = True
            self.drifts += 1
            self.onset = time - test.age() * spacing
            self.peak = 0.0
        self.peak = max(self.peak, self.statistic)
        self.events = 0
        for t in self.tests:
            for average in t.averages:
                average.value = 0.0
        return change


class Drift:
    def __init__(self, scores: int = 4, windows: int = 4) -> None:
        self.spacing = 0.0
        owns = {"input": Input(), "error": Error(), "calibration": Calibration(), "rhythm": Rhythm()}
        self.kinds = {name: Kind(own, scores, windows) for name, own in owns.items()}

    def observe(self, seen: Seen) -> tuple[int, float]:
        """Bits and onset of a result."""
        if self.spacing <= 0:
            self.spacing = min(seen.gap, 1e30)
        else:
            self.spacing += 0.01 * (min(seen.gap, 10 * self.spacing) - self.spacing)
        bits, onset = 0, 0.0
        for k, kind in enumerate(self.kinds.values()):
            change = kind.take(seen, self.spacing)
            bits |= kind.active << k | (change is not None) << k + 4
            onset = kind.onset if change == "begun" else onset
        return bits, onset
