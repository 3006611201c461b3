"""The inner loops of matrix products, with sums that stay in vector registers.

A compiled loop over ``c[r, o] += x[r, j] * w[j, o]`` loads and stores its sums again and again, because the compiler
does not keep arrays in registers. The loops here are written in LLVM's vector instructions instead, which it takes
apart for machines with narrower ones: a tile of a few rows and columns of sums is loaded, all j are added in order, and
the tile is stored.

Each sum is one chain of multiply-adds (fused where the machine has them) from its start over j = 0, 1, ..., whatever
the shape of the tile. So a product of many rows has the bits of products of single rows.
"""

from __future__ import annotations

from collections.abc import Callable
from platform import machine
from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from llvmlite.binding import get_host_cpu_features  # type: ignore[import-untyped]
from numba import types
from numba.core.errors import TypingError
from numba.extending import intrinsic

FUSED = ("contract",)


def _registers() -> tuple[int, int]:
    """Bytes of a vector register of this machine, and how many there are."""
    try:
        has = get_host_cpu_features()
    except RuntimeError:  # a system that does not tell
        has = {}
    if has.get("avx512f"):
        return 64, 32
    if machine() in ("aarch64", "arm64"):
        return 16, 32
    return (32 if has.get("avx") else 16), 16


VECTOR, REGISTERS = _registers()
ROWS = 4  # of a tile


def strips(rows: int, vectors: tuple[int, ...]) -> Callable[..., None]:
    """The product of some rows, as a function for kernels, by tiles as wide as `vectors` and then ever narrower ones::

        add(x, x_at, x_row, x_step, w, w_at, w_step, n, start, start_at, start_row, c, c_at, c_row, m)

    For all rows r and columns o < m: ``c[r, o] = start[r, o] + sum of x[r, j] w[j, o] over j < n``. The arrays have
    one type and any number of axes; each is given with the offset of its first element and its strides, all counted in
    elements. Columns are contiguous. `start` may be `c`. Nothing is checked.
    """

    @intrinsic
    def add(context, x, x_at, x_row, x_step, w, w_at, w_step, n, start, start_at, start_row, c, c_at, c_row, m):
        arrays = (x, w, start, c)
        if {(a.dtype, a.layout) for a in arrays} != {(w.dtype, "C")}:
            raise TypingError(f"contiguous arrays of one type are needed, not {', '.join(map(str, arrays))}")
        given = (x, x_at, x_row, x_step, w, w_at, w_step, n, start, start_at, start_row, c, c_at, c_row, m)
        signature = types.void(*(a if isinstance(a, types.Array) else types.intp for a in given))
        return signature, _generator(rows, vectors)

    return add


def _generator(rows: int, vectors: tuple[int, ...]) -> Callable[..., Any]:
    def generate(context: Any, b: Any, signature: Any, arguments: Any) -> Any:
        x, x_at, x_row, x_step, w, w_at, w_step, n, start, start_at, start_row, c, c_at, c_row, m = arguments
        kind, index = signature.args[0].dtype, m.type
        number, size = context.get_value_type(kind), kind.bitwidth // 8

        def first(k: int, at: Any) -> Any:
            return b.gep(context.make_array(signature.args[k])(context, b, arguments[k]).data, [at])

        x, w, start, c = first(0, x_at), first(4, w_at), first(8, start_at), first(11, c_at)
        lanes = VECTOR // size
        shapes = [(v, lanes) for v in vectors] + [(1, lanes >> k) for k in range(1, lanes.bit_length())]
        o = index(0)
        for count, lane in shapes:
            before, check, body, after = b.block, *(b.append_basic_block() for _ in range(3))
            b.branch(check)
            b.position_at_end(check)
            here = b.phi(index)
            here.add_incoming(o, before)
            b.cbranch(b.icmp_signed(">=", b.sub(m, here), index(count * lane)), body, after)
            b.position_at_end(body)
            kind = ir.VectorType(number, lane) if lane > 1 else number
            moved = [b.gep(p, [here]) for p in (w, start, c)]
            _tile(b, rows, count, lane, kind, size, x, x_row, x_step, moved, w_step, n, start_row, c_row)
            here.add_incoming(b.add(here, index(count * lane)), b.block)
            b.branch(check)
            b.position_at_end(after)
            o = here
        return context.get_dummy_value()

    return generate


def _tile(
    b: Any, rows: int, count: int, lane: int, kind: Any, size: int,
    x: Any, x_row: Any, x_step: Any, moved: list[Any], w_step: Any, n: Any, start_row: Any, c_row: Any,
) -> None:  # fmt: skip
    """Instructions of one tile of `rows` times `count` vectors of `lane` numbers."""
    w, start, c = moved
    index = n.type

    def pointers(first: Any, row: Any) -> list[Any]:
        at = [b.add(b.mul(row, index(r)), index(k * lane)) for r in range(rows) for k in range(count)]
        return [b.bitcast(b.gep(first, [a]), kind.as_pointer()) for a in at]

    begin = [b.load(p, align=size) for p in pointers(start, start_row)]
    before, loop, body, after = b.block, *(b.append_basic_block() for _ in range(3))
    b.branch(loop)
    b.position_at_end(loop)
    j, sums = b.phi(index), [b.phi(kind) for _ in begin]
    b.cbranch(b.icmp_signed("<", j, n), body, after)

    b.position_at_end(body)
    row = b.gep(w, [b.mul(j, w_step)])
    weights = [b.load(b.bitcast(b.gep(row, [index(k * lane)]), kind.as_pointer()), align=size) for k in range(count)]
    inputs = b.gep(x, [b.mul(j, x_step)])
    added = []
    for r in range(rows):
        value = _everywhere(b, b.load(b.gep(inputs, [b.mul(x_row, index(r))])), kind, lane)
        for k, weight in enumerate(weights):
            added.append(b.fadd(b.fmul(weight, value, flags=FUSED), sums[r * count + k], flags=FUSED))
    following = b.add(j, index(1))
    b.branch(loop)
    for phi, first, later in zip([j, *sums], [index(0), *begin], [following, *added], strict=True):
        phi.add_incoming(first, before)
        phi.add_incoming(later, body)

    b.position_at_end(after)
    for p, total in zip(pointers(c, c_row), sums, strict=True):
        b.store(total, p, align=size)


def _everywhere(b: Any, value: Any, kind: Any, lane: int) -> Any:
    """A vector of one number, repeated."""
    if lane == 1:
        return value
    nothing, place = ir.Constant(kind, ir.Undefined), ir.IntType(32)
    single = b.insert_element(nothing, value, place(0))
    return b.shuffle_vector(single, nothing, ir.Constant(ir.VectorType(place, lane), [place(0)] * lane))


one_row = strips(1, (8, 4, 2, 1) if REGISTERS == 32 else (4, 2, 1))
four_rows = strips(ROWS, (4, 1) if REGISTERS == 32 else (2, 1))
