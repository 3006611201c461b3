"""Activation functions of hidden layers, by number inside kernels, and their derivatives."""

from math import erf, pi, sqrt

from liquid._jit import njit
from liquid.cells._math import exp, sigmoid, tanh

ACTIVATIONS = ("lecun_tanh", "silu", "relu", "tanh", "gelu")
LECUN_TANH, SILU, RELU, TANH, GELU = range(5)

LECUN_SCALE = 1.7159
LECUN_SLOPE = 0.666
ROOT_HALF = sqrt(0.5)
NORMAL = 1.0 / sqrt(2.0 * pi)


@njit
def activate(kind, before, after):
    """``after = f(before)``, elementwise; gelu is the exact one, by the error function."""
    n, number = before.size, before.dtype.type  # constants of another type would make float32 code float64
    if kind == LECUN_TANH:
        scale, slope = number(LECUN_SCALE), number(LECUN_SLOPE)
        for i in range(n):
            after[i] = scale * tanh(slope * before[i])
    elif kind == SILU:
        for i in range(n):
            after[i] = before[i] * sigmoid(before[i])
    elif kind == RELU:
        for i in range(n):
            after[i] = number(0) if before[i] < number(0) else before[i]
    elif kind == TANH:
        for i in range(n):
            after[i] = tanh(before[i])
    else:
        for i in range(n):
            after[i] = 0.5 * before[i] * (1.0 + erf(before[i] * ROOT_HALF))


@njit
def activate_back(kind, before, after, d):
    """``d *= f'(before)``, in place."""
    n, number = before.size, before.dtype.type
    one = number(1)
    if kind == LECUN_TANH:
        slope, curve = number(LECUN_SLOPE * LECUN_SCALE), number(LECUN_SLOPE / LECUN_SCALE)
        for i in range(n):
            d[i] *= slope - curve * after[i] * after[i]
    elif kind == SILU:
        for i in range(n):
            s = sigmoid(before[i])
            d[i] *= s + after[i] * (one - s)
    elif kind == RELU:
        for i in range(n):
            d[i] = d[i] if before[i] > number(0) else number(0)
    elif kind == TANH:
        for i in range(n):
            d[i] *= one - after[i] * after[i]
    else:
        for i in range(n):
            z = before[i]
            d[i] *= 0.5 * (1.0 + erf(z * ROOT_HALF)) + z * NORMAL * exp(-0.5 * z * z)
