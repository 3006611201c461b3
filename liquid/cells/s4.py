"""Structured state space, S4 (Gu, Goel, Ré, ICLR 2022, arXiv 2111.00396): HiPPO-LegS, diagonal plus low rank.

Each input is a channel of its own: x' = A x + B u, y = C x + D u, with N conjugate modes in pairs, of which one half is
kept: A = diag(Lambda) - P P*, where P* x = 2 Re sum conj(P) x over the half, and C x = 2 Re sum C x. One sample after
the time D_k = exp(log_dt) gap_k, by the bilinear rule with h = D_k / 2 and any spacing::

    x <- (1 - h A)^-1 (1 + h A) x + (1 - h A)^-1 D_k B u

The inverse costs O(N) by Woodbury. With d = 1 / (1 - h Lambda), the solution of (1 - h A) X = v is::

    X = d (v - h sigma P),   sigma = P* d v / (1 + h P* d P)

whose denominator is at least 1 since Re d > 0. As (1 - h A)^-1 (1 + h A) x = 2 X - x for v = x, the step needs two
solutions, for x and for B. The step never lengthens x beyond what u adds: A + A* is negative definite.

`recurrence`: "plain" is S4. "hadamard" is Liquid-S4 (arXiv 2209.12951, eq. 8-9) on top of it, with the input-dependent
term taken elementwise in the basis of the modes: x <- a x + (b u) x + b u, a and b being the matrices above; it is
stable only while that product contracts.

A layer does not mix its channels: let a dense layer follow. Parameters by name: `log_dt`, `D` (inputs,);
`log_A_real`, `A_imag` with Lambda = -exp(log_A_real) + i A_imag, `P_real`, `P_imag`, `B_real`, `B_imag`, `C_real`,
`C_imag` (inputs, modes). State of a sequence: (inputs, 2, modes), real parts then imaginary parts, flat.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import log, sqrt

import numpy as np

from liquid.cells._dplr_kernels import Plan, run, run_back
from liquid.cells.base import Cell
from liquid.cells.hippo import legs_dplr
from liquid.cells.params import Array, Cutter, Params

RECURRENCES = ("plain", "hadamard")
TABLES = ("log_A_real", "A_imag", "P_real", "P_imag", "B_real", "B_imag", "C_real", "C_imag")


@dataclass(frozen=True, kw_only=True)
class S4(Cell, name="s4"):
    """See the module.

    Parameters
    ----------
    modes : kept modes of each channel, N / 2.
    recurrence : "plain" or "hadamard".
    dt_min, dt_max : range of the initial time scales exp(log_dt), in 1 / unit of the gaps.
    """

    modes: int = 32
    recurrence: str = "plain"
    dt_min: float = 0.001
    dt_max: float = 0.1

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.recurrence not in RECURRENCES:
            raise ValueError(f"recurrence is {self.recurrence!r}, but must be one of {', '.join(RECURRENCES)}")
        if self.modes < 1:
            raise ValueError(f"modes is {self.modes}, but must be at least 1")
        if not 0 < self.dt_min <= self.dt_max:
            raise ValueError(f"dt_min, dt_max are {self.dt_min}, {self.dt_max}, but 0 < dt_min <= dt_max is needed")

    @property
    def outputs(self) -> int:
        return self.inputs

    @property
    def state_size(self) -> int:
        return 2 * self.inputs * self.modes

    @property
    def param_count(self) -> int:
        return self.inputs * (2 + len(TABLES) * self.modes)

    @cached_property
    def plan(self) -> Plan:
        return Plan(self.inputs, self.modes, self.recurrence == "hadamard")

    def views(self, flat: Array) -> dict[str, Array]:
        cut = Cutter(flat)
        named = {"log_dt": cut.take(self.inputs), "D": cut.take(self.inputs)}
        return named | {name: cut.take(self.inputs, self.modes) for name in TABLES}

    def init(self, rng: np.random.Generator | int) -> Params:
        """HiPPO-LegS in every channel, log dt uniform, C and D normal with variance 1."""
        rng = np.random.default_rng(rng)
        params = self.empty_params()
        eigenvalues, low_rank, weights = legs_dplr(self.modes)
        params["log_A_real"][:], params["A_imag"][:] = np.log(-eigenvalues.real), eigenvalues.imag
        params["P_real"][:], params["B_real"][:] = low_rank.real, weights.real
        for part in ("C_real", "C_imag"):
            params[part][:] = sqrt(0.5) * rng.standard_normal((self.inputs, self.modes))
        params["log_dt"][:] = rng.uniform(log(self.dt_min), log(self.dt_max), self.inputs)
        params["D"][:] = rng.standard_normal(self.inputs)
        return params

    def _forward(self, theta: Array, x: Array, gaps: Array, state: Array, y: Array, states: Array) -> None:
        run(theta, self.plan, x, gaps, state, y, states)

    def _backward(
        self, theta: Array, x: Array, gaps: Array, state: Array, dy: Array, dstate: Array,
        dtheta: Array, dx: Array, dgaps: Array,
    ) -> None:  # fmt: skip
        run_back(theta, self.plan, x, gaps, state, dy, dstate, dtheta, dx, dgaps)
