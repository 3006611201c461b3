"""Kernels of causal attention over a bounded cache. Formulas in `liquid.cells.attention`."""

from __future__ import annotations

from math import sqrt

import numpy as np

from liquid._jit import njit
from liquid.cells._attention_cache import angles, exchange, frequencies, places, turn
from liquid.cells._dense import copy, linear, linear_back
from liquid.cells._layer_kernels import clamp, normalise, normalise_back
from liquid.cells._math import exp

EPSILON = 1e-5  # of the norm of queries and keys


@njit
def row_size(p):
    """What a sample leaves behind: count before | q, k, v | q, k as used | output of the heads | the key and value
    that were in its slot | ages | weights of each head.
    """
    queries, keys = p.heads * p.size, p.kv_heads * p.size
    return 1 + 3 * queries + 5 * keys + (1 + p.heads) * p.window


@njit
def parts(p, row):
    queries, keys = p.heads * p.size, p.kv_heads * p.size
    used = 1 + queries + 2 * keys
    mixed = used + queries + keys
    lost = mixed + queries
    ages = lost + 2 * keys
    weights = ages + p.window
    return row[1:used], row[used:mixed], row[mixed:lost], row[lost:ages], row[ages:weights], row[weights:]


@njit
def _use(theta, p, raw, used):
    """Queries and keys as they are multiplied: normalised if so asked for, and not too large for a product."""
    n, queries = p.size, p.heads * p.size
    for at in range(0, used.size, n):
        target = used[at : at + n]
        if p.normed:
            weight = p.p_norms if at < queries else p.p_norms + n
            normalise(theta[weight : weight + n], EPSILON, raw[at : at + n], target)
        else:
            copy(raw[at : at + n], target)
        for i in range(n):
            target[i] = clamp(target[i], p.limit)


@njit
def _use_back(theta, p, raw, used, dused, dtheta, draw):
    n, queries = p.size, p.heads * p.size
    for i in range(used.size):
        dused[i] = dused[i] if abs(used[i]) < p.limit else 0.0
    if not p.normed:
        copy(dused, draw)
        return
    for at in range(0, used.size, n):
        weight = p.p_norms if at < queries else p.p_norms + n
        w, dw = theta[weight : weight + n], dtheta[weight : weight + n]
        normalise_back(w, EPSILON, raw[at : at + n], dused[at : at + n], dw, draw[at : at + n])


@njit
def respond(theta, p, u, gap, state, row, y, work):
    """One sample: advances `state`, fills `row` and `y`. `work` is (rates, angle, sine, cosine)."""
    n, queries, keys = p.size, p.heads * p.size, p.kv_heads * p.size
    raw, used, mixed, lost, ages, weights = parts(p, row)
    filled, slot, after = places(p, state[p.s_count])
    row[0] = state[p.s_count]
    linear(theta, 0, u, raw)
    _use(theta, p, raw, used)
    if p.decay:
        kept = state[p.s_ages : p.s_count]
        for j in range(filled):
            kept[j] = clamp(kept[j] + gap, p.oldest)
        kept[slot] = 0.0
        copy(kept, ages)
    else:
        angles(work[0], gap, work[1], work[2], work[3])
        turn(p, filled, work[2], work[3], state[: p.s_values], 1.0)
    exchange(p, slot, state[: p.s_values], used[queries:], lost[:keys])
    exchange(p, slot, state[p.s_values : p.s_ages], raw[queries + keys :], lost[keys:])
    state[p.s_count] = after
    filled = min(after, p.window)
    for h in range(p.heads):
        group = h * p.kv_heads // p.heads
        weight = weights[h * p.window : (h + 1) * p.window]
        linear(state, group * n * p.window, used[h * n : (h + 1) * n], weight)
        _softmax(theta, p, h, ages[:filled], weight[:filled])
        for j in range(filled, p.window):
            weight[j] = 0.0
        values = state[p.s_values + group * n * p.window : p.s_ages]
        for i in range(n):
            value = values[i * p.window : i * p.window + filled]
            total = theta.dtype.type(0)
            for j in range(filled):
                total += weight[j] * value[j]
            mixed[h * n + i] = total
    linear(theta, p.p_out, mixed, y)


@njit
def _softmax(theta, p, h, ages, weight):
    """From products of query and keys to weights, in place; the largest goes to exp(0)."""
    scale = 1.0 / sqrt(p.size)
    slope = exp(theta[p.p_slope + h]) if p.decay else 0.0
    largest = -np.inf
    for j in range(weight.size):
        weight[j] = weight[j] * scale - slope * ages[j] if p.decay else weight[j] * scale
        largest = max(largest, weight[j])
    total = 0.0
    for j in range(weight.size):
        weight[j] = exp(weight[j] - largest)
        total += weight[j]
    for j in range(weight.size):
        weight[j] /= total


