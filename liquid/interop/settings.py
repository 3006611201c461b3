"""Keyword arguments beside weights: what only they say, what the weights say too, and what nobody knows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from liquid.cells.params import Array


class Settings:
    """Each is used once; `finish` refuses those left over."""

    def __init__(self, given: dict[str, Any], what: str) -> None:
        self._left = dict(given)
        self._what = what

    def take(self, name: str, default: Any) -> Any:
        return self._left.pop(name, default)

    def same(self, name: str, found: Any, *, none_is_unknown: bool = True) -> Any:
        """What the weights say, which an argument may repeat."""
        given = self._left.pop(name, found)
        if given != found and not (given is None and none_is_unknown):
            raise ValueError(f"{name} is {given!r}, but the weights are those of {name} {found!r}")
        return found

    def drop(self, *names: str) -> None:
        """Those that have nothing to do with weights."""
        for name in names:
            self._left.pop(name, None)

    def finish(self) -> None:
        if self._left:
            raise ValueError(f"{self._what} has no setting {', '.join(sorted(self._left))}")


def shape_of(weights: dict[str, Array], name: str, axes: int = 2) -> tuple[int, ...]:
    if name not in weights:
        raise ValueError(f"the weights lack {name}; there are {', '.join(sorted(weights))}")
    shape = weights[name].shape
    if len(shape) != axes:
        raise ValueError(f"{name} has shape {shape}, but {axes} axes are expected")
    return shape


def zero_or_one(name: str, mask: Array) -> Array:
    """A mask as int8."""
    if not np.isin(mask, (0, 1)).all():
        raise ValueError(f"{name} holds other numbers than 0 and 1")
    return np.asarray(mask, np.int8)


def type_of(arrays: Iterable[Array]) -> str:
    return "float32" if all(a.dtype == np.float32 for a in arrays) else "float64"
