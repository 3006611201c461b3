"""Twin of liquid.anomaly.tails."""

import math
from dataclasses import dataclass, field

import numpy as np

from liquid.anomaly.tails import CAP, FIRST, FORGET, PEAKS, SHAPE


@dataclass(eq=False)
class Peak:
    """Largest value of one cluster."""

    height: float


@dataclass
class Tail:
    samples_each: int = 1
    together: int = 10
    longest: int = 30
    floor: float = 0.0
    body: bool = False
    peaks: list[Peak] = field(default_factory=list)  # largest first
    median: float = 0.0
    spread: float = 0.0
    count: int = 0
    cluster: Peak | None = None  # the peak of the newest cluster
    begin: int = 0
    last: int = 0

    def evidence(self, statistic: float) -> float:
        """-log10 of how often so high a peak is expected; then learn the value."""
        z = float(np.float32(statistic))
        n = self.count
        if n == 0:
            self.median = z
        full = len(self.peaks) == PEAKS
        a = self._judge(z, n * self.samples_each) if full and n * self.samples_each > FIRST else 0.0
        above = not full or z > self.peaks[-1].height
        self._centre(z, n)
        if full and n > 0 and n % max(FORGET // self.samples_each, 1) == 0:
            self.peaks[0].height = self.peaks[1].height
        if above:
            self._insert(z, n)
        self.count += 1
        return a

    def _judge(self, z: float, samples: int) -> float:
        second, fifth = self.peaks[1].height, self.peaks[-1].height
        expected = math.log10(samples / PEAKS)
        if z > fifth and z > self.median:
            scale = max(
                (second - fifth) / math.log(PEAKS / 2),
                0.3 * max(fifth - self.median, self.spread),
                self.floor,
                1e-9 * (abs(fifth) + 1e-3),
            )
            if not self.body:
                expected *= min((z - fifth) / (0.2 * max(fifth - self.median, 1e-12)), 1)
            return min(expected + math.log(1 + SHAPE * (z - fifth) / scale) / (SHAPE * math.log(10)), CAP)
        if self.body and z > self.median and fifth > self.median:
            return expected * (z - self.median) / (fifth - self.median)
        return 0.0

    def _centre(self, z: float, n: int) -> None:
        """Running median and mean absolute deviation, robust once there are some values."""
        rate = max(1 / (n + 1), 0.002)
        d = z - self.median
        off = min(abs(d), 5 * self.spread + 1e-9) if n > 50 else abs(d)
        self.spread += rate * (off - self.spread)
        self.median += rate * (max(-2 * self.spread, min(d, 2 * self.spread)) if n > 10 else d)

    def _insert(self, z: float, n: int) -> None:
        same = self.cluster is not None and n - self.last <= self.together and n - self.begin < self.longest
        if not same:
            self.cluster = Peak(z)
            self.peaks = [*self.peaks[: PEAKS - 1], self.cluster]
            self.begin = n
        elif z > self.cluster.height:
            self.cluster.height = z
        self.last = n
        self.peaks.sort(key=lambda peak: -peak.height)
