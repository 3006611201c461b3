"""Impulse responses Re(c a^l b) of many small linear recurrences, by doubling, and their gradients.

A matrix is full, (channels, N, N), or diagonal, (channels, N); its powers are made by squaring. With a length T = J m,
both powers of two, the responses are the products of the rows c a^(i m), i < J, with the columns a^j b, j < m: N T
multiply-adds in one matrix product, and 2 log2(sqrt T) squarings.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from liquid.cells.params import Array


class Orbit(NamedTuple):
    """``a^j v`` for j < count as columns, (channels, N, count), and the powers of a: 1, 2, 4 and so on to count."""

    columns: Array
    powers: list[Array]


def responses(a: Array, b: Array, c: Array, length: int) -> tuple[Array, tuple[Orbit, Orbit]]:
    """Re(c a^l b) for l < length, (channels, length), and the tables for `responses_back`.

    Parameters
    ----------
    a : (channels, N, N) or (channels, N), complex or real.
    b, c : (channels, N).
    length : at least 1.
    """
    if length < 1:
        raise ValueError(f"length is {length}, but must be at least 1")
    doublings = (length - 1).bit_length()
    full = a.ndim == 3
    early = _orbit(full, a if full else a[..., None], b, (doublings + 1) // 2)
    jump = early.powers[-1]
    late = _orbit(full, jump.swapaxes(1, 2) if full else jump, c, doublings // 2)
    rows, columns = late.columns, early.columns
    if np.iscomplexobj(a):  # the real part as one real product
        rows = np.concatenate([rows.real, -rows.imag], axis=1)
        columns = np.concatenate([columns.real, columns.imag], axis=1)
    k = rows.swapaxes(1, 2) @ columns
    return k.reshape(len(a), -1)[:, :length], (early, late)


def responses_back(tables: tuple[Orbit, Orbit], dk: Array) -> tuple[Array, Array, Array]:
    """dloss/d(a, b, c) from dloss/d(responses); complex ones are d/d(real part) + i d/d(imaginary part)."""
    early, late = tables
    full = early.powers[0].shape[-1] > 1
    rows, columns = late.columns.shape[-1], early.columns.shape[-1]
    table = np.zeros((len(dk), rows * columns))
    table[:, : dk.shape[1]] = dk
    table = table.reshape(-1, rows, columns)
    dlate = early.columns.conj() @ table.swapaxes(1, 2)
    dearly = late.columns.conj() @ table
    djump, dc = _orbit_back(full, late, dlate, np.zeros_like(late.powers[-1]))
    da, db = _orbit_back(full, early, dearly, djump.swapaxes(1, 2) if full else djump)
    return (da if full else da[..., 0]), db, dc


def _orbit(full: bool, a: Array, v: Array, doublings: int) -> Orbit:
    columns, powers = v[..., None], [a]
    for _ in range(doublings):
        columns = np.concatenate([columns, _times(full, powers[-1], columns)], axis=-1)
        powers.append(_times(full, powers[-1], powers[-1]))
    return Orbit(columns, powers)


def _orbit_back(full: bool, orbit: Orbit, dcolumns: Array, dpower: Array) -> tuple[Array, Array]:
    """dloss/d(a, v) from those by the columns and by the last power."""
    for power in reversed(orbit.powers[:-1]):
        half = dcolumns.shape[-1] // 2
        left, right = dcolumns[..., :half], dcolumns[..., half:]
        adjoint = power.conj().swapaxes(1, 2) if full else power.conj()
        dpower = _times_back(full, dpower, power) + _times(full, adjoint, dpower)
        dpower += _times_back(full, right, orbit.columns[..., :half])
        dcolumns = left + _times(full, adjoint, right)
    return dpower, dcolumns[..., 0]


def _times(full: bool, matrix: Array, columns: Array) -> Array:
    """A diagonal matrix is a column itself."""
    return matrix @ columns if full else matrix * columns


def _times_back(full: bool, dproduct: Array, columns: Array) -> Array:
    """dloss/d(matrix) of `_times`."""
    if full:
        return dproduct @ columns.conj().swapaxes(1, 2)
    return (dproduct * columns.conj()).sum(-1, keepdims=True)
