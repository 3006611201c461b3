"""The hybrid stack of LFM2 (Liquid AI 2025, arXiv 2511.23404): short convolutions with a few blocks of attention.

With a linear layer in the place of the token embedding, and u the sample::

    x = W u + b
    x <- x + operator(norm(x)),   x <- x + swiglu(norm(x))      for each block
    y = norm(x)

The operator is a `GatedConv` or an `Attention` with grouped queries, normalised queries and keys and rotary time; norm
is an `RMSNorm`. The published order of 16 blocks has 10 convolutions and 6 attentions. State and cost of a sample are
bounded: a few samples for each convolution, a window for each attention.

Names of the parameters are those of `Lfm2Model` in the library transformers: ``layers.<i>.conv.*`` or
``layers.<i>.self_attn.*``, ``layers.<i>.feed_forward.*``, ``layers.<i>.operator_norm.weight``,
``layers.<i>.ffn_norm.weight``, ``embedding_norm.weight``, and ``embedding.weight``, ``embedding.bias`` for W, b. Their
shapes are described in the modules of the layers.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from liquid.cells._options import at_least
from liquid.cells.attention import Attention
from liquid.cells.base import Cell
from liquid.cells.gated_conv import GatedConv
from liquid.cells.layers import Dense, RMSNorm, SwiGLU
from liquid.cells.params import Array, Params
from liquid.cells.stack import Stack

#: The published order: c is a convolution, a is attention.
LFM2 = "ccaccaccacacacac"
OPERATORS = {"c": "conv", "a": "self_attn"}
NAMES = {"conv": "c", "attention": "a"}


def proportional(blocks: int) -> str:
    """The order of so many blocks, 10 : 6: the published one for 16, otherwise with attention spread evenly."""
    if blocks == len(LFM2):
        return LFM2
    reached = [i * LFM2.count("a") // len(LFM2) for i in range(blocks + 1)]
    return "".join("ca"[after - before] for before, after in pairwise(reached))


@dataclass(frozen=True, kw_only=True)
class Hybrid(Cell, name="hybrid"):
    """See the module.

    Parameters
    ----------
    width : channels of the blocks, and outputs.
    pattern : order of the blocks: letters c and a, or the words conv and attention, or a number of blocks.
    kernel, time_feature : of the convolutions.
    heads, kv_heads, window, base : of the attentions.
    hidden : units of each SwiGLU; default: 4 times the width, as in LFM2-1.2B.
    """

    width: int = 32
    pattern: str | Sequence[str] | int = LFM2
    kernel: int = 3
    time_feature: str = "append"
    heads: int = 4
    kv_heads: int = 2
    window: int = 64
    base: float = 1e6
    hidden: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least(self, width=1)
        pattern = self.pattern
        if isinstance(pattern, int):
            pattern = proportional(pattern)
        elif not isinstance(pattern, str):
            pattern = "".join(NAMES.get(name, name) for name in pattern)
        if not re.fullmatch("[ac]+", pattern):
            raise ValueError(
                f"pattern is {self.pattern!r}, but must be letters c and a, words conv and attention, "
                "or a number of blocks, at least 1"
            )
        object.__setattr__(self, "pattern", pattern)
        _ = self.stack  # the layers check their own settings

    @property
    def outputs(self) -> int:
        return self.width

    @property
    def state_size(self) -> int:
        return self.stack.state_size

    @property
    def param_count(self) -> int:
        return self.stack.param_count

    @cached_property
    def stack(self) -> Stack:
        """The same as a stack of cells."""
        n, dtype = self.width, self.dtype
        operators: dict[str, Cell] = {
            "c": GatedConv(inputs=n, kernel=self.kernel, time_feature=self.time_feature, dtype=dtype),
            "a": Attention(
                inputs=n, heads=self.heads, kv_heads=self.kv_heads, window=self.window, base=self.base, qk_norm=True,
                dtype=dtype,
            ),
        }  # fmt: skip
        forward = SwiGLU(inputs=n, hidden=self.hidden, dtype=dtype)
        blocks = tuple(layer for letter in str(self.pattern) for layer in (operators[letter], forward))
        embedding = Dense(inputs=self.inputs, units=n, dtype=dtype)
        trunk = Stack(layers=blocks, residual="add", norm=True)
        return Stack(layers=(embedding, trunk, RMSNorm(inputs=n, dtype=dtype)))

    def views(self, flat: Array) -> dict[str, Array]:
        return {self._name(name): view for name, view in self.stack.views(flat).items()}

    def _name(self, name: str) -> str:
        """What a parameter of the stack is called here."""
        part, rest = name.split(".", 1)
        if part != "1":
            return f"{'embedding' if part == '0' else 'embedding_norm'}.{rest}"
        norm, layer, what = re.fullmatch(r"(norm\.)?(\d+)\.(.*)", rest).groups()  # type: ignore[union-attr]
        block, second = divmod(int(layer), 2)
        if norm:
            return f"layers.{block}.{'ffn_norm' if second else 'operator_norm'}.{what}"
        return f"layers.{block}.{'feed_forward' if second else OPERATORS[str(self.pattern)[block]]}.{what}"

    def init(self, rng: np.random.Generator | int) -> Params:
        """Each layer as it starts by itself, norms with weights of 1."""
        params = self.empty_params()
        params.flat[:] = self.stack.init(rng).flat
        return params

    def _forward(self, theta: Array, x: Array, gaps: Array, state: Array, y: Array, states: Array) -> None:
        self.stack._forward(theta, x, gaps, state, y, states)

    def _backward(
        self, theta: Array, x: Array, gaps: Array, state: Array, dy: Array, dstate: Array,
        dtheta: Array, dx: Array, dgaps: Array,
    ) -> None:  # fmt: skip
        self.stack._backward(theta, x, gaps, state, dy, dstate, dtheta, dx, dgaps)
