"""Slow twin of the double-gated short convolution; see `tests.liquid.cells.twin`."""

import numpy as np

from tests.liquid.cells.twin import Arrays


def gated_conv(config: dict, params: Arrays, x: np.ndarray, gaps: np.ndarray, state: np.ndarray) -> np.ndarray:
    """Outputs (batch, length, width): the products of the past stand in front of those of the sequence."""
    taps = params["conv.weight"][:, 0]
    width, kernel = taps.shape
    z = x if config.get("time_feature") == "none" else np.concatenate([x, np.log1p(gaps)[..., None]], axis=2)
    b, c, v = np.split(z @ params["in_proj.weight"].T, 3, axis=2)
    products = np.concatenate([state.reshape(len(x), kernel - 1, width), b * v], axis=1)
    length = x.shape[1]
    mixed = np.stack([(products[:, t : t + kernel] * taps.T).sum(axis=1) for t in range(length)], axis=1)
    return (c * mixed) @ params["out_proj.weight"].T
