"""Slow twins of the cells: the formulas as printed, in plain numpy, in whatever precision the arrays have.

Their gradients are numerical, by differences in extended precision, so that they share nothing with the kernels.
"""

from collections.abc import Callable, Mapping
from math import pi

import numpy as np

Arrays = Mapping[str, np.ndarray]
LONG = np.longdouble
# Where long double is only a double, differences are that much coarser.
DIFFERENCES = 1e-13 if np.finfo(LONG).eps < 1e-18 else 1e-8


def sigmoid(z: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-z))


def erf(z: np.ndarray) -> np.ndarray:
    """Its power series, for |z| < 4."""
    term, total = z, z
    for n in range(1, 120):
        term = -term * z * z / n
        total = total + term / (2 * n + 1)
    return 2 / np.sqrt(z.dtype.type(pi)) * total


ACTIVATIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "lecun_tanh": lambda z: 1.7159 * np.tanh(0.666 * z),
    "silu": lambda z: z * sigmoid(z),
    "relu": lambda z: np.where(z < 0, 0, z),
    "tanh": np.tanh,
    "gelu": lambda z: z * (1 + erf(z * np.sqrt(z.dtype.type(0.5)))) / 2,
}


def cfc(config: dict, params: Arrays, x: np.ndarray, gaps: np.ndarray, state: np.ndarray) -> tuple[np.ndarray, ...]:
    """Outputs and the state after each sample, (batch, length, ...)."""
    units = config["units"]
    weights = {name.removeprefix("rnn_cell."): value for name, value in params.items()}

    def linear(name: str, z: np.ndarray) -> np.ndarray:
        return z @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]

    h, c = state[:, :units], state[:, units:]
    outputs, states = [], []
    for t in range(x.shape[1]):
        u, gap = x[:, t], gaps[:, t, None]
        if config.get("mixed_memory"):
            gates = linear("lstm.input_map", u) + h @ weights["lstm.recurrent_map.weight"].T
            i, ig, fg, og = np.split(gates, 4, axis=1)
            c = c * sigmoid(fg + 1) + np.tanh(i) * sigmoid(ig)
            h = np.tanh(c) * sigmoid(og)
        q = np.concatenate([u, h], axis=1)
        for layer in range(config.get("backbone_layers", 1)):
            q = ACTIVATIONS[config.get("activation", "lecun_tanh")](linear(f"backbone.{2 * layer}", q))
        a1 = linear("ff1", q)
        if config.get("mode") == "pure":
            scale = weights["A"]
            h = scale - scale * np.exp(-gap * (np.abs(weights["w_tau"]) + np.abs(a1))) * a1
        else:
            g, k = np.tanh(a1), np.tanh(linear("ff2", q))
            s = sigmoid(linear("time_a", q) * gap + linear("time_b", q))
            h = g + s * k if config.get("mode") == "no_gate" else g * (1 - s) + s * k
        outputs.append(linear("fc", h) if "fc.weight" in weights else h)
        states.append(np.concatenate([h, c], axis=1))
    return np.stack(outputs, axis=1), np.stack(states, axis=1)


def liquid_s4(
    config: dict, params: Arrays, x: np.ndarray, gaps: np.ndarray, state: np.ndarray
) -> tuple[np.ndarray, ...]:
    """As `cfc`."""
    recurrence, real = config.get("recurrence", "exact"), "A_imag" not in params
    batch, length, channels = x.shape

    def pair(name: str) -> np.ndarray:
        return params[f"{name}_real"] + 1j * (0 if real else params[f"{name}_imag"])

    lam = -np.exp(params["log_A_real"]) + 1j * (0 if real else params["A_imag"])
    b, c = pair("B"), pair("C")
    parts = state.reshape(batch, channels, -1 if real else 2, lam.shape[1])
    z = parts[:, :, 0] + 1j * (0 if real else parts[:, :, 1])
    outputs, states = [], []
    for t in range(length):
        u, time = x[:, t, :, None], (np.exp(params["log_dt"]) * gaps[:, t, None])[..., None]
        g = lam + 0 * u
        if recurrence == "exact":
            g = np.minimum((lam + b * u).real, 0.01 * lam.real) + 1j * (lam + b * u).imag
        if config.get("discretisation", "zoh") == "zoh":
            a = np.exp(g * time)
            gain = np.where(time == 0, 0, (a - 1) / g)
        else:
            a, gain = (1 + g * time / 2) / (1 - g * time / 2), time / (1 - g * time / 2)
        z = (a + gain * b * u * (recurrence == "hadamard")) * z + gain * b * u
        outputs.append((1 if real else 2) * (c * z).real.sum(-1) + params["D"] * x[:, t])
        states.append((z.real if real else np.stack([z.real, z.imag], 2)).reshape(batch, -1))
    return np.stack(outputs, axis=1), np.stack(states, axis=1)


def extended(values: Arrays) -> dict[str, np.ndarray]:
    return {name: np.asarray(value, LONG) for name, value in values.items()}


def slope(f: Callable[[np.ndarray], np.ndarray], at: np.ndarray) -> np.ndarray:
    """df/d(at) of a scalar function by central differences of order 8, (*at.shape)."""
    at = np.asarray(at, LONG)
    weights = {1: LONG(4) / 5, 2: -LONG(1) / 5, 3: LONG(4) / 105, 4: -LONG(1) / 280}
    h = LONG(5e-4)
    result = np.zeros(at.shape, LONG)
    for i in np.ndindex(at.shape):
        there = at.copy()
        for steps, weight in weights.items():
            there[i] = at[i] + steps * h
            up = f(there)
            there[i] = at[i] - steps * h
            result[i] += weight * (up - f(there)) / h
    return result
