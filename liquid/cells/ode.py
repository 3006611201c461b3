"""What the cells have in common whose state follows an ODE between samples.

The gap before a sample is divided into `unfolds` equal steps of a fixed-step solver, so that its cost does not depend
on the data, and gradients go through the solver's own numbers (`liquid.cells._runge_kutta`). Gaps beyond `max_gap`
count as `max_gap`: steps cannot become so long that they mean nothing, and any gap has a finite answer. Over a gap of
0 the state does not move. The state is the output.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from math import inf, sqrt

import numpy as np

from liquid.cells._activations import ACTIVATIONS
from liquid.cells._gated import gated_row
from liquid.cells._mlp_field import mlp_size, mlp_views
from liquid.cells._ode_kernels import Plan, run, run_back
from liquid.cells._options import at_least, one_of
from liquid.cells._runge_kutta import SOLVERS
from liquid.cells.base import Cell
from liquid.cells.params import Array, Cutter, Params


@dataclass(frozen=True, kw_only=True)
class ODECell(Cell):
    """A cell with a state that evolves; see the module.

    Parameters
    ----------
    units : width of the state.
    solver : "rk4" or "euler".
    unfolds : steps per gap.
    max_gap : the longest time that is integrated, in the unit of the gaps.
    """

    units: int
    solver: str = "rk4"
    unfolds: int = 4
    max_gap: float = 10.0

    def __post_init__(self) -> None:
        super().__post_init__()
        one_of(self, solver=tuple(SOLVERS))
        at_least(self, units=1, unfolds=1)
        if not 0 < self.max_gap < inf:
            raise ValueError(f"max_gap is {self.max_gap}, but must be positive and finite")

    @property
    @abstractmethod
    def plan(self) -> Plan: ...

    @property
    def outputs(self) -> int:
        return self.units

    @property
    def state_size(self) -> int:
        return self.units

    def init(self, rng: np.random.Generator | int) -> Params:
        """As torch: everything by U(+-1/sqrt(n)) with n the inputs of a layer, or the units for a gated unit."""
        rng = np.random.default_rng(rng)
        params = self.empty_params()
        for name, view in params.items():
            dense = name.endswith((".weight", ".bias"))  # the names of a gated unit end on _ih and _hh
            bound = 1 / sqrt(params[name.replace(".bias", ".weight")].shape[1] if dense else self.units)
            view[...] = rng.uniform(-bound, bound, view.shape)
        return params

    def _forward(self, theta: Array, x: Array, gaps: Array, state: Array, y: Array, states: Array) -> None:
        run(theta, self.plan, x, gaps, state, y, states)

    def _backward(
        self, theta: Array, x: Array, gaps: Array, state: Array, dy: Array, dstate: Array,
        dtheta: Array, dx: Array, dgaps: Array,
    ) -> None:  # fmt: skip
        run_back(theta, self.plan, x, gaps, state, dy, dstate, dtheta, dx, dgaps)


@dataclass(frozen=True, kw_only=True)
class MLPODECell(ODECell):
    """A cell with the vector field ``dh/dt = tanh(MLP([held inputs, h]))``.

    However large its weights, the state moves at most by the (limited) gap.

    Parameters
    ----------
    hidden_units, hidden_layers, activation : of the perceptron, which has at least one hidden layer. Activations are
        those of `ACTIVATIONS`.
    """

    hidden_units: int = 32
    hidden_layers: int = 1
    activation: str = "tanh"

    def __post_init__(self) -> None:
        super().__post_init__()
        one_of(self, activation=ACTIVATIONS)
        at_least(self, hidden_units=1, hidden_layers=1)

    def _mlp_plan(self, held: int, updated: bool) -> Plan:
        return Plan(
            self.inputs, self.units, False, held, self.hidden_units, self.hidden_layers,
            ACTIVATIONS.index(self.activation), SOLVERS[self.solver], self.unfolds, float(self.max_gap),
            updated, mlp_size(held, self.units, self.hidden_units, self.hidden_layers),
            self.units + 2 * self.hidden_layers * self.hidden_units,
            gated_row(self.inputs, self.units) if updated else 0,
        )  # fmt: skip

    def _mlp_views(self, cut: Cutter) -> dict[str, Array]:
        return mlp_views(cut, self.plan.held, self.units, self.hidden_units, self.hidden_layers)
