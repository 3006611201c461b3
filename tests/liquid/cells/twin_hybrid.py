"""Slow twin of the hybrid stack, from the twins of its layers; see `tests.liquid.cells.twin`."""

import numpy as np

from tests.liquid.cells.twin import Arrays
from tests.liquid.cells.twin_attention import attention
from tests.liquid.cells.twin_gated_conv import gated_conv
from tests.liquid.cells.twin_layers import dense, rms_norm, swiglu


def below(params: Arrays, prefix: str) -> dict[str, np.ndarray]:
    return {name.removeprefix(prefix): value for name, value in params.items() if name.startswith(prefix)}


def hybrid(config: dict, params: Arrays, x: np.ndarray, gaps: np.ndarray) -> np.ndarray:
    """Outputs (batch, length, width) of sequences that start from nothing. `pattern` must be letters here."""
    x = dense(below(params, "embedding."), x)
    for i, letter in enumerate(config["pattern"]):
        own = below(params, f"layers.{i}.")
        u = rms_norm(below(own, "operator_norm."), x)
        if letter == "c":
            past = np.zeros((len(x), (config.get("kernel", 3) - 1) * x.shape[2]), x.dtype)
            x = x + gated_conv(config, below(own, "conv."), u, gaps, past)
        else:
            settings = {"heads": config["heads"], "kv_heads": config["kv_heads"], "window": config.get("window", 64)}
            x = x + attention({**settings, "base": 1e6, "qk_norm": True}, below(own, "self_attn."), u, gaps)
        x = x + swiglu(below(own, "feed_forward."), rms_norm(below(own, "ffn_norm."), x))
    return rms_norm(below(params, "embedding_norm."), x)
