"""Slow twin of the GRU-D; see `twin`."""

import numpy as np

from tests.liquid.cells.twin import Arrays
from tests.liquid.cells.twin_gru import gru_update


def gru_d(config: dict, params: Arrays, x: np.ndarray, gaps: np.ndarray, state: np.ndarray) -> tuple[np.ndarray, ...]:
    """Outputs and the state after each sample, (batch, length, ...)."""
    units, masks = config["units"], config.get("masks", 0)
    values = x.shape[2] - masks
    h, last, waited = np.split(state, [units, units + masks], axis=1)
    outputs, states = [], []
    for t in range(x.shape[1]):
        u, m, gap = x[:, t, :values], np.clip(x[:, t, values:], 0, 1), gaps[:, t, None]
        waits = np.minimum(np.maximum(waited, 0) + gap, 1e30)
        seen = np.concatenate([waits, gap], axis=1) if values > masks else waits
        h = h * np.exp(-np.maximum(0, seen @ params["decay_h.weight"].T + params["decay_h.bias"]))
        if masks:
            f = np.exp(-np.maximum(0, params["decay_x.weight"] * waits + params["decay_x.bias"]))
            filled = f * last + (1 - f) * params["mean"]
            u = np.concatenate([m * u[:, :masks] + (1 - m) * filled, u[:, masks:]], axis=1)
            last = m * x[:, t, :masks] + (1 - m) * last
            waited = (1 - m) * waits
        h = gru_update(params, np.concatenate([u, m], axis=1), h)
        outputs.append(h)
        states.append(np.concatenate([h, last, waited], axis=1))
    return np.stack(outputs, axis=1), np.stack(states, axis=1)
