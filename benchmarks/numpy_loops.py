"""The mathematics of a cell as a loop of numpy calls: what a compiled cell is compared with where there is no torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from liquid.cells import CfC, LiquidS4

Step = Callable[[Any, Any, Any], tuple[Any, Any]]  # state, u, gap -> y, next state


def sigmoid(z: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-z))


def cfc(cell: CfC, params: Mapping[str, np.ndarray]) -> tuple[Step, np.ndarray]:
    """CfC in the default mode with one backbone layer, heads in one product: a step and the first state."""
    heads = ("ff1", "ff2", "time_a", "time_b")
    w0, b0 = (params[f"rnn_cell.backbone.0.{part}"].copy() for part in ("weight", "bias"))
    w, b = (np.concatenate([params[f"rnn_cell.{h}.{part}"] for h in heads]) for part in ("weight", "bias"))
    n = cell.units

    def step(h: np.ndarray, u: np.ndarray, gap: float) -> tuple[np.ndarray, np.ndarray]:
        q = 1.7159 * np.tanh(0.666 * (w0 @ np.concatenate([u, h]) + b0))
        a = w @ q + b
        g, k = np.tanh(a[:n]), np.tanh(a[n : 2 * n])
        s = sigmoid(a[2 * n : 3 * n] * gap + a[3 * n :])
        h = g * (1 - s) + s * k
        return h, h

    return step, np.zeros(n, cell.dtype)


def liquid_s4(cell: LiquidS4, params: Mapping[str, np.ndarray]) -> tuple[Step, np.ndarray]:
    """The exact liquid recurrence with complex modes: a step and the first state."""
    lam = -np.exp(params["log_A_real"]) + 1j * params["A_imag"]
    b, c = (params[f"{n}_real"] + 1j * params[f"{n}_imag"] for n in ("B", "C"))
    dt, through, limit = np.exp(params["log_dt"])[:, None], params["D"], -0.01 * np.exp(params["log_A_real"])

    def step(x: np.ndarray, u: np.ndarray, gap: float) -> tuple[np.ndarray, np.ndarray]:
        v = b * u[:, None]
        g = lam + v
        g = np.minimum(g.real, limit) + 1j * g.imag
        a = np.exp(g * (dt * gap))
        x = a * x + (a - 1) / g * v
        return 2 * (c * x).real.sum(1) + through * u, x

    return step, np.zeros((cell.inputs, cell.modes), np.result_type(cell.dtype, np.complex64))
