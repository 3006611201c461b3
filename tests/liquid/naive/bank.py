"""Twin of liquid.features.bank."""

import cmath
import math

import numpy as np

from liquid.features.bank import _W, CFC, FAST, FEATURES, GATE, LIQUID_S4, NONE, SLOW

PERIODS = 3.0
CAP = 1e3


def clip(x: float, limit: float) -> float:
    return max(-limit, min(x, limit))


def sigmoid(v: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-np.clip(v, -30, 30)))


def ramp(x: float, tau: float, gap: float, before: float, after: float) -> float:
    """x(gap) of dx/dt = (u - x)/tau, u a straight line: the line, less its lag slope tau, plus what decays."""
    if gap == 0:
        return x
    lag = (after - before) / gap * tau
    return x + (after - before) + (x - before + lag) * math.expm1(-gap / tau)


def evolve(x: complex, period: float, harmonic: int, u: float, gap: float) -> complex:
    """x(gap) of x' = (lambda + B v) x + B u, lambda = -B + i omega, v = GATE tanh(u), u held."""
    B = 1 / (PERIODS * period)
    omega = 2 * math.pi * harmonic / period
    pole = complex(-B + B * GATE * math.tanh(u), omega)
    rest = -B * u / pole  # where x' = 0
    return rest + (x - rest) * cmath.exp(pole * gap)


class Bank:
    def __init__(self, kind: int, size: int = FEATURES) -> None:
        self.kind = kind
        self.size = size  # features; two are those of the real modes alone
        self.fast = 0.0
        self.slow = 0.0
        self.period = 0.0
        self.mode = [0j, 0j]
        self.head = np.zeros((4, size))

    def retune(self, period: float) -> None:
        self.period = period
        self.mode = [0j, 0j]

    def observe(self, gap: float, before: float, after: float, first: bool) -> None:
        if first:
            self.fast = self.slow = after
            return
        self.fast = ramp(self.fast, FAST, gap, before, after)
        self.slow = ramp(self.slow, SLOW, gap, before, after)
        if self.kind == LIQUID_S4 and self.period > 0:
            self.mode = [
                evolve(x, self.period, h, clip(before, 8), min(gap, 1e4)) for h, x in enumerate(self.mode, start=1)
            ]
            self.mode = [complex(clip(x.real, CAP), clip(x.imag, CAP)) for x in self.mode]
        if self.kind == CFC:
            inputs = [clip(after, 5), clip(after - before, 5), math.log1p(min(gap, 1e6)), *self._state(gap), 1.0]
            W = np.delete(_W[:, : self.size], range(3 + self.size, 9), axis=2)
            g, k, a, b = W @ np.array(inputs)
            self.head = np.array([np.tanh(g), np.tanh(k), a, b])

    def _state(self, gap: float) -> np.ndarray:
        """Closed-form cell: from head g to head k by a sigmoid in time."""
        g, k, a, b = self.head
        s = sigmoid(a * min(gap, 48) + b)
        return g * (1 - s) + k * s

    def features(self, mode: list[complex], distance: float, z: float, fast: float, slow: float) -> np.ndarray:
        """How the state of an origin moves over a distance."""
        if self.kind == NONE:
            return np.zeros(self.size)
        if self.kind == CFC:
            return self._state(distance) - self._state(0.0)
        out = np.zeros(FEATURES)
        out[0] = (fast - z) * (1 - math.exp(-distance / FAST))
        out[1] = (slow - z) * (1 - math.exp(-distance / SLOW))
        if self.period > 0:
            for h, x in enumerate(mode, start=1):
                moved = 2 * (evolve(x, self.period, h, clip(z, 8), min(distance, 1e4)) - x)
                out[2 * h : 2 * h + 2] = moved.real, moved.imag
        return out[: self.size]

    def recode(self, factor: float, shift: float) -> None:
        self.fast = clip(self.fast * factor - shift, 1e6)
        self.slow = clip(self.slow * factor - shift, 1e6)
        self.mode = [complex(clip(x.real * factor, CAP), clip(x.imag * factor, CAP)) for x in self.mode]
