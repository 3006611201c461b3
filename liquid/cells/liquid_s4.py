"""Liquid structural state space, Liquid-S4 (Hasani et al., ICLR 2023, arXiv 2209.12951), with diagonal modes.

Each input is a channel of its own with modes x' = lambda x + B u and output y = 2 Re(C x) + D u (real modes:
C x + D u). With D_k = exp(log_dt) gap_k, the time before sample k on the channel's own scale, one sample is::

    plain      x <- a x + b u                   S4D: a, b = the discretisation of lambda, B over D_k
    hadamard   x <- (a + b u) x + b u           eq. 8-9 of the paper, its input-dependent term taken elementwise
    exact      x <- e^(g D_k) x + (e^(g D_k) - 1) / g B u,   g = lambda + B u

`exact` solves the liquid equation x' = (lambda + B u) x + B u for an input that is constant over the gap, whatever its
length, and stays stable for any input because Re g is kept at or below `MIN_DAMPING` Re lambda. `hadamard` is stable
only while |a + b u| < 1. (The convolution kernels of the published code are not this recurrence and not causal.)

Discretisations over a time D: zoh a = e^(lambda D), b = (a - 1) / lambda B; bilinear a = (1 + lambda D / 2) r,
b = D r B with r = 1 / (1 - lambda D / 2).

Parameters by name: `log_dt`, `D` (inputs,); `log_A_real`, `A_imag` with lambda = -exp(log_A_real) + i A_imag,
`B_real`, `B_imag`, `C_real`, `C_imag` (inputs, modes); real modes have no imaginary ones. State of a sequence:
(inputs, 2, modes), real parts then imaginary parts, flat (real modes: (inputs, modes)).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from math import exp, log, pi, sqrt

import numpy as np
from numpy.typing import ArrayLike

from liquid.cells._s4_kernels import RECURRENCES, Plan
from liquid.cells._s4_runs import run, run_back, trace_count, trace_grad, trace_run
from liquid.cells._s4_single import single
from liquid.cells._single import Single
from liquid.cells.base import Cell
from liquid.cells.checks import finite_result, gap_array, real_array
from liquid.cells.hippo import MEASURES, modes
from liquid.cells.params import Array, Cutter, Params

DISCRETISATIONS = ("zoh", "bilinear")
FORGETTING = 0.01


@dataclass(frozen=True, kw_only=True)
class LiquidS4(Cell, name="liquid_s4"):
    """See the module.

    Parameters
    ----------
    modes : modes of each channel (complex ones stand for a conjugate pair).
    recurrence : "exact", "hadamard" or "plain".
    discretisation : "zoh" or "bilinear"; "exact" has only the first.
    measure : initial modes, see `liquid.cells.hippo.modes`; "real" makes all modes real.
    dt_min, dt_max : range of the initial time scales exp(log_dt), in 1 / unit of the gaps.
    tracking : start with input weights for state tracking, see `init`; not for "plain".
    """

    modes: int = 32
    recurrence: str = "exact"
    discretisation: str = "zoh"
    measure: str = "lin"
    dt_min: float = 0.001
    dt_max: float = 0.1
    tracking: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        choices = {"recurrence": RECURRENCES, "discretisation": DISCRETISATIONS, "measure": MEASURES}
        for name, known in choices.items():
            if getattr(self, name) not in known:
                raise ValueError(f"{name} is {getattr(self, name)!r}, but must be one of {', '.join(known)}")
        if self.recurrence == "exact" and self.discretisation != "zoh":
            raise ValueError("the exact recurrence is a zero-order hold: discretisation must be 'zoh'")
        if self.tracking and (self.recurrence == "plain" or (self.recurrence, self.measure) == ("exact", "real")):
            raise ValueError(
                "tracking needs multipliers that inputs turn around: the hadamard recurrence, or the exact one with "
                f"complex modes, not {self.recurrence} with measure {self.measure!r}"
            )
        if self.modes < 1:
            raise ValueError(f"modes is {self.modes}, but must be at least 1")
        if not 0 < self.dt_min <= self.dt_max:
            raise ValueError(f"dt_min, dt_max are {self.dt_min}, {self.dt_max}, but 0 < dt_min <= dt_max is needed")

    @property
    def complex_modes(self) -> bool:
        return self.measure != "real"

    @property
    def outputs(self) -> int:
        return self.inputs

    @property
    def state_size(self) -> int:
        return (2 if self.complex_modes else 1) * self.inputs * self.modes

    @property
    def param_count(self) -> int:
        return self.inputs * (2 + (6 if self.complex_modes else 3) * self.modes)

    @cached_property
    def plan(self) -> Plan:
        return Plan(
            self.inputs,
            self.modes,
            self.complex_modes,
            RECURRENCES.index(self.recurrence),
            self.discretisation == "bilinear",
        )

    def views(self, flat: Array) -> dict[str, Array]:
        cut = Cutter(flat)
        named = {"log_dt": cut.take(self.inputs), "D": cut.take(self.inputs)}
        tables = ["log_A_real", "A_imag", "B_real", "B_imag", "C_real", "C_imag"]
        for name in tables if self.complex_modes else tables[::2]:
            named[name] = cut.take(self.inputs, self.modes)
        return named

    def init(self, rng: np.random.Generator | int) -> Params:
        """As S4D: modes by `measure`, log dt uniform, C and D normal with variance 1.

        With `tracking` all modes start without oscillation and forget 1 % over a gap of 1 (a = 0.99), whatever
        `measure` and dt, and B is such that an input of 1 turns the multiplier into a random one: of (-a, a) for real
        modes, in the disc |m| < a for complex ones, on its rim for "exact". So it takes little training to reach -1
        (parity) or another root of 1 (sums modulo n), to which the usual B = 1 does not lead (Grazzi et al., ICLR
        2025, arXiv 2411.12537). The hadamard recurrence is stable at first for inputs between 0 and 1, such as
        one-hot symbols. Of the three, real modes keep count over lengths never trained: their sign cannot drift as an
        angle does.
        """
        rng = np.random.default_rng(rng)
        params = self.empty_params()
        eigenvalues, weights = modes(self.measure, self.modes)
        params["log_A_real"][:] = np.log(-eigenvalues.real)
        params["B_real"][:] = weights.real
        params["C_real"][:] = rng.standard_normal((self.inputs, self.modes))
        if self.complex_modes:
            params["A_imag"][:] = eigenvalues.imag
            params["C_real"][:] *= sqrt(0.5)
            params["C_imag"][:] = sqrt(0.5) * rng.standard_normal((self.inputs, self.modes))
        params["log_dt"][:] = rng.uniform(log(self.dt_min), log(self.dt_max), self.inputs)
        params["D"][:] = rng.standard_normal(self.inputs)
        if self.tracking:
            self._track(params, rng)
        return params

    def _track(self, params: Params, rng: np.random.Generator) -> None:
        size, dt = (self.inputs, self.modes), np.exp(params["log_dt"].astype(float))[:, None]
        params["log_A_real"][:] = np.log(FORGETTING / dt)
        length, angle = np.sqrt(rng.uniform(0, 1, size)), rng.uniform(-pi, pi, size)
        a, gain = exp(-FORGETTING), dt * (1 - exp(-FORGETTING)) / FORGETTING
        if self.recurrence == "exact":
            b = 1j * angle / dt
        elif self.complex_modes:
            b = a * (length * np.exp(1j * angle) - 1) / gain
        else:
            b = a * (rng.uniform(-1, 1, size) - 1) / gain
        params["B_real"][:] = b.real
        if self.complex_modes:
            params["A_imag"][:], params["B_imag"][:] = 0.0, b.imag

    def zero_traces(self, batch: int = 1) -> Array:
        """d(state)/d(lambda, B, log_dt) before the first sample, for `online_step`."""
        return np.zeros((batch, trace_count(self.complex_modes) * self.state_size), self._type)

    def online_step(
        self, params: Mapping[str, ArrayLike], state: ArrayLike, traces: ArrayLike, u: ArrayLike, gap: ArrayLike
    ) -> tuple[Array, Array, Array]:
        """`step` that also advances the traces of real-time recurrent learning: output, state, traces.

        Modes do not touch each other, so the traces are exact at the cost of a few numbers per parameter. With
        parameters that change on the way they mix derivatives at old and new values, as always in online learning.
        """
        theta = self._theta(params)
        u = real_array("u", u, self._type, "batch, inputs", (None, self.inputs))
        gap = gap_array(gap, self._type, "batch", (len(u),))
        after, y = self._state("state", state, len(u)), np.empty_like(u)
        next_traces = self._traces(traces, len(u)).copy()
        trace_run(theta, self.plan, u, gap, after, next_traces, y)
        finite_result("LiquidS4.online_step", y, after, next_traces)
        return y, after, next_traces

    def online_grad(
        self, params: Mapping[str, ArrayLike], state: ArrayLike, traces: ArrayLike, u: ArrayLike, dy: ArrayLike
    ) -> Params:
        """Gradient of a loss on the newest output alone, through the whole past.

        Parameters
        ----------
        state, traces : as returned by `online_step` for the input `u`.
        dy : dloss/dy, (batch, inputs).
        """
        theta = self._theta(params)
        u = real_array("u", u, self._type, "batch, inputs", (None, self.inputs))
        dy = real_array("dy", dy, self._type, "batch, outputs", u.shape)
        gradient = self.empty_params()
        state = self._state("state", state, len(u))
        trace_grad(theta, self.plan, u, state, self._traces(traces, len(u)), dy, gradient.flat)
        finite_result("LiquidS4.online_grad", gradient.flat)
        return gradient

    def _traces(self, traces: ArrayLike, batch: int) -> Array:
        shape = self.zero_traces(batch).shape
        return real_array("traces", traces, self._type, "batch, traces", shape)

    def _single(self, theta: Array) -> Single:
        return single(theta, self.plan, self.state_size)

    def _forward(self, theta: Array, x: Array, gaps: Array, state: Array, y: Array, states: Array) -> None:
        run(theta, self.plan, x, gaps, state, y, states)

    def _backward(
        self, theta: Array, x: Array, gaps: Array, state: Array, dy: Array, dstate: Array,
        dtheta: Array, dx: Array, dgaps: Array,
    ) -> None:  # fmt: skip
        run_back(theta, self.plan, x, gaps, state, dy, dstate, dtheta, dx, dgaps)
