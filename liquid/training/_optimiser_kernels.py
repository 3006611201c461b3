"""One step of each optimiser over vectors. Formulas in `liquid.training.optimisers`.

All numbers are of the vectors' type, or float32 would be calculated as float64: so 1 - beta comes in too.
"""

from __future__ import annotations

import math

from liquid._jit import njit


@njit
def sgd(w, g, m, decay, rate, momentum):
    for i in range(w.size):
        m[i] = momentum * m[i] + g[i]
        w[i] -= rate * (m[i] + decay[i] * w[i])


@njit
def rmsprop(w, g, v, decay, rate, memory, rest, epsilon):
    for i in range(w.size):
        v[i] = memory * v[i] + rest * g[i] * g[i]
        w[i] -= rate * (g[i] / (math.sqrt(v[i]) + epsilon) + decay[i] * w[i])


@njit
def adamw(w, g, m, v, decay, rate, beta1, rest1, beta2, rest2, epsilon, step, root):
    """`step` is the rate / (1 - beta1^t), `root` is 1 / sqrt(1 - beta2^t)."""
    for i in range(w.size):
        m[i] = beta1 * m[i] + rest1 * g[i]
        v[i] = beta2 * v[i] + rest2 * g[i] * g[i]
        w[i] -= step * m[i] / (math.sqrt(v[i]) * root + epsilon) + rate * decay[i] * w[i]
