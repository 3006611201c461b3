"""Elementary functions that LLVM can inline and run on whole vectors.

Calls to the C library stay scalar inside a compiled loop and dominate the cost of a small cell. These versions have no
branches and no calls, so a plain loop over them becomes vector code. They are within 3 units in the last place
(`sincos`: for ``|x| <= SINCOS_MAX``), and treat NaN, infinity, zero and the smallest numbers as the C library does.

`tanh` and `sigmoid` of a float32 are computed and returned as such, with twice as many numbers to a vector; everything
else works in float64 whatever the type of the argument.

`contract` is the only flag allowed here: the range reductions rely on the order of their operations.
"""

from math import cos, inf, pi, sin
from typing import Any

import numpy as np
from numba import types
from numba.extending import overload

from liquid._jit import njit

EXACT: Any = {"fastmath": {"contract"}, "forceinline": True}
exact = njit(**EXACT)

LOG2_E = 1.4426950408889634
LN2_HI = 6.93147180369123816490e-01  # 33 bits, so that its product with a small integer is exact
LN2_LO = 1.90821492927058770002e-10
ROUNDED = 4503599627370496.0 + 1023.0  # 2^52 + the exponent bias: its last bits hold an integer added to it

SINCOS_MAX = 1.0e6
TWO_OVER_PI = 2.0 / pi
HALF_PI_1 = 1.57079632673412561417e00  # pi/2 in three parts of 33 bits
HALF_PI_2 = 6.07710050630396597660e-11
HALF_PI_3 = 2.02226624879595063154e-21
TO_INTEGER = 6755399441055744.0  # 1.5 * 2^52


@exact
def _power_of_two(n):
    """``2**n`` for a whole number -1022 <= n <= 1023, put together from its bits."""
    bits = np.float64(n + ROUNDED).view(np.int64)
    return np.int64(bits << 52).view(np.float64)


@exact
def _expm1_reduced(r):
    """``exp(r) - 1`` for ``|r| <= log(2) / 2``: Taylor series to r^13."""
    p = 1.0 / 6227020800.0
    p = p * r + 1.0 / 479001600.0
    p = p * r + 1.0 / 39916800.0
    p = p * r + 1.0 / 3628800.0
    p = p * r + 1.0 / 362880.0
    p = p * r + 1.0 / 40320.0
    p = p * r + 1.0 / 5040.0
    p = p * r + 1.0 / 720.0
    p = p * r + 1.0 / 120.0
    p = p * r + 1.0 / 24.0
    p = p * r + 1.0 / 6.0
    p = p * r + 0.5
    return r + r * r * p


@exact
def exp(x):
    x = np.float64(x)
    x = -746.0 if x < -746.0 else x
    x = 710.0 if x > 710.0 else x
    n = np.rint(x * LOG2_E)
    r = (x - n * LN2_HI) - n * LN2_LO
    half = np.floor(0.5 * n)
    return (1.0 + _expm1_reduced(r)) * _power_of_two(half) * _power_of_two(n - half)


@exact
def expm1(x):
    """``exp(x) - 1``; arguments above 700 give expm1(700)."""
    x = np.float64(x)
    x = -50.0 if x < -50.0 else x
    x = 700.0 if x > 700.0 else x
    n = np.rint(x * LOG2_E)
    r = (x - n * LN2_HI) - n * LN2_LO
    scale = _power_of_two(n)
    return scale * _expm1_reduced(r) + (scale - 1.0)


def tanh(x: float) -> float:
    raise NotImplementedError("for kernels only")


def sigmoid(x: float) -> float:
    """``1 / (1 + exp(-x))``"""
    raise NotImplementedError("for kernels only")


@overload(tanh, jit_options=EXACT)
def _tanh(x):
    return (lambda x: _tanh_single(x)) if x is types.float32 else (lambda x: _tanh_double(x))


@overload(sigmoid, jit_options=EXACT)
def _sigmoid(x):
    return (lambda x: _sigmoid_single(x)) if x is types.float32 else (lambda x: _sigmoid_double(x))


@exact
def _tanh_double(x):
    x = np.float64(x)
    x = 20.0 if x > 20.0 else x
    e = expm1(2.0 * x)
    return e / (e + 2.0)


@exact
def _sigmoid_double(x):
    x = np.float64(x)
    e = exp(-abs(x))
    high = 1.0 / (1.0 + e)
    return e * high if x < 0.0 else high


F = np.float32
LOG2_E_SINGLE = F(LOG2_E)
LN2_HI_SINGLE = F(0.693359375)
LN2_LO_SINGLE = F(-2.12194440e-4)
ROUNDED_SINGLE = F(12582912.0 + 127.0)  # 1.5 * 2^23 + the exponent bias


