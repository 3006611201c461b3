"""Rules of online learning: what is carried along so that the gradient of the newest output is known at once.

All but the cells' own traces take the traces before the newest sample, and go back through that sample in full. So
they need to know nothing about how an output depends on state and parameters, and what a rule leaves out, it leaves
out one sample later than with traces after the sample.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from liquid.cells._s4_runs import trace_grad, trace_run
from liquid.cells.base import Recurrent
from liquid.cells.cfc import CfC
from liquid.cells.liquid_s4 import LiquidS4
from liquid.cells.params import Array, Params
from liquid.training import _cfc_trace_kernels, _trace_kernels
from liquid.training.structure import Slopes, Structure, everything, snap


class Rule(ABC):
    """For one sequence."""

    @abstractmethod
    def step(self, params: Params, state: Array, u: Array, gap: Array) -> tuple[Array, Array]:
        """Output (1, outputs) and next state (1, n) for u (1, inputs), gap (1,); moves the traces on."""

    @abstractmethod
    def gradient(self, params: Params, dy: Array, dtheta: Array) -> None:
        """Add dloss/d(parameters) to `dtheta`, for a loss with the slope dy (1, outputs) on the newest output."""

    @abstractmethod
    def save(self) -> Array:
        """The traces after the newest sample."""

    @abstractmethod
    def load(self, traces: Array) -> None:
        """Go on from `save`."""


class Truncated(Rule):
    """No traces: the state before the newest sample counts as given.

    Further rules have some. `traces` are those before the newest sample; what the sample does to them is prepared at
    once, with the parameters that it met, and done when the next one comes.
    """

    def __init__(self, cell: Recurrent, traces: int = 0) -> None:
        self._cell, self._slopes, self._kind = cell, Slopes(cell), np.dtype(cell.dtype)
        self._no_states = np.empty((1, 0, cell.state_size), self._kind)
        self.traces = np.zeros(traces, self._kind)
        self._last: tuple[Array, Array, Array] | None = None

    def step(self, params: Params, state: Array, u: Array, gap: Array) -> tuple[Array, Array]:
        x, gaps, after = u[:, None], gap[:, None], state.copy()
        y = np.empty((1, 1, self._cell.outputs), self._kind)
        self._cell._forward(params.flat, x, gaps, after, y, self._no_states)
        if self._last is not None:
            self._advance(self.traces)
        self._prepare(params.flat, x, gaps, state)
        self._last = (x, gaps, state)
        return y[:, 0], after

    def gradient(self, params: Params, dy: Array, dtheta: Array) -> None:
        if self._last is None:
            raise ValueError("there is no output yet to learn from: call step first")
        x, gaps, state = self._last
        dstate = np.zeros_like(state)
        self._slopes.back(params.flat, x, gaps, state, dstate, dtheta, dy[:, None])
        self._collect(dstate[0], dtheta)

    def save(self) -> Array:
        traces = self.traces.copy()
        if self._last is not None:
            self._advance(traces)
        return traces

    def load(self, traces: Array) -> None:
        self.traces[:] = traces
        self._last = None

    def _prepare(self, theta: Array, x: Array, gaps: Array, state: Array) -> None:
        """Note what a sample does to the traces."""

    def _advance(self, traces: Array) -> None:
        """Do it."""

    def _collect(self, dstate: Array, dtheta: Array) -> None:
        """Add to `dtheta` what comes through the state before the newest sample."""


class Blocks(Truncated):
    """Traces by the blocks of a structure, for any cell."""

    def __init__(self, cell: Recurrent, structure: Structure) -> None:
        super().__init__(cell, structure.traces)
        self._blocks = (
            structure.states, structure.state_at, structure.params, structure.param_at, structure.trace_at
        )  # fmt: skip
        self._passes, self._probe_of = structure.passes, structure.jacobian_passes
        self._directions = _directions(structure.passes, self._kind)
        self._rows = np.empty((len(self._directions), cell.param_count), self._kind)
        self._jacobian = np.empty(0, self._kind)
        if self._probe_of is not None:
            self._probes = _directions(self._probe_of, self._kind)
            self._silent = np.zeros((len(self._probes), 1, cell.outputs), self._kind)

    def _prepare(self, theta: Array, x: Array, gaps: Array, state: Array) -> None:
        self._rows[:] = 0
        self._jacobian = self._directions.copy()
        for direction, row in zip(self._jacobian, self._rows, strict=True):
            self._slopes.back(theta, x, gaps, state, direction[None], row)
        if self._probe_of is not None:
            self._jacobian, many = self._probes.copy(), len(self._probes)
            wide, times, states = (np.repeat(a, many, axis=0) for a in (x, gaps, state))
            unused, dx, dgaps = np.zeros_like(theta), np.empty_like(wide), np.empty_like(times)
            self._cell._backward(theta, wide, times, states, self._silent, self._jacobian, unused, dx, dgaps)

    def _advance(self, traces: Array) -> None:
        probe_of = self._passes if self._probe_of is None else self._probe_of
        _trace_kernels.advance(*self._blocks, self._passes, self._rows, probe_of, self._jacobian, traces)

    def _collect(self, dstate: Array, dtheta: Array) -> None:
        _trace_kernels.collect(*self._blocks, dstate, self.traces, dtheta)


class CfCTraces(Truncated):
    """What `Blocks` does with `snap` for a CfC with at most one layer of a backbone, by formulas and faster."""

    def __init__(self, cell: CfC) -> None:
        super().__init__(cell, _cfc_trace_kernels.trace_size(cell.plan))
        self._plan, self._steep = cell.plan, _cfc_trace_kernels.empty_slopes(cell.plan, self._kind)

    def _prepare(self, theta: Array, x: Array, gaps: Array, state: Array) -> None:
        _cfc_trace_kernels.prepare(theta, self._plan, x[0, 0], gaps[0, 0], state[0], self._steep)

    def _advance(self, traces: Array) -> None:
        _cfc_trace_kernels.advance(self._plan, self._steep, traces)

    def _collect(self, dstate: Array, dtheta: Array) -> None:
        _cfc_trace_kernels.collect(self._plan, dstate, self.traces, dtheta)


class Modes(Rule):
    """A Liquid-S4's own traces, which are exact: its modes do not touch each other."""

    def __init__(self, cell: LiquidS4) -> None:
        self._plan, self._traces = cell.plan, cell.zero_traces()
        self._last: tuple[Array, Array] | None = None

    def step(self, params: Params, state: Array, u: Array, gap: Array) -> tuple[Array, Array]:
        y, after = np.empty_like(u), state.copy()
        trace_run(params.flat, self._plan, u, gap, after, self._traces, y)
        self._last = (u, after)
        return y, after

    def gradient(self, params: Params, dy: Array, dtheta: Array) -> None:
        if self._last is None:
            raise ValueError("there is no output yet to learn from: call step first")
        u, after = self._last
        trace_grad(params.flat, self._plan, u, after, self._traces, dy, dtheta)

    def save(self) -> Array:
        return self._traces.copy()

    def load(self, traces: Array) -> None:
        self._traces[:], self._last = traces, None


def rtrl(cell: Recurrent) -> Rule:
    """Real-time recurrent learning: exact."""
    return Modes(cell) if isinstance(cell, LiquidS4) else Blocks(cell, everything(cell))


def snap1(cell: Recurrent) -> Rule:
    """SnAp-1, see `liquid.training.structure`."""
    if isinstance(cell, LiquidS4):
        return Modes(cell)
    if isinstance(cell, CfC) and not cell.mixed_memory and cell.backbone_layers <= 1:
        return CfCTraces(cell)
    return Blocks(cell, snap(cell))


RULES = {"rtrl": rtrl, "snap1": snap1, "truncated": Truncated}


def _directions(passes: Array, kind: np.dtype) -> Array:
    """Rows with a 1 at the states of each pass."""
    rows = np.zeros((passes.max() + 1, passes.size), kind)
    rows[passes, np.arange(passes.size)] = 1
    return rows
