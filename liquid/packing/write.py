"""Writing packed rows."""

from __future__ import annotations

import math

import numpy as np

from liquid._jit import njit
from liquid.packing.codes import (
    AGE4,
    AGE8,
    AT,
    BASE,
    BYTES,
    CORRELATION,
    COUNT,
    COUNT_OF,
    DAYS,
    EIGHT,
    FOUR,
    LINEAR,
    MATRIX,
    NIBBLES,
    REAL_COUNT,
    ROUNDING,
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
    A,
    B,
)
from liquid.packing.numbers import chance, integer, put, put_six, short, whole_number, within


@njit
def pack(layout, n, row, packed, scratch):
    """Write a row.

    Parameters
    ----------
    layout : (ops, first): (k, COLUMNS) operations; those of code c are first[c] to first[c + 1].
    n : events that the row has seen. row : (u1, u2, i4, f4, f8) arrays over its memory.
    packed : (u1, u2, i4, f8) arrays over that of the packed row.
    scratch : (MOST_VARIABLES,) f8.
    """
    ops, first = layout
    r1, r2, r4, rf, rd = row
    p1, p2, p4, p8 = packed
    for i in range(first[EIGHT], first[EIGHT + 1]):
        for k in range(ops[i, COUNT_OF]):
            p8[ops[i, TO] // 8 + k] = rd[ops[i, AT] // 8 + k]
    for i in range(first[FOUR], first[FOUR + 1]):
        for k in range(ops[i, COUNT_OF]):
            p4[ops[i, TO] // 4 + k] = r4[ops[i, AT] // 4 + k]
    for i in range(first[BYTES], first[BYTES + 1]):
        at, to = ops[i, AT], ops[i, TO]
        for k in range(ops[i, COUNT_OF]):
            p1[to + k] = r1[at + k]
    for i in range(first[SHORT], first[SHORT + 1]):
        at, to = ops[i, AT] // 4, ops[i, TO] // 2
        mantissa, least, rounding = ops[i, A], ops[i, B], ops[i, ROUNDING]
        for k in range(ops[i, COUNT_OF]):
            p2[to + k] = short(np.int64(r4[at + k]), mantissa, least, rounding, n, to + k)
    for i in range(first[THREE], first[THREE + 1]):
        at, to = ops[i, AT] // 4, ops[i, TO]
        for k in range(ops[i, COUNT_OF]):
            b = np.int64(r4[at + k]) + (chance(n, to + k) & 255)
            p1[to + 3 * k] = np.uint8((b >> 8) & 255)
            p1[to + 3 * k + 1] = np.uint8((b >> 16) & 255)
            p1[to + 3 * k + 2] = np.uint8((b >> 24) & 255)
    for i in range(first[SIX], first[SIX + 1]):
        at, to = ops[i, AT], ops[i, TO] // 2
        for k in range(ops[i, COUNT_OF]):
            put_six(p2, to + 3 * k, (integer(r4, at + 8 * k, True) + 0x8000) >> 16)
    for i in range(first[WHOLE], first[WHOLE + 1]):
        at, to = ops[i, AT], ops[i, TO] // 2
        for k in range(ops[i, COUNT_OF]):
            put_six(p2, to + 3 * k, integer(r4, at + 8 * k, True))
    for i in range(first[COUNT], first[COUNT + 1]):
        for k in range(ops[i, COUNT_OF]):
            put(p1, p2, ops[i, TO] + k * ops[i, A], np.int64(r4[ops[i, AT] // 4 + k]), ops[i, A])
    for i in range(first[REAL_COUNT], first[REAL_COUNT + 1]):
        put(p1, p2, ops[i, TO], np.int64(rf[ops[i, AT] // 4]), ops[i, A])
    for i in range(first[SIGNED], first[SIGNED + 1]):
        p1[ops[i, TO]] = np.uint8(within(np.int64(r4[ops[i, AT] // 4]), 127) & 255)
    for code in (AGE8, AGE4):
        whole = code == AGE8
        for i in range(first[code], first[code + 1]):
            age = integer(r4, ops[i, BASE], whole) - integer(r4, ops[i, AT], whole)
            put(p1, p2, ops[i, TO], age, ops[i, A])
    for i in range(first[LINEAR], first[LINEAR + 1]):
        for k in range(ops[i, COUNT_OF]):
            x = min(max(rf[ops[i, AT] // 4 + k] * ops[i, A], -127.0), 127.0)
            p1[ops[i, TO] + k] = np.uint8(whole_number(x, n, ops[i, TO] + k) & 255)
    for i in range(first[TINY], first[TINY + 1]):
        for k in range(ops[i, COUNT_OF]):
            size = np.int64(r4[ops[i, AT] // 4 + k]) + (1 << 18) - ((126 + ops[i, B]) << 23)
            p1[ops[i, TO] + k] = np.uint8(min(size >> 19, 255) if size >= 1 << 23 else 0)
    for i in range(first[DAYS], first[DAYS + 1]):
        day = np.int64(min(max(math.floor(rd[ops[i, AT] // 8] / 86400.0), -2147483648.0), 2147483647.0))
        p2[ops[i, TO] // 2] = np.uint16(day & 65535)
        p2[ops[i, TO] // 2 + 1] = np.uint16((day >> 16) & 65535)
    for i in range(first[TABLE], first[TABLE + 1]):
        at, to, base = ops[i, AT] // 2, ops[i, TO] // 2, ops[i, BASE]
        for k in range(ops[i, COUNT_OF]):
            v = (np.int64(np.int16(r2[at + k])) + (chance(n, to + k) & 15)) >> 4
            p2[to + k] = np.uint16((within(v, 2047) & 4095) | within(np.int64(r1[base + k]), 15) << 12)
    for i in range(first[SHARED], first[SHARED + 1]):
        at = ops[i, AT]
        usual = r1[at + 2] if r1[at + 2] == r1[at + 1] else r1[at]
        p1[ops[i, TO]] = usual
        for k in range(ops[i, COUNT_OF]):
            if r1[at + k] != usual:  # the one that an event has moved
                p1[ops[i, TO]] = r1[at + k]
    for i in range(first[WEIGHTS], first[WEIGHTS + 1]):
        at, to, last = ops[i, AT] // 4, ops[i, TO] // 2, ops[i, COUNT_OF] - 1
        left = np.int64(65535)
        for k in range(last):
            v = min(np.int64(rf[at + k] * 65535.0 + 0.5), left)
            left -= v
            p2[to + k] = np.uint16(v)
        p2[to + last] = np.uint16(left)
    for i in range(first[MATRIX], first[MATRIX + 1]):
        _pack_matrix(ops[i], n, r4, rf, p2, scratch)
    for i in range(first[NIBBLES], first[NIBBLES + 1]):
        low, high = np.int64(np.int8(r1[ops[i, AT]])), np.int64(np.int8(r1[ops[i, BASE]]))
        p1[ops[i, TO]] = np.uint8(((high + 1) & 15) << 4 | ((low + 1) & 15))
    for i in range(first[SHARES], first[SHARES + 1]):
        _pack_shares(ops[i], r2, p1)


@njit
def _pack_matrix(op, n, r4, rf, p2, deviations):
    size, first, place = op[A], op[AT] // 4, op[TO] // 2
    at = first
    for a in range(size):
        at += a
        bits = np.int64(r4[at + a])
        p2[place] = np.uint16(bits & 65535)
        p2[place + 1] = np.uint16((bits >> 16) & 65535)
        place += 2
        deviations[a] = 1.0 / math.sqrt(max(rf[at + a], 1e-30))
        for b in range(a):
            x = rf[at + b] * deviations[a] * deviations[b] * CORRELATION
            p2[place] = np.uint16(whole_number(min(max(x, -CORRELATION), CORRELATION), n, place) & 65535)
            place += 1


@njit
def _pack_shares(op, r2, p1):
    to = op[TO]
    for k in range(op[A]):
        n = np.int64(r2[op[AT] // 2 + k])
        half = 0
        while n >> half > 255:
            half += 1
        p1[to + k] = np.uint8(n >> half)
        for j in range(op[B]):
            part = np.int64(r2[op[BASE] // 2 + k * op[B] + j]) >> half
            p1[to + op[A] + k * op[B] + j] = np.uint8(part)
