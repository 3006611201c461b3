"""Optimisers: frozen settings that change a vector of parameters by a gradient and moments kept outside.

With the gradient g, the rate r (of the settings, times a schedule's factor) and t = 1, 2, ... the steps::

    SGD      m <- momentum m + g                       w <- w - r (m + decay w)
    RMSprop  v <- memory v + (1 - memory) g^2          w <- w - r (g / (sqrt(v) + epsilon) + decay w)
    AdamW    m <- beta1 m + (1 - beta1) g,  v <- beta2 v + (1 - beta2) g^2
             w <- w - r (m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + epsilon) + decay w)

AdamW: Loshchilov & Hutter, ICLR 2019 (arXiv 1711.05101), algorithm 2 as in torch, whose rate multiplies the decay too;
RMSprop: Tieleman & Hinton 2012, as in torch. The decay of all three is decoupled from the gradient, and pulls only
at matrices of linear layers (see `decays`): not at biases, nor at time constants, frequencies, reversal potentials.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from math import sqrt
from typing import ClassVar

import numpy as np

from liquid.cells.params import Array, Params
from liquid.training._optimiser_kernels import adamw, rmsprop, sgd

Moments = dict[str, Array]


def decays(name: str) -> bool:
    """Whether the parameter of that name is subject to weight decay: the last part of it starts with "weight"."""
    return name.rpartition(".")[2].startswith("weight")


@dataclass(frozen=True, kw_only=True)
class Optimiser(ABC):
    """What all share.

    Parameters
    ----------
    rate : the learning rate.
    decay : how strongly weights are pulled towards 0, see the module.
    """

    rate: float = 1e-3
    decay: float = 0.0

    vectors: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.rate < np.inf:
            raise ValueError(f"rate is {self.rate}, but must be finite and at least 0")
        if not 0 <= self.decay < np.inf:
            raise ValueError(f"decay is {self.decay}, but must be finite and at least 0")

    def start(self, params: Params) -> Moments:
        """The moments before the first step: named arrays, to be kept (and saved) with the parameters."""
        moments = {name: np.zeros_like(params.flat) for name in self.vectors}
        mask = params.zeros()
        for name, view in mask.items():
            view[...] = self.decay if decays(name) else 0.0
        return {**moments, "decay": mask.flat, "steps": np.zeros(1)}

    def update(self, flat: Array, gradient: Array, moments: Moments, factor: float = 1.0) -> None:
        """One step: changes `flat` and `moments` in place. `factor` is a schedule's."""
        moments["steps"][0] += 1
        self._step(flat, gradient, moments, flat.dtype.type(self.rate * factor))

    @abstractmethod
    def _step(self, flat: Array, gradient: Array, moments: Moments, rate: float) -> None: ...

    def _shares(self, **named: float) -> None:
        for name, value in named.items():
            if not 0 <= value < 1:
                raise ValueError(f"{name} is {value}, but must be at least 0 and less than 1")


@dataclass(frozen=True, kw_only=True)
class SGD(Optimiser):
    """Steepest descent with momentum, see the module."""

    momentum: float = 0.0

    vectors: ClassVar[tuple[str, ...]] = ("m",)

    def __post_init__(self) -> None:
        super().__post_init__()
        self._shares(momentum=self.momentum)

    def _step(self, flat: Array, gradient: Array, moments: Moments, rate: float) -> None:
        sgd(flat, gradient, moments["m"], moments["decay"], rate, flat.dtype.type(self.momentum))


@dataclass(frozen=True, kw_only=True)
class RMSprop(Optimiser):
    """See the module."""

    memory: float = 0.99
    epsilon: float = 1e-8

    vectors: ClassVar[tuple[str, ...]] = ("v",)

    def __post_init__(self) -> None:
        super().__post_init__()
        self._shares(memory=self.memory)

    def _step(self, flat: Array, gradient: Array, moments: Moments, rate: float) -> None:
        number = flat.dtype.type
        rmsprop(
            flat, gradient, moments["v"], moments["decay"], rate, number(self.memory), number(1 - self.memory),
            number(self.epsilon),
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class AdamW(Optimiser):
    """See the module."""

    decay: float = 0.01
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8

    vectors: ClassVar[tuple[str, ...]] = ("m", "v")

    def __post_init__(self) -> None:
        super().__post_init__()
        self._shares(beta1=self.beta1, beta2=self.beta2)

    def _step(self, flat: Array, gradient: Array, moments: Moments, rate: float) -> None:
        number, steps = flat.dtype.type, float(moments["steps"][0])
        step, root = rate / (1 - self.beta1**steps), 1 / sqrt(1 - self.beta2**steps)
        adamw(
            flat, gradient, moments["m"], moments["v"], moments["decay"], rate, number(self.beta1),
            number(1 - self.beta1), number(self.beta2), number(1 - self.beta2), number(self.epsilon), number(step),
            number(root),
        )  # fmt: skip


OPTIMISERS: dict[str, type[Optimiser]] = {"sgd": SGD, "rmsprop": RMSprop, "adamw": AdamW}
