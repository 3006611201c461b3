"""Parameters of an LTC cell made ready for its kernels: positive, listed by synapse, neurons in the order of the lists.

All of it depends on the parameters alone, so a run does it once; the gradient goes the same way back at its end.
"""

from __future__ import annotations

from math import exp, log1p
from typing import NamedTuple

import numpy as np

from liquid._jit import njit
from liquid.cells._math import LOG2_E
from liquid.cells._synapses import (
    CURRENT,
    D_EREV,
    D_MU,
    D_ROWS,
    D_SIGMA,
    D_WEIGHT,
    DWEIGHT,
    EREV,
    MU,
    OFFSET,
    ROWS,
    SIGMA,
    SLOPE,
    WEIGHT,
    Places,
    Synapses,
)  # fmt: skip
from liquid.cells.params import Array

# Rows of the table of neurons, and of its gradient.
LEAK, VLEAK, CM, DLEAK, DCM = range(5)
D_LEAK, D_VLEAK, D_CM = range(3)
SMALLEST_CM = 1e-30  # a membrane without capacity would divide 0 by 0 at gap 0
THRESHOLD = 20.0  # from here on torch takes softplus(x) for x, and ncps with it


class Plan(NamedTuple):
    """Sizes, where things are in the parameter vector, and the synapses between neurons and from inputs."""

    inputs: int
    units: int
    outputs: int
    solver: int
    unfolds: int
    epsilon: float
    rtol: float
    atol: float
    implicit: bool
    mixed: bool
    input_map: int  # 0 none, 1 factor, 2 factor and addend
    output_map: int
    p_neurons: int  # gleak, vleak, cm, each (units,)
    p_recurrent: int  # sigma, mu, w, erev, each (units, units)
    p_sensory: int  # the same, each (inputs, units)
    p_maps: int  # input_w, input_b, output_w, output_b, those that there are
    r_lstm: int  # tape row of mixed memory: u, output of the LSTM | block of the LSTM
    row: int
    order: Array  # neuron at each place of the kernels' order
    across: Array  # where it is in the order of the sensory synapses
    recurrent: Synapses
    sensory: Synapses


class ExplicitPlan(Plan):
    """The same for explicit solvers: as a type of its own, kernels for fused steps need not compile the others."""


class Layout(NamedTuple):
    """Where the parameters of all synapses come from."""

    recurrent: Places
    sensory: Places


class Ready(NamedTuple):
    neurons: Array  # (5, units)
    recurrent: Array  # (ROWS, synapses)
    sensory: Array
    rate: float  # the largest 1 / (time constant) that any neuron can have


class Gradient(NamedTuple):
    neurons: Array  # (3, units)
    recurrent: Array  # (D_ROWS, synapses)
    sensory: Array


@njit
def positive(x, implicit):
    """A conductance or capacity from its parameter, and the derivative."""
    if not implicit or x > THRESHOLD:
        return x, 1.0
    e = exp(-abs(x))
    return max(x, 0.0) + log1p(e), (1.0 if x >= 0.0 else e) / (1.0 + e)


@njit
def prepare(theta, p, places):
    n = p.units
    neurons = np.empty((5, n), theta.dtype)
    gleak, vleak, cm, _ = _blocks(theta[p.p_neurons :], n)
    for i in range(n):
        j = p.order[i]
        neurons[LEAK, i], neurons[DLEAK, i] = positive(gleak[j], p.implicit)
        neurons[VLEAK, i] = vleak[j]
        neurons[CM, i], neurons[DCM, i] = positive(cm[j], p.implicit)
        if neurons[CM, i] < SMALLEST_CM:
            neurons[CM, i], neurons[DCM, i] = SMALLEST_CM, 0.0
    recurrent = _listed(places.recurrent, theta[p.p_recurrent :], n * n, p.implicit)
    sensory = _listed(places.sensory, theta[p.p_sensory :], p.inputs * n, p.implicit)
    total = neurons[LEAK].copy()
    open_sensory = np.zeros(n, theta.dtype)
    for k in range(recurrent.shape[1]):
        total[places.recurrent.target[k]] += recurrent[WEIGHT, k]
    for k in range(sensory.shape[1]):
        open_sensory[places.sensory.target[k]] += sensory[WEIGHT, k]
    rate = 0.0
    for i in range(n):
        rate = max(rate, (total[i] + open_sensory[p.across[i]]) / neurons[CM, i])
    return Ready(neurons, recurrent, sensory, rate)


@njit
def no_gradient(p):
    """In float64 also for a float32 cell: these sums run over all steps of all samples."""
    return Gradient(
        np.zeros((3, p.units)), np.zeros((D_ROWS, p.recurrent.source.size)), np.zeros((D_ROWS, p.sensory.source.size))
    )


@njit
def prepare_back(p, places, ready, gradient, dtheta):
    """Add the gradient of what `prepare` made to that of the parameters."""
    n = p.units
    dgleak, dvleak, dcm, _ = _blocks(dtheta[p.p_neurons :], n)
    for i in range(n):
        j = p.order[i]
        dgleak[j] += gradient.neurons[D_LEAK, i] * ready.neurons[DLEAK, i]
        dvleak[j] += gradient.neurons[D_VLEAK, i]
        dcm[j] += gradient.neurons[D_CM, i] * ready.neurons[DCM, i]
    _listed_back(places.recurrent, ready.recurrent, gradient.recurrent, dtheta[p.p_recurrent :], n * n)
    _listed_back(places.sensory, ready.sensory, gradient.sensory, dtheta[p.p_sensory :], p.inputs * n)


@njit
def _listed(places, block, size, implicit):
    """The table of the synapses of one matrix."""
    table = np.zeros((ROWS, places.entry.size), block.dtype)
    sigma, mu, w, erev = _blocks(block, size)
    for k in range(places.entry.size):
        e = places.entry[k]
        if e >= 0:
            weight, dweight = positive(w[e], implicit)
            table[SLOPE, k] = -LOG2_E * sigma[e]
            table[OFFSET, k] = LOG2_E * sigma[e] * mu[e]
            table[WEIGHT, k], table[DWEIGHT, k] = weight, dweight
            table[CURRENT, k] = weight * erev[e]
            table[SIGMA, k], table[MU, k], table[EREV, k] = sigma[e], mu[e], erev[e]
    return table


@njit
def _listed_back(places, table, dtable, dblock, size):
    dsigma, dmu, dw, derev = _blocks(dblock, size)
    for k in range(places.entry.size):
        e = places.entry[k]
        if e >= 0:
            dsigma[e] += dtable[D_SIGMA, k]
            dmu[e] += table[SIGMA, k] * dtable[D_MU, k]
            dw[e] += table[DWEIGHT, k] * dtable[D_WEIGHT, k]
            derev[e] += table[WEIGHT, k] * dtable[D_EREV, k]


@njit
def _blocks(block, size):
    return block[:size], block[size : 2 * size], block[2 * size : 3 * size], block[3 * size : 4 * size]
