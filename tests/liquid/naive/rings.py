"""Twin of liquid.features.rings: lists of codes, explicit windows."""

import math

import numpy as np

from liquid.features.rings import FADE, MIN_BLOCKS, SPREAD, STEPS, WINDOW

SHARPNESS = 1.5
SOFT = 1e-3
SAME = 2e-5
WEIGHTS = FADE ** np.arange(WINDOW - 1, -1, -1.0)
WEIGHTS /= WEIGHTS.sum()


def code(x: float) -> int:
    return round(max(-127.0, min(x, 127.0)))


def nearly_exp(x: np.ndarray) -> np.ndarray:
    """The form of exp(-x) that the kernel is specified to use."""
    return (1 - np.minimum(x, 40) / 64) ** 64


class Level:
    """Blocks of 2**level grid cells."""

    def __init__(self, level: int, length: int, ahead: int) -> None:
        self.size = 2**level
        self.length = length
        self.codes: list[int] = []  # the last `length`, oldest first
        self.blocks = 0
        self.cells: list[float] = []  # values of the cells since the last block
        self.distance = -1.0
        self.curve = np.zeros(ahead)
        self.spread = np.zeros(SPREAD)

    def push(self, value: float, centre: float, step: float) -> bool:
        """Append one cell; True when that completes a block."""
        self.cells.append(value)
        if len(self.cells) < self.size:
            return False
        mean = math.fsum(v - centre for v in self.cells) / self.size
        self.cells = []
        self.codes.append(code(mean / step * STEPS) if step > 0 else 0)
        self.codes = self.codes[-self.length :]
        self.blocks += 1
        return True

    def recode(self, factor: float, shift: float) -> None:
        self.codes = [code(c * factor - shift * STEPS) for c in self.codes]
        self.curve = np.clip(self.curve * factor - shift * STEPS, -1e6, 1e6)
        self.spread = np.minimum(self.spread * factor, 1e6)

    @property
    def enough(self) -> bool:
        return self.blocks >= MIN_BLOCKS

    @property
    def ready(self) -> bool:
        return self.distance >= 0

    def search(self, softness: float, decay=nearly_exp) -> None:
        """Compare the newest window with all that end before it begins."""
        codes = np.array(self.codes, float)
        windows = np.lib.stride_tricks.sliding_window_view(codes, WINDOW)
        mean = windows @ WEIGHTS
        deviation = np.sqrt(((windows - mean[:, None]) ** 2) @ WEIGHTS)
        scaled = (windows - mean[:, None]) / (deviation + softness)[:, None]  # softened: less than unit variance
        newest = scaled[-1]
        earlier = scaled[: len(codes) - 2 * WINDOW + 1]
        d2 = ((earlier - newest) ** 2) @ WEIGHTS  # = v_q + v_a - 2 cov of the softened windows
        z2 = d2.min() if d2.min() >= SAME else 0.0
        self.distance = math.sqrt(z2)
        weight = decay(SHARPNESS * (d2 - z2) / (z2 + SOFT))
        weight /= weight.sum()
        for k in range(len(self.curve)):
            after = codes[WINDOW - 1 + k :][: len(earlier)] - mean[: len(earlier)]
            expected = weight @ after
            self.curve[k] = mean[-1] + expected
            if k < SPREAD:
                self.spread[k] = math.sqrt(weight @ (after - expected) ** 2)


class Rings:
    def __init__(self, levels: int, length: int, ahead: int = 18) -> None:
        self.level = [Level(k, length, ahead) for k in range(levels)]

    def push(self, previous: float, value: float, cells: int, centre: float, step: float) -> list[int]:
        """Append `cells` cells on the straight line from previous to value; the levels that got new blocks."""
        fresh = set()
        for c in range(1, cells + 1):
            v = value if c == cells else previous + (value - previous) * c / cells
            fresh |= {k for k, level in enumerate(self.level) if level.push(v, centre, step)}
        return sorted(fresh)

    def recode(self, factor: float, shift: float) -> None:
        for level in self.level:
            level.recode(factor, shift)
