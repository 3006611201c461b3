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
    n = before.size
    if kind == LECUN_TANH:
        for i in range(n):
            after[i] = LECUN_SCALE * tanh(LECUN_SLOPE * before[i])
    elif kind == SILU:
        for i in range(n):
            after[i] = before[i] * sigmoid(before[i])
    elif kind == RELU:
        for i in range(n):
            after[i] = 0.0 if before[i] < 0.0 else before[i]
    elif kind == TANH:
        for i in range(n):
            after[i] = tanh(before[i])
    else:
        for i in range(n):
            after[i] = 0.5 * before[i] * (1.0 + erf(before[i] * ROOT_HALF))


@njit
def activate_back(kind, before, after, d):
    """``d *= f'(before)``, in place."""
    n = before.size
    if kind == LECUN_TANH:
        for i in range(n):
            t = after[i] / LECUN_SCALE
            d[i] *= LECUN_SCALE * LECUN_SLOPE * (1.0 - t * t)
    elif kind == SILU:
        for i in range(n):
            s = sigmoid(before[i])
            d[i] *= s + after[i] * (1.0 - s)
    elif kind == RELU:
        for i in range(n):
            d[i] = d[i] if before[i] > 0.0 else 0.0
    elif kind == TANH:
        for i in range(n):
            d[i] *= 1.0 - after[i] * after[i]
    else:
        for i in range(n):
            z = before[i]
            d[i] *= 0.5 * (1.0 + erf(z * ROOT_HALF)) + z * NORMAL * exp(-0.5 * z * z)
