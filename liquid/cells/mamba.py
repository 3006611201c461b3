"""The selective state space block, Mamba (Gu & Dao 2023, arXiv 2312.00752): algorithm 2 (S6) in the block of 3.4.

With x and z of `inner` = expand width channels, and elementwise products::

    [x, z] = W_in u
    s = silu(conv(x) + b_conv)                 depthwise, causal, over the last `kernel` samples
    [dt, B, C] = W_x s                         `rank` numbers dt, and B, C (modes,), the same for all channels
    D_k = softplus(W_dt dt + b_dt) gap
    h <- exp(-exp(A_log) D_k) h + D_k s B      (inner, modes), real; exp(A_log) is at first 1 .. modes
    y = W_out ((h C + D s) silu(z))

The published block has one step per sample, of the size softplus(...): here that is a rate, and the step is what it
makes of the gap, so that samples at equal gaps of 1 give the published block and a gap of 0 leaves h as it is. Its
input matrix is discretised by Euler's rule, as in the published code; "zoh" takes the exact (1 - exp(-a D_k)) / a for
D_k, with a = exp(A_log), which stays bounded over long gaps. The convolution counts samples.

Names and shapes of the parameters are those of `mamba_ssm.Mamba`: `in_proj.weight`, `conv1d.weight` (inner, 1,
kernel), `conv1d.bias`, `x_proj.weight`, `dt_proj.weight`, `dt_proj.bias`, `A_log` (inner, modes), `D`,
`out_proj.weight`. State: x of the last kernel - 1 samples, oldest first, (kernel - 1, inner), then h (inner, modes).

The convolution and z are kept within `limit` (1e50; 3e5 in float32) and D_k within 1e5, so that the products of all
factors stay finite.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import ceil, log, sqrt

import numpy as np

from liquid.cells._dense import dense_size, dense_views, linear_view
from liquid.cells._mamba_kernels import DISCRETISATIONS, Plan, run, run_back
from liquid.cells._options import at_least, one_of
from liquid.cells._short_conv import taps_view
from liquid.cells.base import Cell
from liquid.cells.layers import product_limit, uniform_init
from liquid.cells.params import Array, Cutter, Params

SMALLEST_DT = 1e-4


@dataclass(frozen=True, kw_only=True)
class Mamba(Cell, name="mamba"):
    """See the module.

    Parameters
    ----------
    width : outputs; default: as many as inputs.
    modes : of each inner channel.
    expand : inner channels per output.
    kernel : taps of the convolution, the samples that it sees.
    rank : numbers that the time scales of all channels are made from; default: width / 16, rounded up.
    discretisation : of the input matrix, "euler" or "zoh".
    dt_min, dt_max : range of the initial time scales softplus(b_dt), in 1 / unit of the gaps.
    """

    width: int | None = None
    modes: int = 16
    expand: int = 2
    kernel: int = 4
    rank: int | None = None
    discretisation: str = "euler"
    dt_min: float = 0.001
    dt_max: float = 0.1

    def __post_init__(self) -> None:
        super().__post_init__()
        one_of(self, discretisation=DISCRETISATIONS)
        at_least(self, modes=1, expand=1, kernel=1)
        for name in ("width", "rank"):
            if getattr(self, name) is not None:
                at_least(self, **{name: 1})
        if not 0 < self.dt_min <= self.dt_max:
            raise ValueError(f"dt_min, dt_max are {self.dt_min}, {self.dt_max}, but 0 < dt_min <= dt_max is needed")

    @property
    def outputs(self) -> int:
        return self.width or self.inputs

    @property
    def inner(self) -> int:
        """Channels of the convolution and of the modes."""
        return self.expand * self.outputs

    @property
    def state_size(self) -> int:
        return self.plan.s_modes + self.inner * self.modes

    @property
    def param_count(self) -> int:
        return self.plan.p_out + self.inner * self.outputs

    @cached_property
    def limit(self) -> float:
        return product_limit(self.dtype, 6)

    @cached_property
    def plan(self) -> Plan:
        inner, rank = self.inner, self.rank or ceil(self.outputs / 16)
        p_taps = 2 * self.inputs * inner
        p_bias = p_taps + self.kernel * inner
        p_select = p_bias + inner
        p_dt = p_select + inner * (rank + 2 * self.modes)
        p_modes = p_dt + dense_size(rank, inner)
        p_through = p_modes + inner * self.modes
        return Plan(
            self.inputs, inner, self.modes, rank, self.discretisation == "zoh", self.limit, p_taps, p_bias, p_select,
            p_dt, p_modes, p_through, p_through + inner, (self.kernel - 1) * inner,
        )  # fmt: skip

    def views(self, flat: Array) -> dict[str, Array]:
        p, cut = self.plan, Cutter(flat)
        named = {
            "in_proj.weight": linear_view(cut, p.inputs, 2 * p.inner),
            "conv1d.weight": taps_view(cut, self.kernel, p.inner),
            "conv1d.bias": cut.take(p.inner),
            "x_proj.weight": linear_view(cut, p.inner, p.rank + 2 * p.modes),
        }
        named["dt_proj.weight"], named["dt_proj.bias"] = dense_views(cut, p.rank, p.inner)
        named["A_log"], named["D"] = cut.take(p.inner, p.modes), cut.take(p.inner)
        named["out_proj.weight"] = linear_view(cut, p.inner, self.outputs)
        return named

    def init(self, rng: np.random.Generator | int) -> Params:
        """As the published code: time scales log-uniform, modes 1 .. modes (S4D-real), D 1, the rest as torch does."""
        rng = np.random.default_rng(rng)
        params = self.empty_params()
        for name in ("in_proj", "x_proj", "out_proj"):
            uniform_init(rng, params[f"{name}.weight"])
        uniform_init(rng, params["conv1d.weight"][:, 0], params["conv1d.bias"])
        bound = 1 / sqrt(self.plan.rank)
        params["dt_proj.weight"][:] = rng.uniform(-bound, bound, params["dt_proj.weight"].shape)
        dt = np.maximum(np.exp(rng.uniform(log(self.dt_min), log(self.dt_max), self.inner)), SMALLEST_DT)
        params["dt_proj.bias"][:] = dt + np.log(-np.expm1(-dt))  # the inverse of softplus
        params["A_log"][:] = np.log(np.arange(1, self.modes + 1))
        params["D"][:] = 1
        return params

    def _forward(self, theta: Array, x: Array, gaps: Array, state: Array, y: Array, states: Array) -> None:
        run(theta, self.plan, x, gaps, state, y, states)

    def _backward(
        self, theta: Array, x: Array, gaps: Array, state: Array, dy: Array, dstate: Array,
        dtheta: Array, dx: Array, dgaps: Array,
    ) -> None:  # fmt: skip
        run_back(theta, self.plan, x, gaps, state, dy, dstate, dtheta, dx, dgaps)
