"""GRU-D: a GRU with decay, for irregular samples and missing values (Che et al., Scientific Reports 2018, 1606.01865).

What the cell remembers fades with time, at learned rates. With D the waits of the values, each the time since the
value was last observed (the gap, when it was in the sample before)::

    h  <- exp(-max(0, W_h D + b_h)) h                        decay of the hidden state
    f   = exp(-max(0, w_x D + b_x))                          decay of a missing value, to its mean
    u^  = m u + (1 - m) (f last + (1 - f) mean)
    h' = GRU([u^, m], h)

The gated unit is that of `liquid.cells.gru`, where r is applied after the product with h; the
paper's is applied before it, and its z is 1 - z here.

**Missing values.** Inputs are finite, so missing is said by a mask: the last `masks` inputs are the masks of the
first `masks` inputs, 1 where the value was observed and 0 where it is missing and its number means nothing. (Numbers
between are a mixture, others are clipped.) The last observed values and the waits are part of the state, which is
[h, last, waits]. Inputs between values and masks are always observed: their wait is the gap. With ``masks=0`` every
input is, and only the decay of the hidden state by the gap remains. Waits beyond `MAX_ELAPSED` count as that.

Parameters: those of the unit as in `torch.nn.GRUCell`; `decay_h.weight (units, waits)`, `decay_h.bias`; of each value
with a mask `decay_x.weight`, `decay_x.bias` and `mean`. The mean begins at 0, that of standardised data; it is trained
here, in the paper it is that of the training set (``params["mean"][:] = ...``). The waits are those of the values
with a mask and then, if there are values without, the gap.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import sqrt

import numpy as np

from liquid.cells._dense import dense_size, dense_views
from liquid.cells._gated import gated_row, gated_size, gated_views
from liquid.cells._gru_d_kernels import Plan, run, run_back
from liquid.cells._options import at_least
from liquid.cells.base import Cell
from liquid.cells.params import Array, Cutter, Params


@dataclass(frozen=True, kw_only=True)
class GRUD(Cell, name="gru_d"):
    """See the module.

    Parameters
    ----------
    units : width of the hidden state h.
    masks : how many of the inputs are masks, at most half of them.
    """

    units: int
    masks: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least(self, units=1, masks=0)
        if 2 * self.masks > self.inputs:
            raise ValueError(f"masks is {self.masks}, but the {self.inputs} inputs are values and their masks")

    @property
    def outputs(self) -> int:
        return self.units

    @property
    def state_size(self) -> int:
        return self.units + 2 * self.masks

    @property
    def param_count(self) -> int:
        return self.plan.p_fill + 3 * self.masks

    @cached_property
    def plan(self) -> Plan:
        times = self.masks + (self.inputs > 2 * self.masks)
        p_decay = gated_size(self.inputs, self.units)
        r_before = gated_row(self.inputs, self.units)
        r_waits = r_before + 2 * self.units
        return Plan(
            self.inputs, self.units, self.masks, times, p_decay, p_decay + dense_size(times, self.units),
            r_before, r_waits, r_waits + times + 2 * self.masks,
        )  # fmt: skip

    def views(self, flat: Array) -> dict[str, Array]:
        cut = Cutter(flat)
        named = gated_views(cut, self.inputs, self.units)
        named["decay_h.weight"], named["decay_h.bias"] = dense_views(cut, self.plan.times, self.units)
        if self.masks:
            for name in ("decay_x.weight", "decay_x.bias", "mean"):
                named[name] = cut.take(self.masks)
        return named

    def init(self, rng: np.random.Generator | int) -> Params:
        """As torch's GRU: everything by U(+-1/sqrt(units)), but means of 0."""
        params, bound = self.empty_params(), 1 / sqrt(self.units)
        params.flat[:] = np.random.default_rng(rng).uniform(-bound, bound, params.flat.size)
        if self.masks:
            params["mean"][:] = 0
        return params

    def _forward(self, theta: Array, x: Array, gaps: Array, state: Array, y: Array, states: Array) -> None:
        run(theta, self.plan, x, gaps, state, y, states)

    def _backward(
        self, theta: Array, x: Array, gaps: Array, state: Array, dy: Array, dstate: Array,
        dtheta: Array, dx: Array, dgaps: Array,
    ) -> None:  # fmt: skip
        run_back(theta, self.plan, x, gaps, state, dy, dstate, dtheta, dx, dgaps)