@njit
def respond_back(theta, p, u, gap, state, row, dy, dstate, dtheta, du, drow, work):
    """Backward pass of `respond`, which also takes `state` back to what it was before; returns dloss/dgap.

    `dstate` holds dloss/d(state after) on entry and dloss/d(state before) on return; `drow` is scratch.
    """
    n, queries, keys = p.size, p.heads * p.size, p.kv_heads * p.size
    raw, used, mixed, lost, ages, weights = parts(p, row)
    draw, dused, dmixed, nothing, _, dweights = parts(p, drow)
    filled, slot, after = places(p, row[0])
    dkeys, dvalues, dages = dstate[: p.s_values], dstate[p.s_values : p.s_ages], dstate[p.s_ages : p.s_count]
    linear_back(theta, dtheta, p.p_out, mixed, dy, dmixed)
    for h in range(p.heads):
        dweight = dweights[: min(after, p.window)]
        weight = weights[h * p.window : h * p.window + dweight.size]
        at = h * p.kv_heads // p.heads * n * p.window
        _weights_back(p, state[p.s_values + at : p.s_ages], dmixed[h * n : (h + 1) * n], weight, dweight, dvalues[at:])
        if p.decay:
            _ages_back(theta, p, h, ages, dweight, dages, dtheta)
        _scores_back(p, state[at : p.s_values], used[h * n : (h + 1) * n], dweight, dused[h * n :], dkeys[at:])
    for i in range(keys):
        nothing[i] = 0.0
    exchange(p, slot, dkeys, nothing[:keys], dused[queries:])
    exchange(p, slot, dvalues, nothing[:keys], draw[queries + keys :])
    exchange(p, slot, state[: p.s_values], lost[:keys], nothing[:keys])
    exchange(p, slot, state[p.s_values : p.s_ages], lost[keys:], nothing[:keys])
    state[p.s_count], dstate[p.s_count] = row[0], 0.0
    _use_back(theta, p, raw, used, dused, dtheta, draw)
    linear_back(theta, dtheta, 0, u, draw, du)
    dgap = 0.0
    if p.decay:
        dages[slot] = 0.0
        for j in range(filled):
            dages[j] = dages[j] if abs(ages[j]) < p.oldest else 0.0
            dgap += dages[j]
        return dgap
    angles(work[0], gap, work[1], work[2], work[3])
    for first in range(0, dkeys.size, n * p.window):
        for i in range(n // 2):
            a, b = first + i * p.window, first + (i + n // 2) * p.window
            k1, k2, d1, d2 = state[a : a + filled], state[b : b + filled], dkeys[a : a + filled], dkeys[b : b + filled]
            total = 0.0
            for j in range(filled):
                total += d1[j] * k2[j] - d2[j] * k1[j]
            dgap += work[0][i] * total
    turn(p, filled, work[2], work[3], state[: p.s_values], -1.0)
    turn(p, filled, work[2], work[3], dkeys, -1.0)
    return dgap


@njit
def _weights_back(p, values, dmixed, weight, dweight, dvalues):
    """From dloss/d(output of a head) to dloss/d(score) in `dweight`; adds to `dvalues`."""
    filled = weight.size
    for j in range(filled):
        dweight[j] = 0.0
    for i in range(dmixed.size):
        value, dvalue = values[i * p.window : i * p.window + filled], dvalues[i * p.window : i * p.window + filled]
        d = dmixed[i]
        for j in range(filled):
            dweight[j] += d * value[j]
            dvalue[j] += d * weight[j]
    mean = 0.0
    for j in range(filled):
        mean += weight[j] * dweight[j]
    for j in range(filled):
        dweight[j] = weight[j] * (dweight[j] - mean)


@njit
def _ages_back(theta, p, h, ages, dscore, dages, dtheta):
    slope, along = exp(theta[p.p_slope + h]), 0.0
    for j in range(dscore.size):
        dages[j] -= slope * dscore[j]
        along += dscore[j] * ages[j]
    dtheta[p.p_slope + h] -= slope * along


@njit
def _scores_back(p, keys, query, dscore, dquery, dkeys):
    """Fill `dquery`, add to `dkeys`."""
    filled, scale = dscore.size, 1.0 / sqrt(p.size)
    for i in range(query.size):
        key, dkey = keys[i * p.window : i * p.window + filled], dkeys[i * p.window : i * p.window + filled]
        q, total = query.dtype.type(scale * query[i]), query.dtype.type(0)
        for j in range(filled):
            total += dscore[j] * key[j]
            dkey[j] += q * dscore[j]
        dquery[i] = scale * total


@njit
def run(theta, p, x, gaps, state, y, states):
    """Run each sequence from its row of `state`, which is updated; fills `y`, and `states` if it has a length."""
    row, work = np.empty(row_size(p), theta.dtype), _work(p)
    for b in range(x.shape[0]):
        for t in range(x.shape[1]):
            respond(theta, p, x[b, t], gaps[b, t], state[b], row, y[b, t], work)
            if states.shape[1] > 0:
                copy(state[b], states[b, t])


@njit
def run_back(theta, p, x, gaps, state, dy, dstate, dtheta, dx, dgaps):
    """Forward with a tape and backward, sequence by sequence; see `Cell._backward`."""
    length = x.shape[1]
    tape, drow = np.empty((length, row_size(p)), theta.dtype), np.empty(row_size(p), theta.dtype)
    y, work = np.empty(dy.shape[2], theta.dtype), _work(p)
    for b in range(x.shape[0]):
        for t in range(length):
            respond(theta, p, x[b, t], gaps[b, t], state[b], tape[t], y, work)
        for t in range(length - 1, -1, -1):
            dgaps[b, t] = respond_back(
                theta, p, x[b, t], gaps[b, t], state[b], tape[t], dy[b, t], dstate[b], dtheta, dx[b, t], drow, work
            )  # fmt: skip


@njit
def _work(p):
    rates = frequencies(p)
    return rates, np.empty(rates.size), np.empty(rates.size), np.empty(rates.size)
