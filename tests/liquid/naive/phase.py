"""Twin of liquid.features.phase."""

import math

import numpy as np


def hour_of_day(day_time: float) -> int:
    """A time within a millisecond of a full hour lies in the hour that begins."""
    return math.floor((day_time + 0.001) % 86400 / 3600) % 24


def stored(z: float) -> float:
    """z in 1024ths up to 16, beyond on a grid of 1024 steps an octave, to the end of 16 bits."""
    if abs(z) <= 16:
        return round(1024 * z) / 1024
    octaves = min(round(1024 * math.log2(abs(z) / 16)), 32767 - 16 * 1024) / 1024
    return math.copysign(16 * 2**octaves, z)


class Table:
    """Mean value (on the grid of `stored`) and mean phase (in 255ths of a bin) of the events of each bin."""

    def __init__(self, bins: int, period: float) -> None:
        self.bins = bins
        self.period = period
        self.value = np.zeros(bins)
        self.phase = np.zeros(bins)
        self.visits = np.zeros(bins)

    def _place(self, time: float) -> float:
        """Where in the period, in bins: [0, bins). A time at the edge of a bin, but for rounding, begins it."""
        place = (time % self.period) / self.period * self.bins + 1e-9
        return place if place < self.bins else 0.0

    def learn(self, time: float, z: float, rate: float) -> None:
        place = self._place(time)
        b = math.floor(place)
        inside = 255 * (place - b)
        r = max(1 / (self.visits[b] + 1), rate)
        if self.visits[b] == 0:
            r = 1.0
        self.value[b] = stored(self.value[b] + r * (z - self.value[b]))
        self.phase[b] = math.floor(self.phase[b] + r * (inside - self.phase[b]) + 0.5)
        self.visits[b] = min(self.visits[b] + 1, 255)

    def knots(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean places (in bins) and values of the visited bins, once around and one more on either side."""
        seen = np.flatnonzero(self.visits)
        x = seen + self.phase[seen] / 255
        y = self.value[seen]
        x = np.concatenate(([x[-1] - self.bins], x, [x[0] + self.bins]))
        return x, np.concatenate(([y[-1]], y, [y[0]]))

    def look_up(self, time: float, otherwise: float) -> float:
        """On the straight lines between the knots."""
        if not self.visits.any():
            return otherwise
        return float(np.interp(self._place(time), *self.knots()))

    def recode(self, factor: float, shift: float) -> None:
        self.value = np.array([stored(v) for v in self.value * factor - shift])
