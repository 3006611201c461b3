"""Reading packed rows."""

from __future__ import annotations

import math

import numpy as np

from liquid._jit import njit
from liquid.packing.codes import (
    AGE4,
    AGE8,
    AT,
    BASE,
    BLOCKS,
    BYTES,
    CORRELATION,
    COUNT,
    COUNT_OF,
    DAYS,
    EIGHT,
    FOUR,
    LINEAR,
    MATRIX,
    MOST,
    NEGATED,
    NIBBLES,
    NUMBER,
    REAL_COUNT,
    SAME,
    SHARED,
    SHARES,
    SHORT,
    SIGNED,
    SIX,
    TABLE,
    THREE,
    TINY,
    TO,
    WEIGHTS,
    WHOLE,
    ZERO,
    A,
    B,
)
from liquid.packing.numbers import get, get_six, integer, long, set_integer


@njit
def unpack(layout, row, packed, scratch):
    """Read what `pack` has written; parameters as there."""
    ops, first = layout
    r1, r2, r4, rf, rd = row
    p1, p2, p4, p8 = packed
    for i in range(first[EIGHT], first[EIGHT + 1]):
        for k in range(ops[i, COUNT_OF]):
            rd[ops[i, AT] // 8 + k] = p8[ops[i, TO] // 8 + k]
    for i in range(first[FOUR], first[FOUR + 1]):
        for k in range(ops[i, COUNT_OF]):
            r4[ops[i, AT] // 4 + k] = p4[ops[i, TO] // 4 + k]
    for i in range(first[BYTES], first[BYTES + 1]):
        at, to = ops[i, AT], ops[i, TO]
        for k in range(ops[i, COUNT_OF]):
            r1[at + k] = p1[to + k]
    for i in range(first[ZERO], first[ZERO + 1]):
        for k in range(ops[i, COUNT_OF]):
            r1[ops[i, AT] + k] = 0
    for i in range(first[SHORT], first[SHORT + 1]):
        at, to, mantissa, least = ops[i, AT] // 4, ops[i, TO] // 2, ops[i, A], ops[i, B]
        for k in range(ops[i, COUNT_OF]):
            r4[at + k] = long(p2[to + k], mantissa, least)
    for i in range(first[THREE], first[THREE + 1]):
        at, to = ops[i, AT] // 4, ops[i, TO]
        for k in range(ops[i, COUNT_OF]):
            b = np.int64(p1[to + 3 * k]) << 8 | np.int64(p1[to + 3 * k + 1]) << 16
            r4[at + k] = np.int32(b | np.int64(np.int8(p1[to + 3 * k + 2])) << 24)
    for i in range(first[SIX], first[SIX + 1]):
        at, to = ops[i, AT], ops[i, TO] // 2
        for k in range(ops[i, COUNT_OF]):
            set_integer(r4, at + 8 * k, True, get_six(p2, to + 3 * k) << 16)
    for i in range(first[WHOLE], first[WHOLE + 1]):
        at, to = ops[i, AT], ops[i, TO] // 2
        for k in range(ops[i, COUNT_OF]):
            set_integer(r4, at + 8 * k, True, get_six(p2, to + 3 * k))
    for i in range(first[COUNT], first[COUNT + 1]):
        for k in range(ops[i, COUNT_OF]):
            r4[ops[i, AT] // 4 + k] = np.int32(get(p1, p2, ops[i, TO] + k * ops[i, A], ops[i, A]))
    for i in range(first[REAL_COUNT], first[REAL_COUNT + 1]):
        rf[ops[i, AT] // 4] = get(p1, p2, ops[i, TO], ops[i, A])
    for i in range(first[SIGNED], first[SIGNED + 1]):
        r4[ops[i, AT] // 4] = np.int32(np.int8(p1[ops[i, TO]]))
    for i in range(first[SAME], first[SAME + 1]):
        for k in range(ops[i, COUNT_OF]):
            r1[ops[i, AT] + k] = r1[ops[i, BASE] + k]
    for i in range(first[NEGATED], first[NEGATED + 1]):
        rf[ops[i, AT] // 4] = -rf[ops[i, BASE] // 4]
    for i in range(first[NUMBER], first[NUMBER + 1]):
        r4[ops[i, AT] // 4] = np.int32(min(integer(r4, ops[i, BASE], True), MOST))
    for i in range(first[BLOCKS], first[BLOCKS + 1]):
        for k in range(ops[i, COUNT_OF]):
            set_integer(r4, ops[i, AT] + 8 * k, True, integer(r4, ops[i, BASE], True) >> k)
    for code in (AGE8, AGE4):
        whole = code == AGE8
        for i in range(first[code], first[code + 1]):
            v = integer(r4, ops[i, BASE], whole) - get(p1, p2, ops[i, TO], ops[i, A])
            set_integer(r4, ops[i, AT], whole, v)
    for i in range(first[LINEAR], first[LINEAR + 1]):
        for k in range(ops[i, COUNT_OF]):
            rf[ops[i, AT] // 4 + k] = np.int8(p1[ops[i, TO] + k]) / ops[i, A]
    for i in range(first[TINY], first[TINY + 1]):
        for k in range(ops[i, COUNT_OF]):
            size = np.int64(p1[ops[i, TO] + k]) << 19
            r4[ops[i, AT] // 4 + k] = np.int32(size + ((126 + ops[i, B]) << 23) if size else 0)
    for i in range(first[DAYS], first[DAYS + 1]):
        to = ops[i, TO] // 2
        rd[ops[i, AT] // 8] = (np.int64(p2[to]) | np.int64(np.int16(p2[to + 1])) << 16) * 86400.0
    for i in range(first[TABLE], first[TABLE + 1]):
        at, to, base = ops[i, AT] // 2, ops[i, TO] // 2, ops[i, BASE]
        for k in range(ops[i, COUNT_OF]):
            v = np.int64(p2[to + k])
            r1[base + k] = np.uint8(v >> 12)
            r2[at + k] = np.uint16((v << 4) & 65535)
    for i in range(first[SHARED], first[SHARED + 1]):
        for k in range(ops[i, COUNT_OF]):
            r1[ops[i, AT] + k] = p1[ops[i, TO]]
    for i in range(first[WEIGHTS], first[WEIGHTS + 1]):
        for k in range(ops[i, COUNT_OF]):
            rf[ops[i, AT] // 4 + k] = p2[ops[i, TO] // 2 + k] / 65535.0
    for i in range(first[MATRIX], first[MATRIX + 1]):
        _unpack_matrix(ops[i], r4, rf, p2, scratch)
    for i in range(first[NIBBLES], first[NIBBLES + 1]):
        v = np.int64(p1[ops[i, TO]])
        r1[ops[i, AT]] = np.uint8(((v & 15) - 1) & 255)
        r1[ops[i, BASE]] = np.uint8(((v >> 4) - 1) & 255)
    for i in range(first[SHARES], first[SHARES + 1]):
        op = ops[i]
        for k in range(op[A]):
            r2[op[AT] // 2 + k] = p1[op[TO] + k]
        for k in range(op[A] * op[B]):
            r2[op[BASE] // 2 + k] = p1[op[TO] + op[A] + k]


@njit
def _unpack_matrix(op, r4, rf, p2, deviations):
    size, first, place = op[A], op[AT] // 4, op[TO] // 2
    at = first
    for a in range(size):
        at += a
        r4[at + a] = np.int32(np.int64(p2[place]) | np.int64(np.int16(p2[place + 1])) << 16)
        place += 2
        deviations[a] = math.sqrt(max(rf[at + a], 1e-30))
        for b in range(a):
            rf[at + b] = np.int16(p2[place]) / CORRELATION * deviations[a] * deviations[b]
            place += 1
