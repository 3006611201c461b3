"""The codes of packed fields, and how an operation on fields of one code is written down."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

#: Columns of an operation: COUNT_OF items from byte AT of the row on lie from byte TO of the packed row on. BASE :
#: where the field lies that they refer to. A, B, ROUNDING : parameters of the code. Operations are sorted by code.
AT: Final = 0
TO: Final = 1
COUNT_OF: Final = 2
BASE: Final = 3
A: Final = 4
B: Final = 5
ROUNDING: Final = 6
COLUMNS: Final = 7

ZERO: Final = 0  # not kept, always 0; count in bytes
BYTES: Final = 1  # as they are; count in bytes
SHORT: Final = 2  # f4 in 2 bytes: a bits of mantissa, 2**b the smallest number
THREE: Final = 3  # f4 in 3 bytes
SIX: Final = 4  # f8 in 6 bytes
WHOLE: Final = 5  # i8 >= 0 in 6 bytes
COUNT: Final = 6  # i4 >= 0 in a bytes, up to the largest there is in 1 or 2
REAL_COUNT: Final = 7  # the same of a whole f4
SIGNED: Final = 8  # i4 in a signed byte
AGE8: Final = 9  # i8: how far below the i8 at the base, in a bytes, up to the largest there is
AGE4: Final = 10  # the same of i4
SAME: Final = 11  # not kept, as the bytes at the base; count in bytes
NEGATED: Final = 12  # f4, not kept: minus the one at the base
NUMBER: Final = 13  # i4, not kept: the i8 at the base, at most MOST
BLOCKS: Final = 14  # i8, not kept: the i8 at the base over 2**k of the k-th item
LINEAR: Final = 15  # f4 in a signed byte, in steps of 1 / a
DAYS: Final = 16  # f8 seconds, of which whole days count, in 4 bytes
TABLE: Final = 17  # values of a phase table in 12 bits, visits (at the base) in 4
SHARED: Final = 18  # phases of a table, one for all
WEIGHTS: Final = 19  # f4 that add up to 1, in 2 bytes each
MATRIX: Final = 20  # packed covariance of a variables: their deviations, and correlations in 2 bytes
SHARES: Final = 21  # a u2 counts and, at the base, b parts of each; in a byte each, halved together when they are full
FOUR: Final = 22  # four bytes as they are
EIGHT: Final = 23  # eight bytes as they are
NIBBLES: Final = 24  # i1 from -1 to 14, here and at the base, in one byte
TINY: Final = 25  # f4 >= 0 in a byte: 4 bits of mantissa, 2**b the smallest number
CODES: Final = 26

NEAREST: Final = 0
RANDOM: Final = 1
UPWARD: Final = 2

MOST: Final = 2_000_000_000
CORRELATION: Final = 32767.0
MOST_VARIABLES: Final = 64  # of a matrix

#: A row and a packed row as arrays of several types over the same memory.
Views = tuple[NDArray[np.uint8], NDArray[np.uint16], NDArray[np.int32], NDArray[np.float32], NDArray[np.float64]]
Packed = tuple[NDArray[np.uint8], NDArray[np.uint16], NDArray[np.int32], NDArray[np.float64]]
