"""Where every field of a row lies in the packed row, and by which operations it comes there."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from liquid.anomaly import evidence
from liquid.packing import codes
from liquid.packing.rules import BYTES, OTHERS, RULES, WITHOUT_UNITS, Code

#: Bytes of an item where they do not depend on the field.
_SIZES: Final = {
    codes.SHORT: 2, codes.THREE: 3, codes.SIX: 6, codes.WHOLE: 6, codes.SIGNED: 1, codes.NIBBLES: 1,
    codes.TINY: 1, codes.FOUR: 4, codes.EIGHT: 8, codes.LINEAR: 1, codes.DAYS: 4, codes.TABLE: 2, codes.WEIGHTS: 2,
}  # fmt: skip
#: Codes whose operations count bytes, those in which one goes on where another ends, those with a size of their own.
_IN_BYTES: Final = (codes.BYTES, codes.ZERO, codes.SAME)
_JOINED: Final = (codes.BYTES, codes.FOUR, codes.EIGHT, codes.SHORT, codes.THREE, codes.SIX, codes.WHOLE)
_COUNTS: Final = (codes.COUNT, codes.REAL_COUNT, codes.AGE8, codes.AGE4)
#: Bytes between which a packed item must lie, where it may not lie anywhere.
_ALIGNMENT: Final = {codes.EIGHT: 8, codes.FOUR: 4} | dict.fromkeys(
    (codes.SHORT, codes.SIX, codes.WHOLE, codes.DAYS, codes.TABLE, codes.WEIGHTS, codes.MATRIX), 2
)


class Leaf(NamedTuple):
    """A plain field: its path without indices; `records` of it lie `stride` bytes apart from byte `at` on, each with so
    many items. parent : path of the record that it is a field of."""

    path: str
    at: int
    stride: int
    records: int
    dtype: np.dtype[Any]
    items: int
    parent: str


class Operation(NamedTuple):
    """How a leaf, or a part of it, is packed; base and base_step as in `codes`. size : packed bytes of one record."""

    leaf: Leaf
    code: int
    at: int
    items: int
    base: int
    base_step: int
    a: int
    b: int
    rounding: int
    size: int
    width: int

    @property
    def alignment(self) -> int:
        return self.a if self.code in _COUNTS else _ALIGNMENT.get(self.code, 1)


@lru_cache
def layout(dtype: np.dtype[Any]) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
    """How a row of this dtype is packed.

    Returns
    -------
    ops, first : see `liquid.packing.pack`. size : bytes of the packed row, a multiple of 8.
    """
    end = 0
    ops: list[list[int]] = []
    runs = [
        ([o.code, o.a, o.b, o.rounding, o.at + k * o.leaf.stride, o.items, o.base + k * o.base_step], o)
        for o in operations(dtype)
        for k in range(o.leaf.records)
    ]
    for (code, a, b, rounding, at, items, base), o in sorted(runs, key=lambda run: (-run[1].alignment, run[0])):
        same = bool(ops) and code in _JOINED and [ops[-1][0], *ops[-1][5:]] == [code, a, b, rounding]
        if same and ops[-1][1] + ops[-1][3] * o.width == at:
            ops[-1][3] += items
        else:
            ops.append([code, at, end, items, base, a, b, rounding])
        end += o.size
    table = np.array(sorted(ops), np.int64)
    first = np.searchsorted(table[:, 0], np.arange(codes.CODES + 1))
    return np.ascontiguousarray(table[:, 1:]), first, -(-end // 8) * 8


def operations(dtype: np.dtype[Any]) -> list[Operation]:
    """All that is done to pack a row of this dtype."""
    known = {leaf.path: leaf for leaf in leaves(dtype)}
    readers = ("forecaster.unit_readout", "forecaster.origin.bank")
    rules = RULES if any(known[path].items for path in readers) else WITHOUT_UNITS + RULES
    return [
        _operation(one, code, known)
        for leaf in known.values()
        for one, kept in _mirrored(leaf, rules)
        for code in kept
        if leaf.items and one.records
    ]


def leaves(dtype: np.dtype[Any], path: str = "", at: int = 0, stride: int = 0, records: int = 1) -> Iterator[Leaf]:
    """All plain fields of a row.

    Raises
    ------
    TypeError : an array of records lies in another, or a field is not aligned.
    """
    for name, (field, offset, *_) in (dtype.fields or {}).items():
        base, shape = field.subdtype or (field, ())
        items = math.prod(shape)
        here = f"{path}.{name}" if path else name
        if base.names is None:
            if (at + offset) % base.itemsize:
                raise TypeError(f"{here} is not aligned")
            yield Leaf(here, at + offset, stride, records, base, items, path)
        elif not shape:
            yield from leaves(base, here, at + offset, stride, records)
        elif records > 1:
            raise TypeError(f"{here}: an array of records in an array of records")
        else:
            yield from leaves(base, here, at + offset, base.itemsize, items)


def _kept(leaf: Leaf, rules: tuple[tuple[str, tuple[Code, ...]], ...]) -> tuple[Code, ...]:
    for pattern, kept in rules:
        if fnmatchcase(leaf.path, pattern):
            return kept
    return (OTHERS if leaf.dtype == np.float32 else BYTES,)


def _mirrored(leaf: Leaf, rules: tuple[tuple[str, tuple[Code, ...]], ...]) -> Iterator[tuple[Leaf, tuple[Code, ...]]]:
    """The records of a leaf with their codes. Of two tails of one statistic, medians differ in sign and spreads not."""
    if leaf.path not in ("detector.tail.median", "detector.tail.spread"):
        yield leaf, _kept(leaf, rules)
        return
    first: dict[int, int] = {}
    for k, kind in enumerate(kind for kind, tail in evidence.TAILS if not tail.judged):
        one = leaf._replace(at=leaf.at + k * leaf.stride, records=1)
        if kind in first:
            code = codes.NEGATED if leaf.path.endswith("median") else codes.SAME
            yield one, (Code(code, base=f"@{leaf.at + first[kind] * leaf.stride}"),)
        else:
            first[kind] = k
            yield one, _kept(leaf, rules)


def _operation(leaf: Leaf, kept: Code, known: dict[str, Leaf]) -> Operation:
    width = leaf.dtype.itemsize
    code = kept.code
    if code == codes.BYTES and width in (4, 8):
        code = codes.EIGHT if width == 8 else codes.FOUR
    part = range(leaf.items)[kept.part or slice(None)]
    items, a, b = len(part), kept.a, kept.b
    base = base_step = 0
    if kept.base.startswith("@"):
        base = int(kept.base[1:])
    elif kept.base:
        other = known[f"{leaf.parent}{kept.base}" if kept.base.startswith(".") else kept.base]
        base, base_step = other.at, other.stride
    if code == codes.SAME and kept.part:
        base += (part.start - 1) * width  # as the item before
    if code == codes.MATRIX:
        a = (math.isqrt(8 * items + 1) - 1) // 2
        size = 4 * a + 2 * (items - a)
    elif code == codes.SHARES:
        a, b = items, known[f"{leaf.parent}.inside"].items // items
        size = a * (1 + b)
    elif code == codes.SHARED:
        size = 1
    else:
        size = items * (a if code in _COUNTS else width if code == codes.BYTES else _SIZES.get(code, 0))
    if code in _IN_BYTES:
        items, width = items * width, 1
    at = leaf.at + part.start * leaf.dtype.itemsize
    return Operation(leaf, code, at, items, base, base_step, a, b, kept.rounding, size, width)
