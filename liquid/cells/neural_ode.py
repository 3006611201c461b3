"""The neural ODE as a recurrent cell (Chen et al., NeurIPS 2018, arXiv 1806.07366), driven by the samples::

    dh/dt = tanh(MLP([u, h]))    over the gap before the sample u, which is held for that time

as the ODE networks that liquid cells are compared with (Hasani et al., AAAI 2021, arXiv 2006.04439). As in the LTC
cell, the input acts through the time that has passed: a sample at gap 0 leaves no trace. The tanh at the end of the
field bounds its speed. Solver, steps and the longest gap are described in `liquid.cells.ode`.

Parameters: `field.<i>.weight`, `field.<i>.bias` of the hidden layers and the last layer, first the columns of u.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from liquid.cells._ode_kernels import Plan
from liquid.cells.ode import MLPODECell
from liquid.cells.params import Array, Cutter


@dataclass(frozen=True, kw_only=True)
class NeuralODE(MLPODECell, name="neural_ode"):
    """See the module, and `MLPODECell` for its parameters."""

    @cached_property
    def plan(self) -> Plan:
        return self._mlp_plan(held=self.inputs, updated=False)

    @property
    def param_count(self) -> int:
        return self.plan.p_update

    def views(self, flat: Array) -> dict[str, Array]:
        return self._mlp_views(Cutter(flat))
