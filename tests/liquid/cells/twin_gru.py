"""Slow twins of the GRU and the LSTM; see `twin`."""

import numpy as np

from tests.liquid.cells.twin import Arrays, sigmoid


def timed(config: dict, u: np.ndarray, gap: np.ndarray) -> np.ndarray:
    if config.get("time_feature", "append") == "none":
        return u
    return np.concatenate([u, np.log1p(gap)[:, None]], axis=1)


def gates(params: Arrays, u: np.ndarray | None, h: np.ndarray, prefix: str = "") -> tuple[np.ndarray, ...]:
    """z and n of a gated unit, whose input may be missing."""
    weights = {name.removeprefix(prefix): value for name, value in params.items() if name.startswith(prefix)}
    from_input = weights["bias_ih"] + (0 if u is None else u @ weights["weight_ih"].T)
    from_state = weights["bias_hh"] + h @ weights["weight_hh"].T
    (ir, iz, inn), (hr, hz, hn) = np.split(from_input, 3, axis=-1), np.split(from_state, 3, axis=-1)
    return sigmoid(iz + hz), np.tanh(inn + sigmoid(ir + hr) * hn)


def gru_update(params: Arrays, u: np.ndarray, h: np.ndarray, prefix: str = "") -> np.ndarray:
    z, n = gates(params, u, h, prefix)
    return (1 - z) * n + z * h


def gru(config: dict, params: Arrays, x: np.ndarray, gaps: np.ndarray, state: np.ndarray) -> tuple[np.ndarray, ...]:
    """Outputs and the state after each sample, (batch, length, ...)."""
    h, states = state, []
    for t in range(x.shape[1]):
        h = gru_update(params, timed(config, x[:, t], gaps[:, t]), h)
        states.append(h)
    return np.stack(states, axis=1), np.stack(states, axis=1)


def lstm(config: dict, params: Arrays, x: np.ndarray, gaps: np.ndarray, state: np.ndarray) -> tuple[np.ndarray, ...]:
    """As `gru`."""
    h, c = np.split(state, 2, axis=1)
    outputs, states = [], []
    for t in range(x.shape[1]):
        u = timed(config, x[:, t], gaps[:, t])
        from_input = u @ params["weight_ih"].T + params["bias_ih"]
        i, f, g, o = np.split(from_input + h @ params["weight_hh"].T + params["bias_hh"], 4, axis=1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        outputs.append(h)
        states.append(np.concatenate([h, c], axis=1))
    return np.stack(outputs, axis=1), np.stack(states, axis=1)
