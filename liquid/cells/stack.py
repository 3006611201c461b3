"""Cells one after the other: layer l + 1 reads the outputs of layer l, all at the times of the samples.

With x the input of a layer (its normalised form, if `norm`), and b = x, or S x with a trainable matrix where the
layer's outputs are not as many as its inputs::

    residual "none"   y = cell(x)
    residual "add"    y = b + cell(x)
    residual "gate"   y = b + sigmoid(a) (cell(x) - b),   a trainable per channel, at first 0

Norm and residual together are the pre-norm form: the norm is on the way to the cell, not on the way around it (Xiong
et al. 2020, arXiv 2002.04745). Every layer sees the true gaps, so their gradients add up.

Parameters by name: those of layer i as ``<i>.<name>``, and ``norm.<i>.weight``, ``gate.<i>``, ``skip.<i>.weight`` (S).
State: those of the layers in order, flat.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from liquid.cells._layer_kernels import between, share_back
from liquid.cells._options import one_of
from liquid.cells.base import Cell
from liquid.cells.checks import overflow
from liquid.cells.layers import Dense, RMSNorm, Stateless
from liquid.cells.params import Array, Params

RESIDUALS = ("none", "add", "gate")


class Part(NamedTuple):
    """A layer, what is around it, and where their numbers are in the vectors of parameters and state."""

    cell: Cell
    state: slice
    here: slice
    norm: RMSNorm | None
    norm_here: slice
    skip: Dense | None
    skip_here: slice
    gate_here: slice


class Passed(NamedTuple):
    """What one layer's forward pass leaves for the backward pass."""

    x: Array
    u: Array  # input of the cell
    z: Array  # output of the cell
    around: Array


