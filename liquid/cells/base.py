"""The surface that all cells share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from liquid.cells.checks import finite_result, gap_array, real_array
from liquid.cells.params import Array, Params

if TYPE_CHECKING:
    from liquid.cells._single import Single

DTYPES = ("float64", "float32")
Judge = Callable[[Array], tuple[float, Array]]

CELLS: dict[str, type[Cell]] = {}
"""Every cell by its name."""


class Gradients(NamedTuple):
    """dloss/d(...) for everything that went into a run, in the shapes that went in."""

    params: Params
    x: Array
    gaps: Array
    state: Array


class Recurrent(ABC):
    """What cells and networks made of them share: runs, steps and gradients of checked arrays.

    The object itself is a frozen configuration and holds no numbers: parameters and state go in and come out, so one
    serves any number of models and sequences. Shapes: ``u (batch, inputs)``, ``gap (batch,)`` the time since the
    sequence's previous sample in whatever unit the model is trained with (scaled to about 1), ``state (batch,
    state_size)``, ``x (batch, length, inputs)``, ``gaps (batch, length)``. The sequences of a batch do not touch each
    other. Inputs of another real type are converted to `dtype`; float16, NaN, infinity, negative gaps and empty
    arrays are refused (`liquid.cells.checks`), and a result that overflows raises FloatingPointError.
    """

    if TYPE_CHECKING:  # fields or properties, as the class likes

        @property
        def inputs(self) -> int: ...

        @property
        def outputs(self) -> int: ...

        @property
        def dtype(self) -> str: ...

        @property
        def state_size(self) -> int:
            """Numbers carried from one sample to the next for each sequence."""

        @property
        def param_count(self) -> int: ...

    @abstractmethod
    def views(self, flat: Array) -> dict[str, Array]:
        """Cut a vector of `param_count` numbers into the named parameters, as views."""

    @abstractmethod
    def init(self, rng: np.random.Generator | int) -> Params:
        """Random parameters to start training from; a whole number is a seed."""

    @abstractmethod
    def _forward(self, theta: Array, x: Array, gaps: Array, state: Array, y: Array, states: Array) -> None:
        """Run checked arrays: `state` is updated in place, `y` filled, `states` too if its length is not 0."""

    @abstractmethod
    def _backward(
        self, theta: Array, x: Array, gaps: Array, state: Array, dy: Array, dstate: Array,
        dtheta: Array, dx: Array, dgaps: Array,
    ) -> None:  # fmt: skip
        """Add to `dtheta`, fill `dx` and `dgaps`; `dstate` goes from the last state to the first, in place."""

    def _forward_kept(self, theta: Array, x: Array, gaps: Array, state: Array, y: Array) -> Any:
        """`_forward`, and what `_backward_kept` wants of it: here the first state, to run once more from."""
        first = state.copy()
        self._forward(theta, x, gaps, state, y, self._no_states(len(x)))
        return first

    def _backward_kept(
        self, kept: Any, theta: Array, x: Array, gaps: Array, dy: Array, dstate: Array,
        dtheta: Array, dx: Array, dgaps: Array,
    ) -> None:  # fmt: skip
        self._backward(theta, x, gaps, kept, dy, dstate, dtheta, dx, dgaps)

    def _single(self, theta: Array) -> Single | None:
        """How `Stepper` runs single samples of one sequence faster than by `_forward`, if there is a way."""
        return None

    @cached_property
    def _type(self) -> np.dtype:
        return np.dtype(self.dtype)

    def empty_params(self) -> Params:
        return Params(self, np.zeros(self.param_count, self._type), self.views)

    def pack(self, named: Mapping[str, ArrayLike]) -> Params:
        """Parameters copied from arrays by name, such as those of a saved file; names and shapes must match."""
        params = self.empty_params()
        if missing := params.keys() - set(named):
            raise ValueError(f"{type(self).__name__} parameters lack {', '.join(sorted(missing))}")
        if unknown := set(named) - params.keys():
            raise ValueError(f"{type(self).__name__} has no parameters named {', '.join(sorted(unknown))}")
        for name, view in params.items():
            axes = ", ".join(["size"] * view.ndim)
            view[...] = real_array(name, named[name], self._type, axes, view.shape)
        return params

    def constrain(self, params: Params) -> None:  # noqa: B027 (most have nothing to do)
        """Put parameters that an optimiser moved to where the equations mean nothing back to the border, in place."""

    def zero_state(self, batch: int = 1) -> Array:
        return np.zeros((batch, self.state_size), self._type)

    def step(
        self, params: Mapping[str, ArrayLike], state: ArrayLike, u: ArrayLike, gap: ArrayLike
    ) -> tuple[Array, Array]:
        """One sample of every sequence: output ``(batch, outputs)`` and the next state."""
        u = real_array("u", u, self._type, "batch, inputs", (None, self.inputs))
        gap = gap_array(gap, self._type, "batch", (len(u),))
        y, after = self._run(params, u[:, None], gap[:, None], state, self._no_states(len(u)))
        return y[:, 0], after

    def run(
        self, params: Mapping[str, ArrayLike], x: ArrayLike, gaps: ArrayLike, state: ArrayLike | None = None
    ) -> tuple[Array, Array]:
        """Whole sequences: outputs ``(batch, length, outputs)`` and the last state. Starts from 0 without `state`."""
        x, gaps = self._sequences(x, gaps)
        return self._run(params, x, gaps, state, self._no_states(len(x)))

    def states(
        self, params: Mapping[str, ArrayLike], x: ArrayLike, gaps: ArrayLike, state: ArrayLike | None = None
    ) -> Array:
        """The state after every sample, ``(batch, length, state_size)``."""
        x, gaps = self._sequences(x, gaps)
        states = np.empty((*gaps.shape, self.state_size), self._type)
        self._run(params, x, gaps, state, states)
        return states

    def grad(
        self,
        params: Mapping[str, ArrayLike],
        x: ArrayLike,
        gaps: ArrayLike,
        dy: ArrayLike,
        state: ArrayLike | None = None,
        dstate: ArrayLike | None = None,
    ) -> Gradients:
        """Exact gradients by backpropagation through time.

        Parameters
        ----------
        x, gaps, state : as given to `run`.
        dy : dloss/dy, (batch, length, outputs).
        dstate : dloss/d(last state), (batch, state_size), for a loss that goes on beyond this piece; default 0.
        """
        theta = self._theta(params)
        x, gaps = self._sequences(x, gaps)
        dy = real_array("dy", dy, self._type, "batch, length, outputs", (*gaps.shape, self.outputs))
        first = self._state("state", state, len(x))
        dstate = self._state("dstate", dstate, len(x))
        dparams, dx, dgaps = self.empty_params(), np.zeros_like(x), np.zeros_like(gaps)
        self._backward(theta, x, gaps, first, dy, dstate, dparams.flat, dx, dgaps)
        finite_result(f"{type(self).__name__}.grad", dparams.flat, dx, dgaps, dstate)
        return Gradients(dparams, dx, dgaps, dstate)

    def loss_grad(
        self, params: Mapping[str, ArrayLike], x: ArrayLike, gaps: ArrayLike, judge: Judge
    ) -> tuple[float, Gradients]:
        """A loss of the outputs and its gradients from state 0, for less than `run` and `grad` together.

        Parameters
        ----------
        judge : from the outputs (batch, length, outputs), the loss and dloss/d(outputs).
        """
        theta = self._theta(params)
        x, gaps = self._sequences(x, gaps)
        y, after = np.empty((*gaps.shape, self.outputs), self._type), self.zero_state(len(x))
        kept = self._forward_kept(theta, x, gaps, after, y)
        finite_result(f"{type(self).__name__}.run", y, after)
        loss, dy = judge(y)
        dparams, dx, dgaps, dstate = self.empty_params(), np.zeros_like(x), np.zeros_like(gaps), np.zeros_like(after)
        dy = np.ascontiguousarray(dy, self._type)
        self._backward_kept(kept, theta, x, gaps, dy, dstate, dparams.flat, dx, dgaps)
        finite_result(f"{type(self).__name__}.grad", dparams.flat, dx, dgaps, dstate)
        return loss, Gradients(dparams, dx, dgaps, dstate)

    def jacobian(self, params: Mapping[str, ArrayLike], state: ArrayLike, u: ArrayLike, gap: ArrayLike) -> Array:
        """d(next state)[i] / d(state)[j] of one step, ``(batch, state_size, state_size)``."""
        u = real_array("u", u, self._type, "batch, inputs", (None, self.inputs))
        gap = gap_array(gap, self._type, "batch", (len(u),))
        first = self._state("state", state, len(u))
        size = self.state_size
        if size == 0:
            return np.empty((len(u), 0, 0), self._type)
        rows = [np.repeat(a, size, axis=0) for a in (u[:, None], gap[:, None], first)]
        directions = np.tile(np.eye(size, dtype=self._type), (len(u), 1))
        silent = np.zeros((len(directions), 1, self.outputs), self._type)
        back = self.grad(params, rows[0], rows[1], silent, rows[2], directions)
        return back.state.reshape(len(u), size, size)

    def _theta(self, params: Mapping[str, ArrayLike]) -> Array:
        known = isinstance(params, Params) and (params.owner is self or params.owner == self)
        return params.flat if known else self.pack(params).flat  # type: ignore[attr-defined]

    def _sequences(self, x: ArrayLike, gaps: ArrayLike) -> tuple[Array, Array]:
        x = real_array("x", x, self._type, "batch, length, inputs", (None, None, self.inputs))
        return x, gap_array(gaps, self._type, "batch, length", x.shape[:2])

    def _state(self, name: str, value: ArrayLike | None, batch: int) -> Array:
        """A fresh array, which kernels may change."""
        if value is None:
            return self.zero_state(batch)
        return real_array(name, value, self._type, "batch, state_size", (batch, self.state_size)).copy()

    def _no_states(self, batch: int) -> Array:
        return np.empty((batch, 0, self.state_size), self._type)

    def _run(
        self, params: Mapping[str, ArrayLike], x: Array, gaps: Array, state: ArrayLike | None, states: Array
    ) -> tuple[Array, Array]:
        theta = self._theta(params)
        after = self._state("state", state, len(x))
        y = np.empty((*gaps.shape, self.outputs), self._type)
        self._forward(theta, x, gaps, after, y, states)
        finite_result(f"{type(self).__name__}.run", y, after)
        return y, after


@dataclass(frozen=True, kw_only=True)
class Cell(Recurrent):
    """A recurrent cell for samples at irregular times: ``y, state = f(params, state, u, gap)``; see `Recurrent`.

    A new cell gives its sizes, `views`, `init`, `_forward` and `_backward`; the rest is there. With
    ``class MyCell(Cell, name="my_cell")`` it is registered in `CELLS`; without a name it is not.
    """

    inputs: int
    dtype: str = "float64"

    def __init_subclass__(cls, name: str | None = None, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if name is None:
            return
        taken = CELLS.get(name)
        # The same class again is a module loaded anew or a cell of a notebook run twice.
        if taken and (taken.__module__, taken.__qualname__) != (cls.__module__, cls.__qualname__):
            raise ValueError(f"{taken.__module__} has already registered a cell named {name!r}")
        CELLS[name] = cls

    def __post_init__(self) -> None:
        if self.dtype not in DTYPES:
            raise ValueError(f"dtype is {self.dtype!r}, but must be one of {', '.join(DTYPES)}")
        if self.inputs < 1:
            raise ValueError(f"inputs is {self.inputs}, but a cell needs at least 1")

    @property
    @abstractmethod
    def outputs(self) -> int: ...

    @property
    @abstractmethod
    def state_size(self) -> int:
        """Numbers carried from one sample to the next for each sequence."""

    @property
    @abstractmethod
    def param_count(self) -> int: ...
