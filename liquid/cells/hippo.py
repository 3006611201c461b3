"""Initial modes of diagonal state spaces: HiPPO and S4D (arXiv 2008.07669, 2206.11893)."""

from __future__ import annotations

from math import pi, sqrt

import numpy as np

from liquid.cells.params import Array

MEASURES = ("lin", "inv", "inv2", "quad", "legs", "legsd", "real")


def modes(measure: str, count: int) -> tuple[Array, Array]:
    """Eigenvalues and input weights of `count` modes, each ``(count,)`` and complex.

    All but "real" are one half of ``N = 2 count`` conjugate modes. lin, inv, inv2 and quad are the closed formulas of
    S4D; legs and legsd come from the normal part of HiPPO-LegS, legsd with its input weights (S4D-LegS), the others
    with 1. The phase of an eigenvector is free: here it makes the input weight positive.
    """
    n, size = np.arange(count), 2 * count
    ones = np.ones(count, complex)
    if measure == "real":
        return -(n + 1.0) + 0j, ones
    if measure == "lin":
        return -0.5 + 1j * pi * n, ones
    if measure == "inv":
        return -0.5 + 1j * size / pi * (size / (2 * n + 1) - 1), ones
    if measure == "inv2":
        return -0.5 + 1j * size / pi * (size / (n + 1) - 1), ones
    if measure == "quad":
        return -0.5 + 1j / pi * (1 + 2 * n) ** 2, ones
    if measure in ("legs", "legsd"):
        eigenvalues, weights = _legs_modes(count)
        return eigenvalues, weights if measure == "legsd" else ones
    raise ValueError(f"measure is {measure!r}, but must be one of {', '.join(MEASURES)}")


def legs(size: int) -> tuple[Array, Array]:
    """The matrices A (size, size) and B (size,) of HiPPO-LegS: ``x' = A x + B u`` holds Legendre coefficients."""
    root = np.sqrt(2 * np.arange(size) + 1.0)
    return -(np.tril(np.outer(root, root), -1) + np.diag(np.arange(size) + 1.0)), root


def legs_dplr(count: int) -> tuple[Array, Array, Array]:
    """HiPPO-LegS as in S4 (arXiv 2111.00396, theorem 1): Lambda, P and B of A = diag(Lambda) - P P*, (count,) each.

    Of ``2 count`` conjugate modes one half; phases such that B, and with it P = B / sqrt(2), is positive.
    """
    eigenvalues, weights = _legs_modes(count)
    return eigenvalues, sqrt(2.0) * weights, 2.0 * weights


def _legs_modes(count: int) -> tuple[Array, Array]:
    a, b = legs(2 * count)
    normal = a + 0.5 * np.outer(b, b)  # -1/2 I + a skew part, whose eigenvalues are imaginary
    frequencies, vectors = np.linalg.eigh(-1j * (normal + 0.5 * np.eye(2 * count)))
    weights = np.abs(vectors.conj().T @ b)[:count]
    return -0.5 + 1j * frequencies[:count], 0.5 * weights + 0j  # ascending: the negative half
