"""Intervals of a forecaster: how wide, for the next event and every fixed horizon, and what is learned of them."""

from __future__ import annotations

import math

import numpy as np

from liquid._jit import njit
from liquid.features import hours, phase
from liquid.features.wall import day_time
from liquid.learning import censored, conformal, coverage, deadband, delayed, mixture

_MISS = np.log(np.array(conformal.MISS))


@njit
def hour_of_day(declared, time):
    """The hour of the first declared period in which a time (epoch s) lies, 0 to phase.HOURS - 1."""
    return phase.hour_of_day(day_time(declared, time))


@njit
def fill(f, m, declared, distance, unit, spread, learning, work):
    """Scale, widening and half widths of bucket m for the forecast work.mixed, `distance` units ahead.

    What tells how hard it is: the spread of the analogs, the recent error of the next event, the forecast itself, how
    far it is from the newest value, the hour of the day that it is for, the running error of the readout, and how far
    the experts disagree.
    """
    b = f.bucket[m]
    c = b.conformal
    work.raw[0] = math.log(spread + 0.02)
    work.raw[1] = math.log(f.surprise + 1e-4)
    work.raw[conformal.LEVEL_INPUT] = work.mixed
    work.raw[3] = math.log(abs(work.mixed - f.origin.z) + 0.02)
    work.raw[4] = f.hours.size[hour_of_day(declared, f.origin.time + distance * unit)]
    work.raw[5] = math.log(b.error + 1e-4)
    work.raw[6] = math.log(mixture.spread(b.mixture, work.expert, work.mixed) + 0.02)
    work.widening = conformal.inputs(c, work.raw, work.input, learning)
    # a young bucket leans on the next-event error, growing like a random walk, at most a deviation
    first = f.bucket[0].conformal
    base = first.scale if first.feedbacks > 0.0 else 1.0
    guess = min(base * math.sqrt(max(distance / max(f.spacing, 1e-6), 1e-6)), max(1.0, base))
    n = c.feedbacks
    work.scale = (n * c.scale + 5.0 * guess) / (n + 5.0) * work.widening
    for k in range(conformal.LEVELS):
        work.half[k] = conformal.quantile(c, k) * work.scale


@njit
def half_width(f, m, level, scale):
    """Half width of any level on a scale of `fill`: -log(alpha) is interpolated between the learned levels, from 0 at
    level 0 on, and goes on straight beyond the last."""
    c = f.bucket[m].conformal
    miss = math.log(1.0 - level)
    k = 0
    while k < conformal.LEVELS - 1 and miss < _MISS[k]:
        k += 1
    at0 = 0.0
    q0 = 0.0
    if k > 0:
        at0 = _MISS[k - 1]
        q0 = conformal.quantile(c, k - 1)
    q = q0 + (conformal.quantile(c, k) - q0) * (miss - at0) / (_MISS[k] - at0)
    return max(q, 1e-9) * scale


@njit
def _learn(f, m, time, error, z, mixed, scale, widening, pending, work):
    """Count and learn an error that has become known at `time`, of the forecast whose half widths and inputs are in
    `work`. Rounding outward lets an interval reach work.whole further. Value and forecast at the same declared bound
    say that the interval held it, and nothing about how wide it should be elsewhere: that is an error of one scale."""
    c = f.bucket[m].conformal
    near = 1e-5 * (1.0 + abs(z))
    if (z <= work.low and mixed <= work.low + near) or (z >= work.high and mixed >= work.high - near):
        error = max(error, min(1.0, conformal.quantile(c, 1)) * scale)
        beyond = 0.0
    else:
        beyond = error - work.whole
    coverage.count(f.held[m], time, beyond, work.half)
    pace = conformal.NEXT_PACE if m == 0 else 1.0
    conformal.learn(c, error, beyond, scale, widening, work.input, pending, pace)


@njit
def _learn_silence(f, m, time, band, mixed, scale, widening, pending, work):
    """The same where the series, reported by exception, was silent at the time of the target: it was within the band
    around the newest value before `time`. To count what was held, it was that value."""
    z = f.origin.z
    coverage.count(f.held[m], time, abs(z - mixed) - work.whole, work.half)
    low = max(z - band, work.low) - mixed
    high = min(z + band, work.high) - mixed
    c = f.bucket[m].conformal
    censored.learn(c, low, high, work.whole, scale, widening, work.input, pending, 1.0)


@njit
def learn_next(f, declared, time, z, work):
    """Feedback for the forecast in `work` of the event z that has come at `time`."""
    c = f.bucket[0].conformal
    error = abs(z - work.mixed)
    if c.feedbacks > 10.0:
        hours.learn(f.hours, hour_of_day(declared, time), error / c.scale, f.seen)
    _learn(f, np.int64(0), time, error, z, work.mixed, work.scale, work.widening, 1.0, work)


@njit
def learn_due(f, m, horizon, time, z, unit, work):
    """Feedback for the forecasts of fixed horizon m that are due at the event z at `time`."""
    ring = f.delayed[m]
    c = f.bucket[m + 1].conformal
    band = deadband.width(f.deadband, f.seen - 1)
    for s in range(len(ring.time)):
        if not delayed.due(ring, s, time, horizon, unit):
            continue
        ring.waiting[s] = 0
        off = (time - ring.time[s] - horizon) / horizon
        silent = band > 0.0 and off > conformal.ON_TIME
        if abs(off) > delayed.TOLERANCE + 1e-9 and not silent:
            continue
        mixed = ring.mixed[s]
        scale = ring.scale[s]
        widening = delayed.recall(ring, s, work.half, work.input)
        pending = delayed.pending(ring, s)
        if silent:
            _learn_silence(f, m + 1, time, band, mixed, scale, widening, pending, work)
        else:
            error = conformal.on_time(c, abs(z - mixed), scale, abs(off))
            _learn(f, m + 1, time, error, z, mixed, scale, widening, pending, work)


@njit
def recode(f, factor, shift):
    """z becomes z * factor - shift."""
    for m in range(len(f.delayed)):
        delayed.recode(f.delayed[m], factor, shift)
    for m in range(len(f.bucket)):
        conformal.recode(f.bucket[m].conformal, factor, shift)