@dataclass(frozen=True, kw_only=True)
class Stack(Cell, name="stack"):
    """See the module.

    Parameters
    ----------
    layers : cells, each with as many inputs as the one before has outputs.
    inputs, dtype : those of the first layer if not given; given, the first layer takes over these inputs, and all
        layers this type.
    residual : "none", "add" or "gate".
    norm : an `RMSNorm` before each layer.
    """

    layers: tuple[Cell, ...]
    inputs: int = -1
    dtype: str = ""
    residual: str = "none"
    norm: bool = False

    def __post_init__(self) -> None:
        one_of(self, residual=RESIDUALS)
        layers = tuple(self.layers)
        if not layers or not all(isinstance(layer, Cell) for layer in layers):
            raise ValueError(f"layers is {self.layers!r}, but must be at least one cell")
        inputs = layers[0].inputs if self.inputs == -1 else self.inputs
        dtype = self.dtype or layers[0].dtype
        if not self.dtype and any(layer.dtype != dtype for layer in layers):
            raise ValueError(f"layers are of types {', '.join(layer.dtype for layer in layers)}: give one dtype")
        layers = (replace(layers[0], inputs=inputs), *layers[1:])
        layers = tuple(layer if layer.dtype == dtype else replace(layer, dtype=dtype) for layer in layers)
        for i, (layer, following) in enumerate(pairwise(layers)):
            if layer.outputs != following.inputs:
                raise ValueError(f"layer {i} has {layer.outputs} outputs, but layer {i + 1} takes {following.inputs}")
        for name, value in {"layers": layers, "inputs": inputs, "dtype": dtype}.items():
            object.__setattr__(self, name, value)
        super().__post_init__()

    @property
    def outputs(self) -> int:
        return self.layers[-1].outputs

    @property
    def state_size(self) -> int:
        return self.parts[-1].state.stop

    @property
    def param_count(self) -> int:
        return self.parts[-1].gate_here.stop

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        found = []
        state = at = 0
        for cell in self.layers:
            around = self.residual != "none"
            norm = RMSNorm(inputs=cell.inputs, dtype=self.dtype) if self.norm else None
            skip = None
            if around and cell.inputs != cell.outputs:
                skip = Dense(inputs=cell.inputs, units=cell.outputs, bias=False, dtype=self.dtype)
            sizes = (
                cell.param_count,
                norm.param_count if norm else 0,
                skip.param_count if skip else 0,
                cell.outputs if self.residual == "gate" else 0,
            )
            ends = np.cumsum((at, *sizes)).tolist()
            here, norm_here, skip_here, gate_here = (slice(*pair) for pair in pairwise(ends))
            after = state + cell.state_size
            found.append(Part(cell, slice(state, after), here, norm, norm_here, skip, skip_here, gate_here))
            state, at = after, ends[-1]
        return tuple(found)

    def views(self, flat: Array) -> dict[str, Array]:
        named = {}
        for i, part in enumerate(self.parts):
            for name, view in part.cell.views(flat[part.here]).items():
                named[f"{i}.{name}"] = view
            if part.norm:
                named[f"norm.{i}.weight"] = flat[part.norm_here]
            if part.skip:
                named[f"skip.{i}.weight"] = part.skip.views(flat[part.skip_here])["weight"]
            if self.residual == "gate":
                named[f"gate.{i}"] = flat[part.gate_here]
        return named

    def init(self, rng: np.random.Generator | int) -> Params:
        """Each layer as it starts by itself, from one stream of random numbers."""
        rng = np.random.default_rng(rng)
        params = self.empty_params()
        for part in self.parts:
            for cell, here in ((part.cell, part.here), (part.norm, part.norm_here), (part.skip, part.skip_here)):
                if cell:
                    params.flat[here] = cell.init(rng).flat
        return params

    def _forward(self, theta: Array, x: Array, gaps: Array, state: Array, y: Array, states: Array) -> None:
        y[...] = self._walk(theta, x, gaps, state, states, None)

    def _backward(
        self, theta: Array, x: Array, gaps: Array, state: Array, dy: Array, dstate: Array,
        dtheta: Array, dx: Array, dgaps: Array,
    ) -> None:  # fmt: skip
        trail: list[Passed] = []
        self._walk(theta, x, gaps, state.copy(), self._no_states(len(x)), trail)
        dgaps[...] = 0
        for part, passed in zip(reversed(self.parts), reversed(trail), strict=True):
            dz = daround = dy
            if self.residual == "gate":
                dz, daround = np.empty_like(dy), np.empty_like(dy)
                share = _sigmoid(theta[part.gate_here])
                dshare = np.zeros_like(share)
                share_back(share, passed.around, passed.z, dy, dshare, daround, dz)
                dtheta[part.gate_here] += dshare * share * (1 - share)
            du, dgaps_here = np.zeros_like(passed.u), np.zeros_like(gaps)
            first, dfirst = state[:, part.state].copy(), dstate[:, part.state].copy()
            part.cell._backward(
                theta[part.here], passed.u, gaps, first, dz, dfirst, dtheta[part.here], du, dgaps_here
            )  # fmt: skip
            dstate[:, part.state] = dfirst
            dgaps += dgaps_here
            dy = _back(part.norm, theta, part.norm_here, passed.x, du, dtheta)
            if self.residual != "none":
                dy = dy + _back(part.skip, theta, part.skip_here, passed.x, daround, dtheta)
        dx[...] = dy

    def _walk(
        self, theta: Array, x: Array, gaps: Array, state: Array, states: Array, trail: list[Passed] | None
    ) -> Array:
        """Run layer by layer, each over whole sequences: outputs; updates `state`, fills `states` and `trail`.

        Steps of one sample go through here, too, so it calls as little as it can.
        """
        parts, kept = self.parts, states.shape[1]
        none = theta[:0]
        nothing = none.reshape(0, 0, 0)
        u = _forth(parts[0].norm, theta[parts[0].norm_here], x)
        for i, part in enumerate(parts):
            cell, norm = part.cell, parts[i + 1].norm if i + 1 < len(parts) else None
            y = z = np.empty((*gaps.shape, cell.outputs), self._type)
            own, every = state[:, part.state], states[:, :, part.state]
            if len(state) == 1 and not kept:
                cell._forward(theta[part.here], u, gaps, own, z, every)  # in place, since this is one block of memory
            else:
                after, all_after = own.copy(), every.copy()
                cell._forward(theta[part.here], u, gaps, after, z, all_after)
                own[...], every[...] = after, all_after
            around, share = nothing, none
            if self.residual != "none":
                around, y = _forth(part.skip, theta[part.skip_here], x), np.empty_like(z)
                if self.residual == "gate":
                    share = _sigmoid(theta[part.gate_here])
            following, weight, epsilon = y, none, 0.0
            if norm:
                following, weight, epsilon = np.empty_like(y), theta[parts[i + 1].norm_here], norm.epsilon
            if not between(share, around, z, y, weight, epsilon, following):
                raise overflow(f"layer {i} of a stack, {type(cell).__name__},", y)
            if trail is not None:
                trail.append(Passed(x, u, z, around))
            x, u = y, following
        return x


def _sigmoid(a: Array) -> Array:
    share: Array = 0.5 + 0.5 * np.tanh(0.5 * a)
    return share


def _forth(layer: Stateless | None, theta: Array, x: Array) -> Array:
    """Outputs of a layer, if there is one."""
    if layer is None:
        return x
    y = np.empty((*x.shape[:2], layer.outputs), x.dtype)
    layer.rows(theta, _flat(x), _flat(y))
    return y


def _back(layer: Stateless | None, theta: Array, here: slice, x: Array, dy: Array, dtheta: Array) -> Array:
    """dloss/dx, with the layer's own gradient added to `dtheta`."""
    if layer is None:
        return dy
    dx = np.empty_like(x)
    layer.rows_back(theta[here], _flat(x), _flat(dy), dtheta[here], _flat(dx))
    return dx


def _flat(a: Array) -> Array:
    return a.reshape(-1, a.shape[-1])
