"""GRU-ODE: a gated unit in continuous time (De Brouwer et al., NeurIPS 2019, arXiv 1905.12374)::

    h <- solve dh/dt = (1 - z) (n - h) over the gap before the sample     z, n of a gated unit without input
    h <- GRU(u, h) with the sample u

The flow is the paper's autonomous one, without input. The update is an ordinary gated unit in the place of
GRU-Bayes, the paper's second part, whose input is made of the parameters of an observation model; a cell has none.
Both units are that of `liquid.cells.gru`, where r is applied after the product with h, the paper's before it.

The flow pulls h to n, which is within -1 and 1, at a rate below 1. With steps of at most 1 both solvers keep this
property: what they give is a weighted mean of h and of the n of their stages, with no negative weight (the smallest
of RK4 has the factor 1 - step (1 - z)). Steps are therefore limited to 1, that is, gaps beyond `unfolds` count as
`unfolds`, and the state stays within -1 and 1 whatever the parameters. More on the solvers in `liquid.cells.ode`.

Parameters: `field.weight_hh`, `field.bias_ih`, `field.bias_hh` and `gru.weight_ih`, `gru.weight_hh`, `gru.bias_ih`,
`gru.bias_hh`, named as in `torch.nn.GRUCell`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from liquid.cells._gated import gated_row, gated_size, gated_views
from liquid.cells._ode_kernels import Plan
from liquid.cells._runge_kutta import SOLVERS
from liquid.cells.ode import ODECell
from liquid.cells.params import Array, Cutter


@dataclass(frozen=True, kw_only=True)
class GRUODE(ODECell, name="gru_ode"):
    """See the module, and `ODECell` for its parameters. Gaps beyond `max_gap` or `unfolds` count as the less."""

    @property
    def param_count(self) -> int:
        return self.plan.p_update + gated_size(self.inputs, self.units)

    @cached_property
    def plan(self) -> Plan:
        return Plan(
            self.inputs, self.units, True, 0, 0, 0, 0, SOLVERS[self.solver], self.unfolds,
            float(min(self.max_gap, self.unfolds)), True, gated_size(0, self.units), gated_row(0, self.units),
            gated_row(self.inputs, self.units),
        )  # fmt: skip

    def views(self, flat: Array) -> dict[str, Array]:
        cut = Cutter(flat)
        field = gated_views(cut, 0, self.units, "field.")
        return field | gated_views(cut, self.inputs, self.units, "gru.")
