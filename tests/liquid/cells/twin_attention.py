"""Slow twin of causal attention: every output looks back over all samples; see `tests.liquid.cells.twin`."""

import numpy as np

from tests.liquid.cells import twin_layers
from tests.liquid.cells.twin import Arrays


def turned(k: np.ndarray, base: float, age: np.ndarray) -> np.ndarray:
    """R(-age) k for keys (..., size)."""
    half = k.shape[-1] // 2
    angle = -age * k.dtype.type(base) ** (-np.arange(half).astype(k.dtype) / half)
    first, second = k[..., :half], k[..., half:]
    return np.concatenate(
        [first * np.cos(angle) - second * np.sin(angle), second * np.cos(angle) + first * np.sin(angle)], axis=-1
    )


def attention(config: dict, params: Arrays, x: np.ndarray, gaps: np.ndarray) -> np.ndarray:
    """Outputs (batch, length, width) of sequences that start with an empty cache."""
    heads, window = config.get("heads", 1), config.get("window", 64)
    groups = config.get("kv_heads") or heads
    batch, length, _ = x.shape
    size = len(params["q_proj.weight"]) // heads
    q, k, v = ((x @ params[f"{n}_proj.weight"].T).reshape(batch, length, -1, size) for n in "qkv")
    if config.get("qk_norm"):
        q, k = (twin_layers.rms_norm({"weight": params[f"{n}_layernorm.weight"]}, a) for n, a in (("q", q), ("k", k)))
    times = np.cumsum(gaps, axis=1)
    outputs = []
    for t in range(length):
        first = max(0, t - window + 1)
        age = times[:, t, None] - times[:, first : t + 1]
        parts = []
        for h in range(heads):
            g = h // (heads // groups)
            keys, values = k[:, first : t + 1, g], v[:, first : t + 1, g]
            if config.get("position", "rotary") == "rotary":
                keys = turned(keys, config.get("base", 10000.0), age[..., None])
            score = np.einsum("bi,bsi->bs", q[:, t, h], keys) / np.sqrt(x.dtype.type(size))
            if config.get("position") == "decay":
                score = score - np.exp(params["log_slope"][h]) * age
            weight = np.exp(score - score.max(axis=1, keepdims=True))
            parts.append(np.einsum("bs,bsi->bi", weight / weight.sum(axis=1, keepdims=True), values))
        outputs.append(np.concatenate(parts, axis=1) @ params["out_proj.weight"].T)
    return np.stack(outputs, axis=1)
