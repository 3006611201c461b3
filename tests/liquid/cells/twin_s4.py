"""Slow twin of `liquid.cells.S4`: full matrices over all conjugate modes, solved by elimination, in any precision."""

import numpy as np

from tests.liquid.cells.twin import Arrays


def solve(matrix: np.ndarray, right: np.ndarray) -> np.ndarray:
    """``matrix^-1 right`` by Gauss-Jordan elimination with row pivots, for types that LAPACK does not know."""
    rows = np.concatenate([matrix, right], axis=1)
    for i in range(len(rows)):
        pivot = i + np.argmax(np.abs(rows[i:, i]))
        rows[[i, pivot]] = rows[[pivot, i]]
        rows[i] /= rows[i, i]
        for j in range(len(rows)):
            if j != i:
                rows[j] -= rows[j, i] * rows[i]
    return rows[:, len(rows) :]


def both(half: np.ndarray) -> np.ndarray:
    """All modes from one half of them."""
    return np.concatenate([half, half.conj()])


def matrices(params: Arrays, channel: int, time: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(1 - h A)^-1 (1 + h A) and (1 - h A)^-1 time B."""
    lam = both(-np.exp(params["log_A_real"][channel]) + 1j * params["A_imag"][channel])
    p, b = (both(params[f"{name}_real"][channel] + 1j * params[f"{name}_imag"][channel]) for name in "PB")
    a, eye = np.diag(lam) - np.outer(p, p.conj()), np.eye(len(lam)).astype(lam.dtype)
    h = time / 2
    return solve(eye - h * a, eye + h * a), solve(eye - h * a, (time * b)[:, None])[:, 0]


def s4(config: dict, params: Arrays, x: np.ndarray, gaps: np.ndarray, state: np.ndarray) -> tuple[np.ndarray, ...]:
    """Outputs and the state after each sample, (batch, length, ...)."""
    batch, length, channels = x.shape
    y, states = np.empty_like(x), np.empty((batch, length, *state.shape[1:]), x.dtype)
    parts = state.reshape(batch, channels, 2, -1)
    for s in range(batch):
        for c in range(channels):
            z = both(parts[s, c, 0] + 1j * parts[s, c, 1])
            weights = both(params["C_real"][c] + 1j * params["C_imag"][c])
            for k in range(length):
                u = x[s, k, c]
                a, b = matrices(params, c, np.exp(params["log_dt"][c]) * gaps[s, k])
                liquid = b * u * z if config.get("recurrence") == "hadamard" else 0
                z = a @ z + liquid + b * u
                half = z[: len(z) // 2]
                y[s, k, c] = (weights @ z).real + params["D"][c] * u
                states[s, k].reshape(channels, 2, -1)[c] = [half.real, half.imag]
    return y, states
