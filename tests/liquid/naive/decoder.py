"""Twin of liquid.learning.decoder, differentiated by complex steps."""

import numpy as np

from liquid.learning.decoder import CFC, DAMPING, DECAY, NONE, RATE, UNITS, initial_weights

TINY = 1e-30


def bounded(v: np.ndarray, limit: float) -> np.ndarray:
    """Clip by the real part: constant, so without derivative, outside."""
    return np.where(v.real > limit, limit, np.where(v.real < -limit, -limit, v))


def sigmoid(v: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-bounded(v, 30.0)))


class Decoder:
    def __init__(self, kind: int, units: int = UNITS) -> None:
        self.kind = kind
        self.weight = initial_weights().astype(float)[:, :units]
        self.square = np.zeros_like(self.weight)
        self.updates = 0

    def _units(self, heads: np.ndarray, distance: float) -> np.ndarray:
        """Features of the units for the four heads' pre-activations."""
        damp = 1 / (1 + distance / DAMPING)
        if self.kind == CFC:
            g, k = np.tanh(heads[0]), np.tanh(heads[1])
            time, start = sigmoid(heads[2] * np.log1p(distance) + heads[3]), sigmoid(heads[3])
            return damp * ((g * (1 - time) + k * time) - (g * (1 - start) + k * start))
        amplitude, gate, turn = np.tanh(heads[0]), np.tanh(heads[1]), np.tanh(heads[3])
        rate = np.exp(bounded(heads[2], 3.0)) * (1 + 0.5 * gate) / DAMPING
        gone = rate * distance
        gone = np.where(gone.real > 30, 30, gone)
        return damp * amplitude * (1 - np.exp(-gone) * np.cos(turn * distance))

    def forward(self, u: np.ndarray, distance: float) -> np.ndarray:
        """h, (units,)."""
        if self.kind == NONE:
            return np.zeros(self.weight.shape[1])
        return self._units((self.weight @ np.append(u, 1.0)).astype(complex), distance).real

    def slope(self, u: np.ndarray, distance: float) -> np.ndarray:
        """dh / d pre-activation of the four heads, (4, units)."""
        heads = self.weight @ np.append(u, 1.0)
        nudged = np.repeat(heads[:, None].astype(complex), 4, axis=1)  # head, which one is nudged, unit
        nudged[range(4), range(4)] += 1j * TINY
        return self._units(nudged, distance).imag / TINY

    def learn(self, u: np.ndarray, slope: np.ndarray, readout: np.ndarray, drive: float) -> None:
        """RMSprop with bias correction."""
        self.updates += 1
        gradient = drive * (readout * slope)[:, :, None] * np.append(u, 1.0)
        self.square = DECAY * self.square + (1 - DECAY) * gradient**2
        mean_square = self.square / (1 - DECAY ** min(self.updates, 8000))
        self.weight = self.weight - RATE * gradient / (np.sqrt(mean_square) + 1e-8)
