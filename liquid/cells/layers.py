"""Layers without a state, in the form of cells: what stands between the recurrent layers of a `Stack`.

Dense    y = W x + b
RMSNorm  y = w x / sqrt(mean(x^2) + epsilon)                (Zhang & Sennrich 2019, arXiv 1910.07467)
SwiGLU   y = W2 (silu(W1 x) (W3 x)), elementwise products   (Shazeer 2020, arXiv 2002.05202; names of LLaMA and LFM2)

None of them looks at the gap. The factors of SwiGLU are kept within `limit` so that their product stays finite.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from functools import cached_property
from math import sqrt

import numpy as np

from liquid.cells._dense import dense_size, dense_views, linear_view
from liquid.cells._layer_kernels import dense, dense_back, rms_norm, rms_norm_back, swiglu, swiglu_back
from liquid.cells._options import at_least
from liquid.cells.base import Cell
from liquid.cells.params import Array, Cutter, Params

#: Numbers of this size can be added up by the hundred and still be finite.
LARGE_EXPONENT = {"float64": 300, "float32": 33}


def product_limit(dtype: str, factors: int) -> float:
    """The largest size of numbers of which a product of `factors` is no problem, a number of that type."""
    return float(np.dtype(dtype).type(10.0 ** (LARGE_EXPONENT[dtype] / factors)))


def uniform_init(rng: np.random.Generator, weight: Array, bias: Array | None = None) -> None:
    """Fill as torch's `Linear` does: U(+-1/sqrt(fan_in))."""
    for part in (weight, bias):
        if part is not None:
            part[...] = rng.uniform(-1, 1, part.shape) / sqrt(weight.shape[1])


@dataclass(frozen=True, kw_only=True)
class Stateless(Cell):
    """A function of each sample by itself: subclasses see rows."""

    @property
    def state_size(self) -> int:
        return 0

    @abstractmethod
    def rows(self, theta: Array, x: Array, y: Array) -> None:
        """Fill y (samples, outputs) from x (samples, inputs)."""

    @abstractmethod
    def rows_back(self, theta: Array, x: Array, dy: Array, dtheta: Array, dx: Array) -> None:
        """Add to `dtheta`, fill `dx`."""

    def _forward(self, theta: Array, x: Array, gaps: Array, state: Array, y: Array, states: Array) -> None:
        self.rows(theta, x.reshape(-1, self.inputs), y.reshape(-1, self.outputs))

    def _backward(
        self, theta: Array, x: Array, gaps: Array, state: Array, dy: Array, dstate: Array,
        dtheta: Array, dx: Array, dgaps: Array,
    ) -> None:  # fmt: skip
        rows = (x.reshape(-1, self.inputs), dy.reshape(-1, self.outputs))
        self.rows_back(theta, *rows, dtheta, dx.reshape(-1, self.inputs))
        dgaps[...] = 0


@dataclass(frozen=True, kw_only=True)
class Dense(Stateless):
    """A linear layer of `units` outputs; see the module."""

    units: int
    bias: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least(self, units=1)

    @property
    def outputs(self) -> int:
        return self.units

    @property
    def param_count(self) -> int:
        return dense_size(self.inputs, self.units) if self.bias else self.inputs * self.units

    def views(self, flat: Array) -> dict[str, Array]:
        cut = Cutter(flat)
        if not self.bias:
            return {"weight": linear_view(cut, self.inputs, self.units)}
        weight, bias = dense_views(cut, self.inputs, self.units)
        return {"weight": weight, "bias": bias}

    def init(self, rng: np.random.Generator | int) -> Params:
        params = self.empty_params()
        uniform_init(np.random.default_rng(rng), params["weight"], params.get("bias"))
        return params

    def rows(self, theta: Array, x: Array, y: Array) -> None:
        dense(theta, self.bias, x, y)

    def rows_back(self, theta: Array, x: Array, dy: Array, dtheta: Array, dx: Array) -> None:
        dense_back(theta, self.bias, x, dy, dtheta, dx)


@dataclass(frozen=True, kw_only=True)
class RMSNorm(Stateless):
    """Root mean square normalisation of a sample's channels; see the module."""

    epsilon: float = 1e-5

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.epsilon > 0:
            raise ValueError(f"epsilon is {self.epsilon}, but must be positive")

    @property
    def outputs(self) -> int:
        return self.inputs

    @property
    def param_count(self) -> int:
        return self.inputs

    def views(self, flat: Array) -> dict[str, Array]:
        return {"weight": flat}

    def init(self, rng: np.random.Generator | int) -> Params:
        params = self.empty_params()
        params["weight"][:] = 1
        return params

    def rows(self, theta: Array, x: Array, y: Array) -> None:
        rms_norm(theta, self.epsilon, x, y)

    def rows_back(self, theta: Array, x: Array, dy: Array, dtheta: Array, dx: Array) -> None:
        rms_norm_back(theta, self.epsilon, x, dy, dtheta, dx)


@dataclass(frozen=True, kw_only=True)
class SwiGLU(Stateless):
    """A gated hidden layer of `hidden` units (default: 4 times the inputs) back to as many outputs as inputs."""

    hidden: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.hidden is not None:
            at_least(self, hidden=1)

    @property
    def outputs(self) -> int:
        return self.inputs

    @property
    def param_count(self) -> int:
        return 3 * self.inputs * self.width

    @cached_property
    def width(self) -> int:
        return self.hidden or 4 * self.inputs

    @cached_property
    def limit(self) -> float:
        return product_limit(self.dtype, 3)

    def views(self, flat: Array) -> dict[str, Array]:
        cut = Cutter(flat)
        both = linear_view(cut, self.inputs, 2 * self.width)
        return {
            "w1.weight": both[: self.width],
            "w3.weight": both[self.width :],
            "w2.weight": linear_view(cut, self.width, self.inputs),
        }

    def init(self, rng: np.random.Generator | int) -> Params:
        rng = np.random.default_rng(rng)
        params = self.empty_params()
        for weight in params.values():
            uniform_init(rng, weight)
        return params

    def rows(self, theta: Array, x: Array, y: Array) -> None:
        swiglu(theta, self.limit, self.width, x, y)

    def rows_back(self, theta: Array, x: Array, dy: Array, dtheta: Array, dx: Array) -> None:
        swiglu_back(theta, self.limit, self.width, x, dy, dtheta, dx)
