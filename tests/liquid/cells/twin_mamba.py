"""Slow twin of the selective state space block; see `tests.liquid.cells.twin`."""

import numpy as np

from tests.liquid.cells.twin import Arrays, sigmoid


def mamba(
    config: dict, params: Arrays, x: np.ndarray, gaps: np.ndarray, state: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Outputs (batch, length, width) and the last state of the modes (batch, inner, modes)."""
    a, taps = np.exp(params["A_log"]), params["conv1d.weight"][:, 0]
    (inner, modes), kernel, batch = a.shape, taps.shape[1], len(x)
    past = state[:, : (kernel - 1) * inner].reshape(batch, kernel - 1, inner)
    h = state[:, (kernel - 1) * inner :].reshape(batch, inner, modes)
    v, z = np.split(x @ params["in_proj.weight"].T, 2, axis=2)
    v = np.concatenate([past, v], axis=1)
    outputs = []
    for t in range(x.shape[1]):
        c = (v[:, t : t + kernel] * taps.T).sum(axis=1) + params["conv1d.bias"]
        s = c * sigmoid(c)
        select = s @ params["x_proj.weight"].T
        dt, b, c = np.split(select, [-2 * modes, -modes], axis=1)
        rate = np.log(1 + np.exp(dt @ params["dt_proj.weight"].T + params["dt_proj.bias"]))
        time = (rate * gaps[:, t, None])[..., None]
        decay = np.exp(-a * time)
        gain = (1 - decay) / a if config.get("discretisation") == "zoh" else time
        h = decay * h + gain * s[..., None] * b[:, None]
        y = np.einsum("bim,bm->bi", h, c) + params["D"] * s
        outputs.append((y * z[:, t] * sigmoid(z[:, t])) @ params["out_proj.weight"].T)
    return np.stack(outputs, axis=1), h
