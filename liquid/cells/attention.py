"""Causal attention over the last `window` samples (Vaswani et al. 2017, arXiv 1706.03762), streaming.

Query heads h share the keys and values of ``heads / kv_heads`` of them (grouped queries: Ainslie et al. 2023, arXiv
2305.13245). With the key k_s and value v_s of a sample of age a_s, the time since it::

    q, k, v = W_q u, W_k u, W_v u,    y = W_out [o_1 .. o_heads],    o_h = sum_s softmax_s(score_hs) v_s
    rotary    score_hs = q_h . R(-a_s) k_s / sqrt(head size)
    decay     score_hs = q_h . k_s / sqrt(head size) - exp(log_slope_h) a_s

`rotary` is the rotary embedding (Su et al. 2021, arXiv 2104.09864) with time in the place of the position: R turns
channels (i, i + size / 2) by base^(-2 i / size) radians per unit of time. `decay` has the linear bias of ALiBi (Press
et al. 2022, arXiv 2108.12409) on time, with trainable slopes: the past fades whatever the gap. For samples at times 0,
1, 2, ... both are the published forms. With `qk_norm` queries and keys go through an RMSNorm over each head (as in
LFM2). Numbers of q and k are kept within `limit` (1e150; 3e16 in float32), so that their products stay finite.

Names, shapes and the order of channels are those of `Lfm2Attention` in the library transformers: `q_proj.weight`
(heads size, inputs), `k_proj.weight`, `v_proj.weight` (kv_heads size, inputs), `out_proj.weight` (width, width),
`q_layernorm.weight`, `k_layernorm.weight` (size,); and `log_slope` (heads,). No biases.

State of a sequence: keys, turned to the time of the newest sample, and values, each (kv_heads, size, window), ages
(window,) for `decay`, and a count that tells which slots of the window are filled; flat. The cost of a sample is that
of the window, however long the sequence.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import log

import numpy as np

from liquid.cells._attention_cache import POSITIONS, Plan
from liquid.cells._attention_kernels import run, run_back
from liquid.cells._dense import linear_view
from liquid.cells._options import at_least, one_of
from liquid.cells.base import Cell
from liquid.cells.layers import product_limit, uniform_init
from liquid.cells.params import Array, Cutter, Params


@dataclass(frozen=True, kw_only=True)
class Attention(Cell, name="attention"):
    """See the module.

    Parameters
    ----------
    width : channels of all heads together, and outputs; default: as many as inputs.
    heads, kv_heads : of queries, and of keys and values (default: as many).
    window : samples in the cache, the newest included.
    position : "rotary" or "decay".
    base : of the rotary frequencies, which go from 1 down to nearly 1 / base radians per unit of time.
    qk_norm : normalise queries and keys.
    """

    width: int | None = None
    heads: int = 1
    kv_heads: int | None = None
    window: int = 64
    position: str = "rotary"
    base: float = 10000.0
    qk_norm: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        one_of(self, position=POSITIONS)
        at_least(self, heads=1, window=1, base=1)
        for name in ("width", "kv_heads"):
            if getattr(self, name) is not None:
                at_least(self, **{name: 1})
        if self.outputs % self.heads:
            raise ValueError(f"heads is {self.heads}, but must divide the width, {self.outputs}")
        if self.heads % self.groups:
            raise ValueError(f"kv_heads is {self.groups}, but must divide heads, {self.heads}")
        if self.position == "rotary" and self.size % 2:
            raise ValueError(f"a head has {self.size} channels, but the rotary position turns them in pairs")

    @property
    def outputs(self) -> int:
        return self.width or self.inputs

    @property
    def groups(self) -> int:
        """Heads of keys and values."""
        return self.kv_heads or self.heads

    @property
    def size(self) -> int:
        """Channels of a head."""
        return self.outputs // self.heads

    @property
    def state_size(self) -> int:
        return self.plan.s_count + 1

    @property
    def param_count(self) -> int:
        return self.plan.p_slope + (self.heads if self.position == "decay" else 0)

    @cached_property
    def limit(self) -> float:
        return product_limit(self.dtype, 2)

    @cached_property
    def plan(self) -> Plan:
        cache, decay = self.groups * self.size * self.window, self.position == "decay"
        p_out = self.inputs * (self.outputs + 2 * self.groups * self.size)
        p_norms = p_out + self.outputs**2
        p_slope = p_norms + (2 * self.size if self.qk_norm else 0)
        s_count = 2 * cache + (self.window if decay else 0)
        return Plan(
            self.heads, self.groups, self.size, self.window, decay, self.qk_norm, float(self.base), self.limit,
            product_limit(self.dtype, 1), p_out, p_norms, p_slope, cache, 2 * cache, s_count,
        )  # fmt: skip

    def views(self, flat: Array) -> dict[str, Array]:
        cut, width, keys = Cutter(flat), self.outputs, self.groups * self.size
        projection = linear_view(cut, self.inputs, width + 2 * keys)
        named = {
            "q_proj.weight": projection[:width],
            "k_proj.weight": projection[width : width + keys],
            "v_proj.weight": projection[width + keys :],
            "out_proj.weight": linear_view(cut, width, width),
        }
        if self.qk_norm:
            named["q_layernorm.weight"], named["k_layernorm.weight"] = cut.take(self.size), cut.take(self.size)
        if self.position == "decay":
            named["log_slope"] = cut.take(self.heads)
        return named

    def init(self, rng: np.random.Generator | int) -> Params:
        """Matrices as torch's `Linear`: U(+-1/sqrt(fan_in)); slopes as ALiBi: 2^(-8 h / heads), h = 1 .. heads."""
        rng = np.random.default_rng(rng)
        params = self.empty_params()
        for name, view in params.items():
            if name.endswith("proj.weight"):
                uniform_init(rng, view)
            elif name == "log_slope":
                view[:] = -8 * log(2) * np.arange(1, self.heads + 1) / self.heads
            else:
                view[:] = 1
        return params

    def _forward(self, theta: Array, x: Array, gaps: Array, state: Array, y: Array, states: Array) -> None:
        run(theta, self.plan, x, gaps, state, y, states)

    def _backward(
        self, theta: Array, x: Array, gaps: Array, state: Array, dy: Array, dstate: Array,
        dtheta: Array, dx: Array, dgaps: Array,
    ) -> None:  # fmt: skip
        run_back(theta, self.plan, x, gaps, state, dy, dstate, dtheta, dx, dgaps)
