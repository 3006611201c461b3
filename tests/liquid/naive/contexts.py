"""Twin of liquid.anomaly.contexts, with counts as plain integers."""

import math
from collections import defaultdict

from liquid.anomaly.contexts import FIRST
from tests.liquid.naive.phase import hour_of_day

FULL = 4032  # the largest count that a byte stands for
EXACT = 64


def raised(count: int, n: int) -> int:
    """The count after one more event, number n: exact to 64, then one of every `step` events adds `step`."""
    step = max(1, 2 ** (count.bit_length() - 6))
    coin = (n * 2654435761 >> 16) % step
    return count + step if coin == 0 else count


def halved(count: int) -> int:
    return count // 2


class Context:
    """How often each bin came in each situation."""

    def __init__(self, bins: int) -> None:
        self.bins = bins
        self.counts: dict[tuple[int, ...], list[int]] = defaultdict(lambda: [0] * bins)

    def judge(self, situation: tuple[int, ...], k: int, n: int) -> float:
        counts = self.counts[situation]
        near = counts[k] + 0.5 * sum(counts[j] for j in (k - 1, k + 1) if 0 <= j < self.bins)
        a = math.log10((sum(counts) + 1) / (near + 0.1))
        if counts[k] == FULL:
            counts[:] = [halved(c) for c in counts]
        counts[k] = raised(counts[k], n)
        return max(a, 0.0)


class Habits:
    def __init__(self, bins: int = 16, hours: int = 24) -> None:
        self.bins, self.hours = bins, hours
        self.low = self.high = 0.0
        self.mean3 = self.mean10 = self.mean30 = 0.0
        self.last = self.before = 0  # bins
        self.count = 0
        self.pair, self.trend, self.hour, self.hour_mean = (Context(bins) for _ in range(4))

    def observe(self, time: float, value: float) -> list[float]:
        """Evidence of the four contexts, in the order of the module's docstring."""
        if self.count == 0:
            self.low = self.high = self.mean3 = self.mean10 = self.mean30 = value
        self.low, self.high = min(self.low, value), max(self.high, value)
        longer = self._bin(self.mean30)
        self.mean3 += (value - self.mean3) / 3
        self.mean10 += (value - self.mean10) / 10
        self.mean30 += (value - self.mean30) / 30
        k = self._bin(value)
        hour = hour_of_day(time) // (24 // self.hours)
        n = self.count
        out = [
            self.pair.judge((self.last, self.before), k, n),
            self.trend.judge((longer,), self._bin(self.mean3), n),
            self.hour.judge((hour,), k, n),
            self.hour_mean.judge((hour,), self._bin(self.mean10), n),
        ]
        self.last, self.before = k, self.last
        self.count += 1
        return out if n > FIRST else [0.0] * 4

    def _bin(self, value: float) -> int:
        width = self.high - self.low + 1e-12 * abs(self.low) + 1e-290
        return math.floor(max(0.0, min((value - self.low) / width * self.bins, self.bins - 1.0)))
