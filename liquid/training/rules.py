"""Rules of online learning: what is carried along so that the gradient of the newest output is known at once."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from liquid.cells.base import Recurrent
from liquid.cells.liquid_s4 import LiquidS4
from liquid.cells.params import Array, Params
from liquid.training._trace_kernels import advance, collect
from liquid.training.structure import Slopes, Structure, everything, snap


class Rule(ABC):
    """For one sequence; `traces` can be saved and put back."""

    traces: Array

    @abstractmethod
    def step(self, params: Params, state: Array, u: Array, gap: Array) -> tuple[Array, Array]:
        """Output (1, outputs) and next state (1, n) for u (1, inputs), gap (1,); moves the traces on."""

    @abstractmethod
    def gradient(self, params: Params, dy: Array, dtheta: Array) -> None:
        """Add dloss/d(parameters) to `dtheta`, for a loss with the slope dy (1, outputs) on the newest output."""


class Blocks(Rule):
    """Traces by the blocks of a structure; without one, none: the state before a sample counts as given.

    The gradient takes the traces before the newest sample and goes back through that sample in full, so it needs to
    know nothing about how the output depends on state and parameters.
    """

    def __init__(self, cell: Recurrent, structure: Structure | None) -> None:
        self._cell, self._structure, self._slopes = cell, structure, Slopes(cell)
        kind, n = np.dtype(cell.dtype), cell.state_size
        self._y, self._no_states = np.empty((1, 1, cell.outputs), kind), np.empty((1, 0, n), kind)
        self.traces = np.zeros(structure.traces if structure else 0, kind)
        self._earlier = self.traces.copy()
        self._last: tuple[Array, Array, Array] | None = None
        if structure is None:
            return
        self._blocks = (
            structure.states, structure.state_at, structure.params, structure.param_at, structure.trace_at
        )  # fmt: skip
        self._directions = _directions(structure.passes, kind)
        self._rows = np.empty((len(self._directions), cell.param_count), kind)
        self._jacobian_passes = structure.passes
        if structure.jacobian_passes is not None:
            self._jacobian_passes = structure.jacobian_passes
            self._probes = _directions(structure.jacobian_passes, kind)
            self._silent = np.zeros((len(self._probes), 1, cell.outputs), kind)

    def step(self, params: Params, state: Array, u: Array, gap: Array) -> tuple[Array, Array]:
        x, gaps, after = u[:, None], gap[:, None], state.copy()
        self._cell._forward(params.flat, x, gaps, after, self._y, self._no_states)
        if self._structure is not None:
            jacobian = self._linearise(params.flat, x, gaps, state)
            self._earlier, self.traces = self.traces, self._earlier
            advance(
                *self._blocks, self._structure.passes, self._rows, self._jacobian_passes, jacobian, self._earlier,
                self.traces,
            )  # fmt: skip
        self._last = (x, gaps, state)
        return self._y[:, 0].copy(), after

    def _linearise(self, theta: Array, x: Array, gaps: Array, state: Array) -> Array:
        """Fills the rows of M; returns those of J."""
        self._rows[:] = 0
        back = self._directions.copy()
        for direction, row in zip(back, self._rows, strict=True):
            self._slopes.back(theta, x, gaps, state, direction[None], row)
        if self._structure is None or self._structure.jacobian_passes is None:
            return back
        probes, many = self._probes.copy(), len(self._probes)
        wide, times, states = (np.repeat(a, many, axis=0) for a in (x, gaps, state))
        unused, dx, dgaps = np.zeros_like(theta), np.empty_like(wide), np.empty_like(times)
        self._cell._backward(theta, wide, times, states, self._silent, probes, unused, dx, dgaps)
        return probes

    def gradient(self, params: Params, dy: Array, dtheta: Array) -> None:
        if self._last is None:
            raise ValueError("there is no output yet to learn from: call step first")
        x, gaps, state = self._last
        dstate = np.zeros_like(state)
        self._slopes.back(params.flat, x, gaps, state, dstate, dtheta, dy[:, None])
        if self._structure is not None:
            collect(*self._blocks, dstate[0], self._earlier, dtheta)


class Modes(Rule):
    """The cell's own traces, which are exact: modes that do not touch each other."""

    def __init__(self, cell: LiquidS4) -> None:
        self._cell = cell
        self.traces = cell.zero_traces()
        self._last: tuple[Array, Array] | None = None

    def step(self, params: Params, state: Array, u: Array, gap: Array) -> tuple[Array, Array]:
        y, after, self.traces = self._cell.online_step(params, state, self.traces, u, gap)
        self._last = (u, after)
        return y, after

    def gradient(self, params: Params, dy: Array, dtheta: Array) -> None:
        if self._last is None:
            raise ValueError("there is no output yet to learn from: call step first")
        u, after = self._last
        dtheta += self._cell.online_grad(params, after, self.traces, u, dy).flat


def rtrl(cell: Recurrent) -> Rule:
    """Real-time recurrent learning: exact."""
    return Modes(cell) if isinstance(cell, LiquidS4) else Blocks(cell, everything(cell))


def snap1(cell: Recurrent) -> Rule:
    """SnAp-1, see `liquid.training.structure`."""
    return Modes(cell) if isinstance(cell, LiquidS4) else Blocks(cell, snap(cell))


def truncated(cell: Recurrent) -> Rule:
    """The newest sample alone."""
    return Blocks(cell, None)


RULES = {"rtrl": rtrl, "snap1": snap1, "truncated": truncated}


def _directions(passes: Array, kind: np.dtype) -> Array:
    """Rows with a 1 at the states of each pass."""
    rows = np.zeros((passes.max() + 1, passes.size), kind)
    rows[passes, np.arange(passes.size)] = 1
    return rows
