"""Twin of liquid.learning.delayed."""

import math
from collections import deque
from dataclasses import dataclass

import numpy as np


@dataclass
class Forecast:
    """A forecast as it is kept: the inputs, the logarithms of the widening and of the half widths are rounded."""

    time: float
    mixed: float
    scale: float
    log_widening: float
    sizes: np.ndarray  # half widths in scales
    x: np.ndarray
    number: int
    waiting: bool = True

    @property
    def half(self) -> np.ndarray:
        return self.sizes * self.scale


class Delayed:
    """The latest forecasts of one horizon (s)."""

    def __init__(self, horizon: float, slots: int) -> None:
        self.horizon = horizon
        self.kept: deque[Forecast] = deque(maxlen=slots)
        self.apart = horizon / (slots - 2) * (1 - 1e-9)
        self.made = 0

    def remember(
        self, time: float, mixed: float, scale: float, widening: float, half: np.ndarray, x: np.ndarray
    ) -> None:
        if self.kept and time - self.kept[-1].time < self.apart:
            return
        self.made += 1
        x = np.array([round(float(v) * 40) / 40 for v in x])
        codes = [min(round(60 * math.log(max(h / (0.1 * max(scale, 1e-9)), 1.0))), 255) for h in half]
        sizes = 0.1 * np.exp(np.array(codes) / 60)
        self.kept.append(Forecast(time, mixed, scale, round(math.log(widening) * 60) / 60, sizes, x, self.made))

    def due(self, time: float, unit: float) -> list[Forecast]:
        """Those that an event at `time` is late enough for, in the order of their slots; they wait no longer."""
        early = min(self.horizon - 0.5 * unit, self.horizon * (1 - 1e-9))
        found = [p for p in self.kept if p.waiting and time - p.time >= early]
        for p in found:
            p.waiting = False
        return sorted(found, key=lambda p: (p.number - 1) % self.kept.maxlen)

    def pending(self, p: Forecast) -> int:
        return self.made - p.number + 1

    def recode(self, factor: float, shift: float) -> None:
        for p in self.kept:
            p.mixed = max(-1e4, min(p.mixed * factor - shift, 1e4))
            p.scale = min(p.scale * factor, 1e4)
