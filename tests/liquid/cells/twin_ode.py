"""Slow twins of the neural ODE, the ODE-RNN and the GRU-ODE; see `twin`."""

from collections.abc import Callable

import numpy as np

from tests.liquid.cells.twin import ACTIVATIONS, Arrays
from tests.liquid.cells.twin_gru import gates, gru_update

Field = Callable[[np.ndarray], np.ndarray]


def solve(config: dict, field: Field, h: np.ndarray, gap: np.ndarray, longest: float) -> np.ndarray:
    unfolds = config.get("unfolds", 4)
    dt = (np.minimum(gap, longest) / unfolds)[:, None]
    for _ in range(unfolds):
        k1 = field(h)
        if config.get("solver") == "euler":
            h = h + dt * k1
            continue
        k2 = field(h + dt / 2 * k1)
        k3 = field(h + dt / 2 * k2)
        k4 = field(h + dt * k3)
        h = h + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    return h


def mlp(config: dict, params: Arrays, z: np.ndarray) -> np.ndarray:
    layers = config.get("hidden_layers", 1)
    for layer in range(layers + 1):
        z = z @ params[f"field.{layer}.weight"].T + params[f"field.{layer}.bias"]
        z = np.tanh(z) if layer == layers else ACTIVATIONS[config.get("activation", "tanh")](z)
    return z


def neural_ode(
    config: dict, params: Arrays, x: np.ndarray, gaps: np.ndarray, state: np.ndarray
) -> tuple[np.ndarray, ...]:
    """Outputs and the state after each sample, (batch, length, ...)."""

    def step(u: np.ndarray, gap: np.ndarray, h: np.ndarray) -> np.ndarray:
        def field(v: np.ndarray) -> np.ndarray:
            return mlp(config, params, np.concatenate([u, v], axis=1))

        return solve(config, field, h, gap, config.get("max_gap", 10.0))

    return each(step, x, gaps, state)


def ode_rnn(config: dict, params: Arrays, x: np.ndarray, gaps: np.ndarray, state: np.ndarray) -> tuple[np.ndarray, ...]:
    """As `neural_ode`."""

    def step(u: np.ndarray, gap: np.ndarray, h: np.ndarray) -> np.ndarray:
        h = solve(config, lambda v: mlp(config, params, v), h, gap, config.get("max_gap", 10.0))
        return gru_update(params, u, h, "gru.")

    return each(step, x, gaps, state)


def gru_ode(config: dict, params: Arrays, x: np.ndarray, gaps: np.ndarray, state: np.ndarray) -> tuple[np.ndarray, ...]:
    """As `neural_ode`."""

    def field(h: np.ndarray) -> np.ndarray:
        z, n = gates(params, None, h, "field.")
        return (1 - z) * (n - h)

    def step(u: np.ndarray, gap: np.ndarray, h: np.ndarray) -> np.ndarray:
        longest = min(config.get("max_gap", 10.0), config.get("unfolds", 4))
        return gru_update(params, u, solve(config, field, h, gap, longest), "gru.")

    return each(step, x, gaps, state)


def each(step: Callable[..., np.ndarray], x: np.ndarray, gaps: np.ndarray, h: np.ndarray) -> tuple[np.ndarray, ...]:
    states = []
    for t in range(x.shape[1]):
        h = step(x[:, t], gaps[:, t], h)
        states.append(h)
    return np.stack(states, axis=1), np.stack(states, axis=1)
