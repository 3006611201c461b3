"""Slow twins of the layers without a state; see `tests.liquid.cells.twin`."""

import numpy as np

from tests.liquid.cells.twin import Arrays, sigmoid


def dense(params: Arrays, x: np.ndarray) -> np.ndarray:
    return x @ params["weight"].T + params.get("bias", 0)


def rms_norm(params: Arrays, x: np.ndarray, epsilon: float = 1e-5) -> np.ndarray:
    return params["weight"] * x / np.sqrt(np.mean(x * x, axis=-1, keepdims=True) + x.dtype.type(epsilon))


def swiglu(params: Arrays, x: np.ndarray) -> np.ndarray:
    gate = x @ params["w1.weight"].T
    return (gate * sigmoid(gate) * (x @ params["w3.weight"].T)) @ params["w2.weight"].T
