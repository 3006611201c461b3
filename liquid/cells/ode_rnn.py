"""ODE-RNN (Rubanova, Chen and Duvenaud, NeurIPS 2019, arXiv 1907.03907, algorithm 1)::

    h <- solve dh/dt = tanh(MLP(h)) over the gap before the sample
    h <- GRU(u, h) with the sample u

The gated unit is that of `liquid.cells.gru` without a time feature. The tanh at the end of the field, which the
paper's networks do not have, bounds its speed. Solver, steps and the longest gap are described in `liquid.cells.ode`.

Parameters: `field.<i>.weight`, `field.<i>.bias` of the hidden layers and the last layer, and those of the gated unit
under the names of `torch.nn.GRUCell` after ``gru.``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from liquid.cells._gated import gated_size, gated_views
from liquid.cells._ode_kernels import Plan
from liquid.cells.ode import MLPODECell
from liquid.cells.params import Array, Cutter


@dataclass(frozen=True, kw_only=True)
class ODERNN(MLPODECell, name="ode_rnn"):
    """See the module, and `MLPODECell` for its parameters."""

    @cached_property
    def plan(self) -> Plan:
        return self._mlp_plan(held=0, updated=True)

    @property
    def param_count(self) -> int:
        return self.plan.p_update + gated_size(self.inputs, self.units)

    def views(self, flat: Array) -> dict[str, Array]:
        cut = Cutter(flat)
        return self._mlp_views(cut) | gated_views(cut, self.inputs, self.units, "gru.")
