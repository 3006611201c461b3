"""The slow twin of the LTC cell: as printed, in plain numpy. See `tests.liquid.cells.twin`."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

import numpy as np
from scipy.integrate import RK45

from liquid.wirings import Wiring
from tests.liquid.cells.twin import Arrays, sigmoid

MAX_STEPS = 1000


@dataclass
class Neurons:
    """One sequence's equation ``cm dv/dt = N(v) - D(v) v`` with a fixed input; matrices are (source, destination)."""

    gleak: np.ndarray
    vleak: np.ndarray
    cm: np.ndarray
    w: np.ndarray
    sigma: np.ndarray
    mu: np.ndarray
    erev: np.ndarray
    sensory_w: np.ndarray
    sensory_gates: np.ndarray
    sensory_erev: np.ndarray

    def terms(self, v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        g = self.w * sigmoid(self.sigma * (v[:, None] - self.mu))
        s = self.sensory_w * self.sensory_gates
        n = self.gleak * self.vleak + (g * self.erev).sum(0) + (s * self.sensory_erev).sum(0)
        return n, self.gleak + g.sum(0) + s.sum(0)

    def slope(self, v: np.ndarray) -> np.ndarray:
        n, d = self.terms(v)
        return (n - d * v) / self.cm

    @property
    def rate(self) -> np.ndarray:
        return ((self.gleak + self.w.sum(0) + self.sensory_w.sum(0)) / self.cm).max()


def neurons(config: dict, wiring: Wiring, params: Arrays, u: np.ndarray) -> Neurons:
    p = {name.removeprefix("rnn_cell."): value for name, value in params.items()}

    def positive(name: str) -> np.ndarray:
        if not config.get("implicit_param_constraints", True):
            return p[name]
        return np.where(p[name] > 20, p[name], np.log1p(np.exp(np.minimum(p[name], 20))))

    x = u * p.get("input_w", 1) + p.get("input_b", 0)
    return Neurons(
        positive("gleak"), p["vleak"], np.maximum(positive("cm"), 1e-30),
        positive("w") * np.abs(wiring.adjacency), p["sigma"], p["mu"], p["erev"],
        positive("sensory_w") * np.abs(wiring.sensory),
        sigmoid(p["sensory_sigma"] * (x[:, None] - p["sensory_mu"])), p["sensory_erev"],
    )  # fmt: skip


def ltc(
    config: dict, wiring: Wiring, params: Arrays, x: np.ndarray, gaps: np.ndarray, state: np.ndarray
) -> tuple[np.ndarray, ...]:
    """Outputs and the state after each sample, (batch, length, ...)."""
    units, outputs = len(wiring.adjacency), []
    states = np.empty((*gaps.shape, state.shape[1]), state.dtype)
    for b in range(len(x)):
        v, c = state[b, :units], state[b, units:]
        for t in range(x.shape[1]):
            if config.get("mixed_memory"):
                gates = params["lstm.input_map.weight"] @ x[b, t] + params["lstm.input_map.bias"]
                i, ig, fg, og = np.split(gates + params["lstm.recurrent_map.weight"] @ v, 4)
                c = c * sigmoid(fg + 1) + np.tanh(i) * sigmoid(ig)
                v = np.tanh(c) * sigmoid(og)
            v = solve(config, neurons(config, wiring, params, x[b, t]), v, gaps[b, t])
            states[b, t] = np.concatenate([v, c])
            motors = v[: wiring.outputs] * params.get("rnn_cell.output_w", 1)
            outputs.append(motors + params.get("rnn_cell.output_b", 0))
    return np.reshape(outputs, (*gaps.shape, -1)), states


def solve(config: dict, cell: Neurons, v: np.ndarray, gap: np.ndarray) -> np.ndarray:
    solver, steps = config.get("solver", "fused"), config.get("ode_unfolds", 6)
    if solver == "fused":
        return fused(config, cell, v, gap, steps)
    if solver == "dopri5":
        return dopri5(config, cell, v, gap)
    if not gap * cell.rate <= max(MAX_STEPS, steps):
        return fused(config, cell, v, gap, max(MAX_STEPS, steps))
    steps = max(steps, ceil(gap * cell.rate))
    for _ in range(steps):
        v = v + EXPLICIT[solver](cell.slope, v, gap / steps)
    return v


def fused(config: dict, cell: Neurons, v: np.ndarray, gap: np.ndarray, steps: int) -> np.ndarray:
    if gap == 0:
        return v
    c = cell.cm * steps / gap
    for _ in range(steps):
        n, d = cell.terms(v)
        v = (c * v + n) / (c + d + config.get("epsilon", 1e-8))
    return v


def euler(f: Callable[[np.ndarray], np.ndarray], v: np.ndarray, h: np.ndarray) -> np.ndarray:
    return h * f(v)


def rk4(f: Callable[[np.ndarray], np.ndarray], v: np.ndarray, h: np.ndarray) -> np.ndarray:
    k1 = h * f(v)
    k2 = h * f(v + k1 / 2)
    k3 = h * f(v + k2 / 2)
    k4 = h * f(v + k3)
    return (k1 + 2 * k2 + 2 * k3 + k4) / 6


EXPLICIT = {"euler": euler, "rk4": rk4}


def dopri5(config: dict, cell: Neurons, v: np.ndarray, gap: np.ndarray) -> np.ndarray:
    """By the tableau of scipy; steps are the gap times powers of two, down to 2^-40."""
    rtol, atol = config.get("rtol", 1e-4), config.get("atol", 1e-6)
    done, size, least = Fraction(0), Fraction(1), Fraction(1, 2**40)
    while gap * cell.rate * v.dtype.type(float(size)) > 1:
        size /= 2
    if size < least:
        return fused(config, cell, v, gap, config.get("ode_unfolds", 6))
    for _ in range(MAX_STEPS):
        h = gap * v.dtype.type(float(size))
        slopes = [cell.slope(v)]
        for row in RK45.A[1:]:
            slopes.append(cell.slope(v + h * sum(a * k for a, k in zip(row, slopes, strict=False))))
        new = v + h * sum(b * k for b, k in zip(RK45.B, slopes, strict=True))
        slopes.append(cell.slope(new))
        difference = h * sum(e * k for e, k in zip(RK45.E, slopes, strict=True))
        error = np.max(np.abs(difference) / (atol + rtol * np.maximum(np.abs(v), np.abs(new))))
        if error > 1 and size > least:
            size /= 2
            continue
        v, done = new, done + size
        if done == 1:
            return v
        if error < 1 / 64 and done % (2 * size) == 0:
            size *= 2
    return fused(config, cell, v, gap * v.dtype.type(float(1 - done)), config.get("ode_unfolds", 6))
