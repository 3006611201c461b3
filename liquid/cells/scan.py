"""Liquid-S4 over whole sequences at once: the exact liquid kernel as a causal scan, and its polynomial form.

Each sample maps a mode's state to a_k x + b_k, with a multiplier that depends on the gap and (liquid) on the input.
Such maps compose to maps of the same kind, (a2, b2) after (a1, b1) being (a2 a1, a2 b1 + b2), so that all states can be
found by an associative scan, any gaps and inputs given: `run_scan` is `LiquidS4.run`. Written out, it is the kernel

    x_k = sum over i <= k of  a_k ... a_(i+1) b_i

The multiplier of the hadamard recurrence, a + b u_k, makes that a polynomial in the inputs, whose terms of degree p
are, for equal gaps (eq. 10-12 of arXiv 2209.12951),

    x_k^(p) = sum over i1 < ... < ip <= k of  a^(k - i1 + 1 - p) b^p u_i1 ... u_ip

Each degree is a linear recurrence driven by the one below, x_k^(p) = a x_(k-1)^(p) + b u_k x_(k-1)^(p-1), which
`polynomial` runs up to a given degree: causal, for any gaps, and with a degree of at least the length the recurrence
itself. The kernels of the published code ("KB", "PB") are neither: they weigh products of inputs by their place
counted from the end of the sequence, so that outputs depend on later inputs, and its own recurrent mode leaves them
out. Here nothing imitates them.

On one core the compiled recurrence is the fastest way to run a liquid cell; these forms vectorise over time.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import isqrt

import numpy as np
from numpy.typing import ArrayLike

from liquid.cells._s4_runs import multipliers
from liquid.cells.checks import finite_result
from liquid.cells.liquid_s4 import LiquidS4
from liquid.cells.params import Array

Named = Mapping[str, ArrayLike]


def scan(a: Array, b: Array, first: Array | None = None) -> Array:
    """States x_k = a_k x_(k-1) + b_k along the second axis, in two levels: within pieces, then over the pieces.

    Parameters
    ----------
    a, b : (batch, length, ...).
    first : the state before the first sample, (batch, ...); default 0.
    """
    batch, length, *rest = b.shape
    size = isqrt(length - 1) + 1
    pieces = -(-length // size)
    shape = (batch, pieces, size, *rest)
    products, sums = np.ones(shape, b.dtype), np.zeros(shape, b.dtype)
    products.reshape(batch, -1, *rest)[:, :length] = a
    states = sums.reshape(batch, -1, *rest)
    states[:, :length] = b
    before = np.zeros_like(b[:, 0]) if first is None else first
    with np.errstate(over="ignore", invalid="ignore"):
        for k in range(1, size):
            sums[:, :, k] += products[:, :, k] * sums[:, :, k - 1]
            products[:, :, k] *= products[:, :, k - 1]
        for j in range(pieces):
            sums[:, j] += products[:, j] * before[:, None]
            before = sums[:, j, -1]
    return states[:, :length]


def run_scan(
    cell: LiquidS4, params: Named, x: ArrayLike, gaps: ArrayLike, state: ArrayLike | None = None
) -> tuple[Array, Array]:
    """`cell.run` by a scan: outputs (batch, length, channels) and the last state.

    Raises
    ------
    ValueError, TypeError : as `run`.
    FloatingPointError : the states overflow.
    """
    theta, x, gaps = cell._theta(params), *cell._sequences(x, gaps)
    a, b = _maps(cell, theta, x, gaps)
    if cell.recurrence == "hadamard":
        a += b
    first = cell._state("state", state, len(x)).reshape(len(x), cell.inputs, -1, cell.modes)
    states = scan(a, b, first[:, :, 0] + (1j * first[:, :, 1] if cell.complex_modes else 0))
    last = np.stack([states[:, -1].real, states[:, -1].imag][: first.shape[2]], axis=2)
    return _read(cell, theta, x, states), last.reshape(len(x), -1).astype(cell.dtype)


def polynomial(cell: LiquidS4, params: Named, x: ArrayLike, gaps: ArrayLike, degree: int) -> Array:
    """Outputs of a hadamard `cell` from a zero state, without the products of more than `degree` inputs.

    Raises
    ------
    ValueError : another recurrence, a degree below 1, or what `run` refuses.
    FloatingPointError : the states overflow.
    """
    if cell.recurrence != "hadamard":
        raise ValueError(f"recurrence is {cell.recurrence!r}: only 'hadamard' is a polynomial in the inputs")
    if degree < 1:
        raise ValueError(f"degree is {degree}, but must be at least 1")
    theta, x, gaps = cell._theta(params), *cell._sequences(x, gaps)
    a, b = _maps(cell, theta, x, gaps)
    term = scan(a, b)
    states = term.copy()
    for _ in range(min(degree, x.shape[1]) - 1):
        driven = np.zeros_like(b)
        driven[:, 1:] = b[:, 1:] * term[:, :-1]
        term = scan(a, driven)
        states += term
    return _read(cell, theta, x, states)


def _maps(cell: LiquidS4, theta: Array, x: Array, gaps: Array) -> tuple[Array, Array]:
    a = np.empty((*x.shape, cell.modes), complex)
    b = np.empty_like(a)
    multipliers(theta, cell.plan, x, gaps, a, b)
    return a, b


def _read(cell: LiquidS4, theta: Array, x: Array, states: Array) -> Array:
    named = cell.views(theta)
    c = named["C_real"] + (1j * named["C_imag"] if cell.complex_modes else 0)
    with np.errstate(over="ignore", invalid="ignore"):
        y = (2 if cell.complex_modes else 1) * np.einsum("blcn,cn->blc", states, c).real
        y = (y + named["D"] * x).astype(cell.dtype)
    finite_result("LiquidS4", y)
    return y
