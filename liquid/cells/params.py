"""Parameters of a cell: named arrays that are views of one vector."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Views = Callable[[Array], dict[str, Array]]


class Params(Mapping[str, Array]):
    """Read and write weights by name, or all of them at once as the vector `flat`.

    The kernels read `flat`, whose order suits them; each name is a view of it with the shape that weights are
    exchanged in, so ``params["fc.bias"][:] = 0`` and ``params.flat -= rate * gradient.flat`` both work.
    ``np.savez(path, **params)`` saves by name, ``cell.pack(np.load(path))`` loads.

    Parameters
    ----------
    owner : the cell; weights of another cell are checked and copied before use.
    flat : vector of all numbers; copied if it cannot be written to, such as one mapped from a file.
    views : function that cuts such a vector into named arrays without copying.
    """

    def __init__(self, owner: Hashable, flat: Array, views: Views) -> None:
        self.owner = owner
        self.flat = flat if flat.flags.writeable else np.array(flat)
        self._views = views
        self._named = views(self.flat)

    def __getitem__(self, name: str) -> Array:
        return self._named[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._named)

    def __len__(self) -> int:
        return len(self._named)

    def __repr__(self) -> str:
        return f"Params({self.flat.size} numbers: {', '.join(f'{k} {v.shape}' for k, v in self.items())})"

    def __reduce__(self) -> tuple[type[Params], tuple[Hashable, Array, Views]]:
        return Params, (self.owner, self.flat, self._views)  # views made anew, or they would be copies

    def copy(self) -> Params:
        return Params(self.owner, self.flat.copy(), self._views)

    def zeros(self) -> Params:
        """The same names and shapes, filled with 0 (for gradients and optimiser moments)."""
        return Params(self.owner, np.zeros_like(self.flat), self._views)


class Cutter:
    """Takes consecutive blocks from a vector."""

    def __init__(self, flat: Array) -> None:
        self._flat = flat
        self.at = 0

    def take(self, *shape: int) -> Array:
        start = self.at
        self.at += prod(shape)
        return self._flat[start : self.at].reshape(shape)
