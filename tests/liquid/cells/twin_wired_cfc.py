"""The slow twin of the wired CfC: as printed, in plain numpy. See `tests.liquid.cells.twin`."""

import numpy as np

from liquid.wirings import Wiring
from tests.liquid.cells.twin import Arrays, sigmoid


def wired_cfc(
    config: dict, wiring: Wiring, params: Arrays, x: np.ndarray, gaps: np.ndarray, state: np.ndarray
) -> tuple[np.ndarray, ...]:
    """Outputs and the state after each sample, (batch, length, ...)."""
    units = len(wiring.adjacency)
    h, c = state[:, :units], state[:, units:]
    ends = np.cumsum([0, *(len(layer) for layer in wiring.layers)])
    outputs, states = [], []
    for t in range(x.shape[1]):
        u, gap = x[:, t], gaps[:, t, None]
        if config.get("mixed_memory"):
            gates = u @ params["lstm.input_map.weight"].T + params["lstm.input_map.bias"]
            gates = gates + h @ params["lstm.recurrent_map.weight"].T
            i, ig, fg, og = np.split(gates, 4, axis=1)
            c = c * sigmoid(fg + 1) + np.tanh(i) * sigmoid(ig)
            h = np.tanh(c) * sigmoid(og)
        signal, new = u, []
        for i, layer in enumerate(wiring.layers):
            synapses = wiring.adjacency[list(wiring.layers[i - 1])] if i else wiring.sensory
            seen = (synapses[:, list(layer)] != 0).T
            mask = np.hstack([seen, np.ones((len(layer), len(layer)))])
            z = np.hstack([signal, h[:, ends[i] : ends[i + 1]]])
            signal = neurons(f"rnn_cell.layer_{i}", config.get("mode", "default"), params, mask, z, gap)
            new.append(signal)
        h = np.concatenate(new, axis=1)
        outputs.append(signal @ params["fc.weight"].T + params["fc.bias"] if "fc.weight" in params else signal)
        states.append(np.concatenate([h, c], axis=1))
    return np.stack(outputs, axis=1), np.stack(states, axis=1)


def neurons(name: str, mode: str, params: Arrays, mask: np.ndarray, z: np.ndarray, gap: np.ndarray) -> np.ndarray:
    """One layer's new state."""

    def linear(head: str, mask: np.ndarray | int = 1) -> np.ndarray:
        return z @ (params[f"{name}.{head}.weight"] * mask).T + params[f"{name}.{head}.bias"]

    a1 = linear("ff1", mask)
    if mode == "pure":
        scale = params[f"{name}.A"]
        return scale - scale * np.exp(-gap * (np.abs(params[f"{name}.w_tau"]) + np.abs(a1))) * a1
    g, k = np.tanh(a1), np.tanh(linear("ff2", mask))
    s = sigmoid(linear("time_a") * gap + linear("time_b"))
    return g + s * k if mode == "no_gate" else g * (1 - s) + s * k