@exact
def _split_single(x):
    """``(exp(r) - 1, 2**n)`` for the nearest n to ``x / log(2)`` and the rest r; ``-87 <= x <= 88``.

    The polynomial is a minimax fit of degree 6 on ``|r| <= log(2) / 2``, to 1.4e-8 of exp(r) - 1.
    """
    shifted = x * LOG2_E_SINGLE + ROUNDED_SINGLE
    n = shifted - ROUNDED_SINGLE
    r = (x - n * LN2_HI_SINGLE) - n * LN2_LO_SINGLE
    p = F(1.388252247e-3)
    p = p * r + F(8.366519585e-3)
    p = p * r + F(4.166720062e-2)
    p = p * r + F(1.666654348e-1)
    p = p * r + F(4.999999702e-1)
    return r + r * r * p, np.int32(F(shifted).view(np.int32) << np.int32(23)).view(np.float32)


@exact
def _tanh_single(x):
    x = F(10.0) if x > F(10.0) else x
    x = F(-10.0) if x < F(-10.0) else x
    e, scale = _split_single(x + x)
    e = scale * e + (scale - F(1.0))
    return e / (e + F(2.0))


@exact
def _sigmoid_single(x):
    low = -abs(x)
    low = F(-87.0) if low < F(-87.0) else low
    e, scale = _split_single(low)
    e = scale * e + scale
    high = F(1.0) / (F(1.0) + e)
    return e * high if x < F(0.0) else high


@exact
def softplus(x):
    """``log(1 + exp(x))``: the larger of x and 0, and log(1 + e) = 2 artanh(e / (2 + e)), e <= 1, by its series."""
    x = np.float64(x)
    e = exp(-abs(x))
    z = e / (2.0 + e)
    w = z * z
    p = 1.0 / 33.0
    p = p * w + 1.0 / 31.0
    p = p * w + 1.0 / 29.0
    p = p * w + 1.0 / 27.0
    p = p * w + 1.0 / 25.0
    p = p * w + 1.0 / 23.0
    p = p * w + 1.0 / 21.0
    p = p * w + 1.0 / 19.0
    p = p * w + 1.0 / 17.0
    p = p * w + 1.0 / 15.0
    p = p * w + 1.0 / 13.0
    p = p * w + 1.0 / 11.0
    p = p * w + 1.0 / 9.0
    p = p * w + 1.0 / 7.0
    p = p * w + 1.0 / 5.0
    p = p * w + 1.0 / 3.0
    p = p * w + 1.0 / 1.0
    return 2.0 * z * p + (0.0 if x < 0.0 else x)


@exact
def sincos(x):
    """``(sin x, cos x)`` for ``|x| <= SINCOS_MAX``, after fdlibm's k_sin.c and k_cos.c."""
    q = np.rint(x * TWO_OVER_PI)
    quadrant = np.float64(q + TO_INTEGER).view(np.int64)
    r = ((x - q * HALF_PI_1) - q * HALF_PI_2) - q * HALF_PI_3
    z = r * r
    s = 1.58969099521155010221e-10
    s = s * z - 2.50507602534068634195e-08
    s = s * z + 2.75573137070700676789e-06
    s = s * z - 1.98412698298579493134e-04
    s = s * z + 8.33333333332248946124e-03
    s = s * z - 1.66666666666666324348e-01
    sine = r + r * z * s
    c = -1.13596475577881948265e-11
    c = c * z + 2.08757232129817482790e-09
    c = c * z - 2.75573143513906633035e-07
    c = c * z + 2.48015872894767294178e-05
    c = c * z - 1.38888888888741095749e-03
    c = c * z + 4.16666666666666019037e-02
    cosine = 1.0 - (0.5 * z - z * z * c)
    swap = (quadrant & 1) != 0
    first = cosine if swap else sine
    second = sine if swap else cosine
    return (
        -first if (quadrant & 2) != 0 else first,
        -second if ((quadrant + 1) & 2) != 0 else second,
    )


@njit
def sincos_all(x, sine, cosine):
    """Fill `sine` and `cosine` of any angles; an infinite angle counts as 0."""
    largest = 0.0
    for v in x:
        largest = max(largest, abs(v))
    if largest <= SINCOS_MAX:
        for i in range(x.size):
            sine[i], cosine[i] = sincos(x[i])
    else:
        for i in range(x.size):
            v = x[i] if abs(x[i]) < inf else 0.0
            sine[i], cosine[i] = sin(v), cos(v)
