"""How the learning rate changes over a training: a factor for every step, from its number and how many there will be.

>>> Cosine(warmup=2).factor(0, 12), Cosine(warmup=2).factor(1, 12), Cosine(warmup=2).factor(7, 12)
(0.5, 1.0, 0.5)
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from math import cos, pi


@dataclass(frozen=True, kw_only=True)
class Schedule(ABC):
    """The first `warmup` steps rise in a line to the full rate; then comes `after`."""

    warmup: int = 0

    def __post_init__(self) -> None:
        if self.warmup < 0:
            raise ValueError(f"warmup is {self.warmup}, but must be at least 0")

    def factor(self, step: int, steps: int) -> float:
        """Of the rate at step `step` (from 0) out of `steps`."""
        if step < self.warmup:
            return (step + 1) / self.warmup
        return self.after(step - self.warmup, max(1, steps - self.warmup))

    @abstractmethod
    def after(self, step: int, steps: int) -> float: ...


@dataclass(frozen=True, kw_only=True)
class Constant(Schedule):
    """Always the full rate."""

    def after(self, step: int, steps: int) -> float:
        return 1.0


@dataclass(frozen=True, kw_only=True)
class Cosine(Schedule):
    """Half a cosine from 1 to `floor` (Loshchilov & Hutter, SGDR, ICLR 2017, eq. 5, without restarts)."""

    floor: float = 0.0

    def after(self, step: int, steps: int) -> float:
        return self.floor + (1 - self.floor) * (1 + cos(pi * min(step, steps) / steps)) / 2


@dataclass(frozen=True, kw_only=True)
class Exponential(Schedule):
    """From 1 down to `final` by the same share each step."""

    final: float = 0.01

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.final > 0:
            raise ValueError(f"final is {self.final}, but must be more than 0")

    def after(self, step: int, steps: int) -> float:
        return float(self.final ** (min(step, steps) / steps))


@dataclass(frozen=True, kw_only=True)
class Staircase(Schedule):
    """Times `drop` at each of `stairs` equal parts of the training but the first."""

    drop: float = 0.1
    stairs: int = 3

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.stairs < 1:
            raise ValueError(f"stairs is {self.stairs}, but must be at least 1")

    def after(self, step: int, steps: int) -> float:
        return float(self.drop ** min(step * self.stairs // steps, self.stairs - 1))
