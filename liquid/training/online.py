"""Learning from a stream, sample by sample, without looking back.

>>> from liquid.cells import make
>>> from liquid.training import Network, Online
>>> network = Network(cell=make("cfc", inputs=1, units=4, backbone_layers=0), outputs=1)
>>> online = Online(network, network.init(0))
>>> y = online.step(u=[0.5], gap=1.0)
>>> loss = online.learn(target=[0.3])

Cost of a sample, with n states and P parameters of the cell: "rtrl" n^2 P; "snap1" the number of pairs of a state and
a parameter that touches it, which is P if each touches one, and n P for parameters in front of all states, such as a
CfC's backbone or the synapses of an LTC with several unfolds; "truncated" P. Gradients of "rtrl" are exact while
parameters stand still; as these move, traces mix derivatives at old and new ones, which is harmless at small rates.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from liquid.cells.base import Recurrent
from liquid.cells.checks import finite_result, gap_array, real_array
from liquid.cells.params import Array, Params
from liquid.training._network_kernels import read, read_back
from liquid.training.clip import clip_norm
from liquid.training.losses import Loss, loss_named
from liquid.training.network import Network
from liquid.training.optimisers import AdamW, Optimiser
from liquid.training.rules import RULES


class Online:
    """A network (or a cell, if its outputs are the targets) that learns while it runs on one stream.

    Parameters
    ----------
    params : where to start; copied.
    rule : "rtrl", "snap1" or "truncated", see the module.
    optimiser : `AdamW()` without decay by default.
    loss : a name of `LOSSES`, or a function with their arguments.
    clip : largest norm of a sample's gradient; None for no limit.

    A step or lesson that overflows raises FloatingPointError and changes neither state nor parameters; after one in
    `step`, call `reset`.
    """

    def __init__(
        self,
        network: Recurrent,
        params: Mapping[str, ArrayLike],
        *,
        rule: str = "snap1",
        optimiser: Optimiser | None = None,
        loss: str | Loss = "mse",
        clip: float | None = 1.0,
    ) -> None:
        if rule not in RULES:
            raise ValueError(f"there is no rule named {rule!r}: choose one of {', '.join(RULES)}")
        self.network = network
        self.params = network.pack(params)
        self._readout = isinstance(network, Network)
        self._cell = network.cell if isinstance(network, Network) else network
        self._own = network.cell_params(self.params) if isinstance(network, Network) else self.params
        self._optimiser = optimiser or AdamW(decay=0.0)
        self._moments = self._optimiser.start(self.params)
        self._loss, self._clip, self._rule_name = loss_named(loss), clip, rule
        self._gradient = self.params.zeros()
        self.reset()

    def reset(self) -> None:
        """Start a new sequence; parameters and moments stay."""
        self._rule = RULES[self._rule_name](self._cell)
        self.state = self._cell.zero_state()
        self._h = np.zeros((1, 1, self._cell.outputs), self._cell.dtype)
        self._y: Array | None = None

    def step(self, u: ArrayLike, gap: ArrayLike) -> Array:
        """The output (outputs,) for the sample u (inputs,), `gap` after the one before."""
        kind = np.dtype(self.network.dtype)
        sample = real_array("u", np.asarray(u)[None], kind, "1, inputs", (1, self.network.inputs))
        h, after = self._rule.step(self._own, self.state, sample, gap_array(np.asarray(gap)[None], kind, "1", (1,)))
        y = h
        if self._readout:
            y = np.empty((1, self.network.outputs), kind)
            read(self.params.flat, self._cell.param_count, h[:, None], y[:, None])
        finite_result("Online.step", y, after)
        self._h, self.state, self._y = h[:, None], after, y
        return y[0]

    def gradient(self, dy: ArrayLike) -> Params:
        """dloss/d(parameters) by the rule, from dloss/d(newest output) (outputs,)."""
        kind = np.dtype(self.network.dtype)
        slope = real_array("dy", np.asarray(dy)[None], kind, "1, outputs", (1, self.network.outputs))
        found = self._gradient
        found.flat[:] = 0
        if self._readout:
            dh = np.empty_like(self._h)
            read_back(self.params.flat, found.flat, self._cell.param_count, self._h, slope[:, None], dh)
            slope = dh[:, 0]
        self._rule.gradient(self._own, slope, found.flat[: self._cell.param_count])
        finite_result("Online.gradient", found.flat)
        return found

    def learn(self, target: ArrayLike) -> float:
        """One step of the optimiser on the loss of the newest output; returns that loss.

        target : numbers (outputs,), or for "cross_entropy" one class number.
        """
        if self._y is None:
            raise ValueError("there is no output yet to learn from: call step first")
        loss, dy = self._loss(self._y, np.asarray(target)[None], None)
        self.learn_from(dy[0])
        return loss

    def learn_from(self, dy: ArrayLike) -> None:
        """One step of the optimiser for a loss with that slope on the newest output."""
        gradient = self.gradient(dy).flat
        clip_norm(gradient, self._clip)
        self._optimiser.update(self.params.flat, gradient, self._moments)
        self._cell.constrain(self._own)

    def arrays(self) -> dict[str, Array]:
        """All numbers that a saved stream needs to go on, by name: see `restore`."""
        moments = {f"moments/{name}": value.copy() for name, value in self._moments.items()}
        return {
            "params": self.params.flat.copy(), "state": self.state.copy(), "traces": self._rule.save(), **moments
        }  # fmt: skip

    def restore(self, arrays: Mapping[str, Array]) -> None:
        """Go on from `arrays` of an object made with the same arguments, with the next `step`."""
        own = self.arrays()
        for name, value in own.items():
            given = np.asarray(arrays[name])
            if (given.shape, given.dtype) != (value.shape, value.dtype):
                raise ValueError(f"{name} is {given.dtype} {given.shape}, but must be {value.dtype} {value.shape}")
        self.reset()
        self.params.flat[:] = arrays["params"]
        self.state = arrays["state"].copy()
        self._rule.load(arrays["traces"])
        for name, value in self._moments.items():
            value[:] = arrays[f"moments/{name}"]
