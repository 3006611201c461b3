"""Training data: sequences of samples with their gaps, targets and weights, checked once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from liquid.cells.checks import gap_array, real_array
from liquid.cells.params import Array

DOUBLE = np.dtype(np.float64)


@dataclass(frozen=True)
class Sequences:
    """Sequences of one length; shorter ones are padded with samples of weight 0.

    Every sample is run, but only those with a weight above 0 count in a loss: weight 0 is for padding behind a
    sequence, for samples whose target is unknown, and for a warm-up before the first sample that counts.

    Parameters
    ----------
    x : (n, length, inputs), finite; also in the padding.
    gaps : (n, length), the time since the previous sample, at least 0.
    target : numbers (n, length, outputs), or whole class numbers (n, length); with `last` (n, outputs) or (n,).
        Only those of samples that count need to be finite.
    weight : (n, length), not negative and above 0 somewhere in each sequence; None for 1 everywhere.
    last : one target for each sequence, for the output at its last sample that counts (whose weight it has).

    Raises
    ------
    TypeError, ValueError : as the cells do (`liquid.cells.checks`), with the array and the place.
    """

    x: Array
    gaps: Array
    target: Array
    weight: Array | None = None
    last: bool = False
    ends: Array = field(init=False)
    """Of each sequence, the index of its last sample that counts, (n,)."""

    def __post_init__(self) -> None:
        x = real_array("x", self.x, _real_type(self.x), "sequences, length, inputs", (None, None, None))
        shape = x.shape[:2]
        gaps = gap_array(self.gaps, _real_type(self.gaps), "sequences, length", shape)
        counts, weight = np.ones(shape, bool), None
        if self.weight is not None:
            weight = real_array("weight", self.weight, DOUBLE, "sequences, length", shape, least=0.0)
            counts = weight > 0
            if not counts.any(axis=1).all():
                where = int(np.argmin(counts.any(axis=1)))
                raise ValueError(f"weight is 0 in all of sequence {where}: leave such sequences out")
        ends = shape[1] - 1 - np.argmax(counts[:, ::-1], axis=1)
        target = _target(self.target, shape[:1] if self.last else shape, None if self.last else counts)
        for name, value in {"x": x, "gaps": gaps, "target": target, "weight": weight, "ends": ends}.items():
            object.__setattr__(self, name, value)

    def __len__(self) -> int:
        return len(self.x)

    @classmethod
    def ragged(
        cls, x: Sequence[ArrayLike], gaps: Sequence[ArrayLike], target: Sequence[ArrayLike], last: bool = False
    ) -> Sequences:
        """From sequences of their own lengths: x (length_i, inputs), gaps (length_i,), targets per sample or one."""
        if not 0 < len(x) == len(gaps) == len(target):
            raise ValueError(f"{len(x)} sequences, {len(gaps)} gaps and {len(target)} targets, but as many are needed")
        lengths = [len(np.asarray(g)) for g in gaps]
        weight = np.zeros((len(x), max(lengths)))
        for row, length in zip(weight, lengths, strict=True):
            row[:length] = 1
        targets = np.array([np.asarray(t) for t in target]) if last else _padded("target", target, lengths)
        return cls(_padded("x", x, lengths), _padded("gaps", gaps, lengths), targets, weight, last)

    def subset(self, chosen: ArrayLike) -> Sequences:
        """The sequences with these numbers (or where a mask is true), cut behind the last sample that counts."""
        rows = np.asarray(chosen)
        end = int(self.ends[rows].max()) + 1
        part = object.__new__(Sequences)  # all is checked
        values = {
            "x": np.ascontiguousarray(self.x[rows, :end]),
            "gaps": np.ascontiguousarray(self.gaps[rows, :end]),
            "target": self.target[rows] if self.last else self.target[rows, :end],
            "weight": None if self.weight is None else self.weight[rows, :end],
            "last": self.last,
            "ends": self.ends[rows],
        }
        for name, value in values.items():
            object.__setattr__(part, name, value)
        return part

    def batches(self, size: int, rng: np.random.Generator | None = None) -> Iterator[Sequences]:
        """All sequences in groups of `size` (the last may be smaller), in random order if `rng` is given."""
        if size < 1:
            raise ValueError(f"a batch of {size} sequences, but at least 1 is needed")
        order = np.arange(len(self)) if rng is None else rng.permutation(len(self))
        for start in range(0, len(self), size):
            yield self.subset(order[start : start + size])

    def counted(self) -> Array:
        """Weights as a loss counts them: (n,) with `last`, else (n, length)."""
        if self.last:
            return np.ones(len(self)) if self.weight is None else self.weight[np.arange(len(self)), self.ends]
        return np.ones(self.gaps.shape) if self.weight is None else self.weight

    def read(self, y: Array) -> Array:
        """Of outputs (n, length, outputs), those that have a target."""
        return y[np.arange(len(self)), self.ends] if self.last else y

    def spread(self, dread: Array, like: Array) -> Array:
        """Backward pass of `read`: dloss/d(outputs), shaped as the outputs `like`."""
        if not self.last:
            return dread
        dy = np.zeros_like(like)
        dy[np.arange(len(self)), self.ends] = dread
        return dy


def _real_type(value: ArrayLike) -> np.dtype:
    """float32 stays as it is; anything else becomes float64, or is refused by `real_array`."""
    given = np.asarray(value).dtype
    return given if given == np.float32 else DOUBLE


def _target(value: ArrayLike, shape: tuple[int, ...], counts: Array | None) -> Array:
    given = np.asarray(value)
    axes = "sequences" if len(shape) == 1 else "sequences, length"
    if given.ndim == len(shape) and given.dtype.kind in "iu":
        if given.shape != shape:
            raise ValueError(f"target has shape {given.shape}, but class numbers ({axes}) = {shape} are expected")
        return given
    if given.ndim == len(shape):
        raise ValueError(
            f"target has shape {given.shape} and type {given.dtype}: numbers need a last axis (outputs), such as "
            f"target[..., None]; class numbers must be of a whole type"
        )
    if counts is not None and given.shape[:2] == shape and given.dtype.kind == "f":
        given = np.where(counts[..., None], given, np.zeros((), given.dtype))
    return real_array("target", given, _real_type(given), f"{axes}, outputs", (*shape, None))


def _padded(name: str, values: Sequence[ArrayLike], lengths: list[int]) -> Array:
    arrays = [np.asarray(v) for v in values]
    for i, (array, length) in enumerate(zip(arrays, lengths, strict=True)):
        if array.ndim == 0 or len(array) != length:
            raise ValueError(f"{name}[{i}] has shape {array.shape}, but its gaps are {length}")
    kind = np.result_type(*arrays)
    whole = np.zeros((len(arrays), max(lengths), *arrays[0].shape[1:]), kind)
    for row, array in zip(whole, arrays, strict=True):
        row[: len(array)] = array
    return whole
