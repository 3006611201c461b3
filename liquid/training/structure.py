"""Which parameters touch which numbers of a cell's state within one step: what traces an online rule has to keep.

A rule keeps E[s, p] = d(state s)/d(parameter p) for some blocks of states times the parameters that touch the block,
and moves a block on by itself::

    E[s, p] <- sum over k of the block J[s, k] E[k, p] + M[s, p]

J = d(next state)/d(state), M = d(next state)/d(parameter) at a fixed state. One block of everything is real-time
recurrent learning (Williams & Zipser 1989). Blocks of one state are SnAp-1 (Menick et al., ICLR 2021, arXiv
2006.07232) in the form with the diagonal of J; here states that stand for one complex number, or a few that act on
one another and on no others in a loop, are a block together, so that it is exact for cells whose modes do not mix.

J and M come from backward passes of one step. States that have no parameter in common share a pass (and states that
depend on different states share one for J): a cell in which each parameter touches one state needs one for M.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from liquid.cells.base import Recurrent
from liquid.cells.params import Array

LARGEST_BLOCK = 2
LARGEST = 20_000_000
"""Numbers in the traces."""
STILL = 12
"""A pattern is complete if so many further steps add nothing to it."""
LONGEST = 400


@dataclass(frozen=True, eq=False)
class Structure:
    """Blocks and passes for a cell.

    Parameters
    ----------
    states, state_at : the states of block i are ``states[state_at[i] : state_at[i + 1]]``.
    params, param_at : its parameters, likewise.
    trace_at : its traces (states, parameters) begin there.
    passes : for each state the backward pass that its row of M comes from.
    jacobian_passes : the same for its row of J; None if the passes of M give that too.
    """

    states: Array
    state_at: Array
    params: Array
    param_at: Array
    trace_at: Array
    passes: Array
    jacobian_passes: Array | None

    @property
    def traces(self) -> int:
        return int(self.trace_at[-1])


class Slopes:
    """Backward passes of one step of one sequence."""

    def __init__(self, cell: Recurrent) -> None:
        self._cell = cell
        kind = np.dtype(cell.dtype)
        self._dx, self._dgaps = np.zeros((1, 1, cell.inputs), kind), np.zeros((1, 1), kind)
        self._silent = np.zeros((1, 1, cell.outputs), kind)

    def back(
        self, theta: Array, u: Array, gap: Array, state: Array, dstate: Array, dtheta: Array, dy: Array | None = None
    ) -> None:
        """From d(next state) to d(state) in place; adds to `dtheta`. u (1, 1, inputs), gap (1, 1), state (1, n)."""
        dy = self._silent if dy is None else dy
        self._cell._backward(theta, u, gap, state.copy(), dy, dstate, dtheta, self._dx, self._dgaps)


def everything(cell: Recurrent) -> Structure:
    """One block: nothing is left out."""
    n, m = cell.state_size, cell.param_count
    _limit(n * m, f"rtrl keeps states x parameters = {n} x {m}")
    return _structure([np.arange(n)], [np.arange(m)], np.arange(n), None)


@lru_cache(maxsize=32)
def snap(cell: Recurrent) -> Structure:
    """Small blocks with the parameters that touch them within one step."""
    across, touched = patterns(cell)
    blocks = split(across)
    chosen = [np.flatnonzero(touched[block].any(axis=0)) for block in blocks]
    keep = [i for i, params in enumerate(chosen) if params.size]
    blocks, chosen = [blocks[i] for i in keep], [chosen[i] for i in keep]
    total = sum(b.size * p.size for b, p in zip(blocks, chosen, strict=True))
    _limit(total, f"snap1 keeps {total}")
    # Rows of M that a pass may not add up, and rows of J: those that need the same number at the same place.
    kept, within = np.zeros_like(touched), np.zeros_like(across)
    for block, params in zip(blocks, chosen, strict=True):
        kept[np.ix_(block, params)] = True
        within[np.ix_(block, block)] = True
    passes = colours(_meet(kept, touched))
    both = colours(_meet(kept, touched) | _meet(within, across))
    if both.max() == passes.max():
        return _structure(blocks, chosen, both, None)
    return _structure(blocks, chosen, passes, colours(_meet(within, across)))


def patterns(cell: Recurrent) -> tuple[Array, Array]:
    """Where J (n, n) and M (n, parameters) can differ from 0, by trying random numbers along a random sequence."""
    rng = np.random.default_rng(0)
    n, m, kind = cell.state_size, cell.param_count, np.dtype(cell.dtype)
    across, touched = np.zeros((n, n), bool), np.zeros((n, m), bool)
    slopes, state, still = Slopes(cell), np.zeros((1, n), kind), 0
    for _ in range(LONGEST):
        # Then none is 0 by design, and what is clipped at a limit is soon on its other side.
        theta = cell.init(rng).flat + (0.5 * rng.standard_normal(m)).astype(kind)
        u, gap = rng.normal(size=(1, 1, cell.inputs)).astype(kind), rng.lognormal(-0.5, 0.5, (1, 1)).astype(kind)
        before = across.sum() + touched.sum()
        for s in range(n):
            dstate, dtheta = np.zeros((1, n), kind), np.zeros(m, kind)
            dstate[0, s] = 1
            slopes.back(theta, u, gap, state, dstate, dtheta)
            across[s] |= dstate[0] != 0
            touched[s] |= dtheta != 0
        cell._forward(theta, u, gap, state, np.empty((1, 1, cell.outputs), kind), np.empty((1, 0, n), kind))
        if not np.isfinite(state).all():
            state[:] = 0
        still = still + 1 if across.sum() + touched.sum() == before else 0
        if still == STILL:
            break
    return across, touched


def split(across: Array) -> list[Array]:
    """States that act on each other both ways, if they are few; the others each by itself."""
    reach = across | np.eye(len(across), dtype=bool)
    while (further := reach | ((reach.astype(np.float32) @ reach.astype(np.float32)) > 0)).sum() > reach.sum():
        reach = further
    loops, blocks, seen = reach & reach.T, [], np.zeros(len(across), bool)
    for s in range(len(across)):
        if not seen[s]:
            block = np.flatnonzero(loops[s])
            block = block if block.size <= LARGEST_BLOCK else np.array([s])
            seen[block] = True
            blocks.append(block)
    return blocks


def colours(conflicts: Array) -> Array:
    """A number for each row of a square table, different where it is true; few of them (greedily)."""
    found = np.full(len(conflicts), -1)
    for s in range(len(conflicts)):
        taken = set(found[conflicts[s] | conflicts[:, s]].tolist())
        found[s] = next(c for c in range(len(conflicts)) if c not in taken)
    return found


def _meet(needed: Array, there: Array) -> Array:
    """[a, b]: whether row b would disturb a number that is needed of row a, or the other way round."""
    meets = (needed.astype(np.float32) @ there.astype(np.float32).T) > 0
    return (meets | meets.T) & ~np.eye(len(needed), dtype=bool)


def _structure(blocks: list[Array], chosen: list[Array], passes: Array, jacobian_passes: Array | None) -> Structure:
    def joined(parts: list[Array]) -> tuple[Array, Array]:
        ends = np.cumsum([0, *(p.size for p in parts)])
        return np.concatenate([np.zeros(0, np.int64), *parts]), ends

    states, state_at = joined(blocks)
    params, param_at = joined(chosen)
    sizes = [b.size * p.size for b, p in zip(blocks, chosen, strict=True)]
    return Structure(states, state_at, params, param_at, np.cumsum([0, *sizes]), passes, jacobian_passes)


def _limit(numbers: int, what: str) -> None:
    if numbers > LARGEST:
        raise ValueError(f"{what} traces, more than {LARGEST}: take a smaller cell or the rule 'truncated'")
