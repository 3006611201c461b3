"""One step of each optimiser over vectors. Formulas in `liquid.training.optimisers`."""

from __future__ import annotations

import math

from liquid._jit import njit


@njit
def sgd(w, g, m, decay, rate, momentum):
    for i in range(w.size):
        m[i] = momentum * m[i] + g[i]
        w[i] -= rate * (m[i] + decay[i] * w[i])


@njit
def rmsprop(w, g, v, decay, rate, memory, epsilon):
    rest = 1 - memory
    for i in range(w.size):
        v[i] = memory * v[i] + rest * g[i] * g[i]
        w[i] -= rate * (g[i] / (math.sqrt(v[i]) + epsilon) + decay[i] * w[i])


@njit
def adamw(w, g, m, v, decay, rate, beta1, beta2, epsilon, first, second):
    """`first`, `second`: 1 - beta^t."""
    rest1, rest2 = 1 - beta1, 1 - beta2
    for i in range(w.size):
        m[i] = beta1 * m[i] + rest1 * g[i]
        v[i] = beta2 * v[i] + rest2 * g[i] * g[i]
        w[i] -= rate * (m[i] / first / (math.sqrt(v[i] / second) + epsilon) + decay[i] * w[i])
