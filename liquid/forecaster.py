"""The forecaster of one series: experts on evolved features, mixed online, with adaptive intervals.

Experts: the last value; a fast EWMA; a linear readout of the evolved features and what the units of the liquid decoder
say of its error, by a readout of their own (one readout of both needs a covariance many times as large and is no
better); the same corrected by a readout that forgets fast; the last value moved as the series did a season before; the
value a season before. For the next event and for every fixed horizon there is a bucket with its own mixture and
interval; other horizons are interpolated between buckets in log distance.
Feedback is strictly delayed: a forecast made at t for t + d is learned from the first event at t + d (half a unit early
at most), with features evaluated at that event's true time.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from liquid import intervals
from liquid._jit import njit
from liquid.features import analog, bank, origin, phase, season
from liquid.features.wall import wall
from liquid.forecaster_state import CAP, EXPERTS, LOG_PRIOR, PRIOR, bound
from liquid.learning import correction, deadband, decoder, delayed, mixture, pending, rls

FORGETTING: Final = 0.9999
_HUBER = 2.0  # corner, in running errors
_RISE = 4.0  # most that an error counts in the running error, which must keep up with a new unit
_DAY_RATE = 0.6
_WEEK_RATE = 0.1
_WEEKLY = 0.05  # from which on the week before is asked in place of the season before
_WEEKLY_RATE = 0.02
_NO_ERROR = 1e-3
_REACH = 8.0  # of one event into the means, deviations
_WILD = 200.0  # changes in usual ones beyond which a row is scaled down


@njit
def declare(options, centre, step, work):
    """Declared bounds in z; `whole` is the distance of two values of a series of whole numbers, else 0."""
    work.low = bound((options.minimum - centre) / step)
    work.high = bound((options.maximum - centre) / step)
    work.whole = min(1.0 / step, 1e4) if options.integer else 0.0


@njit
def _row(f, kinds, declared, distance, unit, work):
    """Fill work.x, the units and their slopes for a target `distance` after work.origin; work.then is given."""
    o, then, age = work.origin, work.then, f.origin.time - f.born
    tables = (f.day, f.week)
    details = len(f.origin.now)
    origin.fill(o, details, f.bank, kinds[0], tables, declared, age, then, distance, unit, work.x, work.u, work.bank)
    decoder.forward(f.decoder, kinds[1], work.u, distance, work.h, work.slope)


@njit
def read_experts(f, kinds, declared, distance, unit, work):
    """Values (z) of the experts `distance` after work.origin, within declared bounds, into work.expert; work.then and
    work.season are given."""
    o = work.origin
    _row(f, kinds, declared, distance, unit, work)
    work.expert[0] = o.z
    soon = 1.0 - math.exp(-4.0 * distance)  # nearly 1 from a unit on
    work.expert[1] = o.z + (o.fast - o.z) * soon
    linear = bound(o.z + rls.predict(f.readout, work.x, len(f.readout)))
    work.expert[2] = bound(linear + rls.predict(f.unit_readout, work.h, len(f.unit_readout)))
    correction.fill(work.x, work.expert[2] - o.z, work.c)
    work.expert[3] = bound(work.expert[2] + rls.predict(f.correction.w, work.c, correction.SIZE))
    moved = o.z + work.season[1] - work.season[0]
    work.expert[4] = bound(moved)
    work.expert[5] = bound(moved + (work.season[0] - o.z) * soon)
    for k in range(EXPERTS):
        work.expert[k] = min(max(work.expert[k], work.low), work.high)


@njit
def mix(f, m, work):
    """The forecast of bucket m from work.expert, into work.blended and work.mixed."""
    b = f.bucket[m].mixture
    work.blended = mixture.blend(b, work.expert)
    work.mixed = mixture.cautious(b, work.expert[0], work.blended)


@njit
def _learn(f, m, distance, z0, z, kinds, work):
    """Learn bucket m's row in `work`, `distance` units after an origin at z0, now that z has come."""
    b = f.bucket[m]
    dz = z - z0
    b.rows = min(b.rows + 1.0, 1e6)
    moved = min(abs(dz), _WILD * b.change) if b.rows > 30.0 else abs(dz)
    b.change += max(1.0 / b.rows, 0.005) * (min(moved, CAP) - b.change)
    scale = 1.0 / max(b.change, 1e-3)
    if abs(dz) > moved:
        scale *= moved / abs(dz)
    e0 = dz - rls.predict(f.readout, work.x, len(f.readout))
    e1 = e0 - rls.predict(f.unit_readout, work.h, len(f.unit_readout))
    correction.fill(work.x, dz - e1, work.c)
    e2 = e1 - rls.predict(f.correction.w, work.c, correction.SIZE)
    limit = _HUBER * b.error
    n = b.rows
    _step(f.readout, f.covariance, work.x, e0, scale, limit, n, work)
    _correct(f.correction, e2, scale, limit, n, work)
    size = abs(e1)
    clipped = e1
    if n > 30.0 and size > limit:
        clipped = e1 * limit / size
    if kinds[1] != decoder.NONE:
        _step(f.unit_readout, f.unit_covariance, work.h, e1, scale, limit, n, work)
        if n > 20.0:
            decoder.learn(f.decoder, work.u, work.slope, f.unit_readout, -clipped / (b.error + 1e-6) * scale)
    counted = min(size, _RISE * b.error) if n > 30.0 else size
    b.error = max(b.error + max(1.0 / n, 0.01) * (min(counted, CAP) - b.error), 1e-6)


@njit
def _scaled(x, size, error, scale, limit, n, work):
    """Fill work.scaled with the row times what is returned: `scale`, less for an outlier, by Huber's weight."""
    if n > 30.0 and abs(error) > limit:
        scale = scale * math.sqrt(limit / abs(error))
    for a in range(size):
        work.scaled[a] = x[a] * scale
    return scale


@njit
def _step(w, p, x, error, scale, limit, n, work):
    size = len(w)
    scale = _scaled(x, size, error, scale, limit, n, work)
    rls.update(w, p, work.scaled, work.gain, size, error * scale, FORGETTING, 100.0 * size * PRIOR, PRIOR)


@njit
def _correct(c, error, scale, limit, n, work):
    size = correction.SIZE
    scale = _scaled(work.c, size, error, scale, limit, n, work)
    e = error * scale
    rls.update(c.w, c.p, work.scaled, work.gain, size, e, correction.FORGETTING, correction.MOST, correction.PRIOR)


@njit
def _season_error(before, z0, z):
    """How wrong a season before was about the event z after one at z0, by its value and by its move; the last value
    where it is not known."""
    now, then = before[0], before[1]
    if not math.isfinite(now):
        now, then = z0, z0
    return abs(z - then) + abs(z - z0 - (then - now))


@njit
def _compare_seasons(f, z, work):
    """Learn whether the week before says better what comes than the season before does: f.weekly, -1 to 1."""
    if not math.isfinite(work.seasons[1, 0]):
        return
    e0 = _season_error(work.seasons[0], f.origin.z, z)
    e1 = _season_error(work.seasons[1], f.origin.z, z)
    if e0 + e1 > _NO_ERROR:
        f.weekly += _WEEKLY_RATE * ((e0 - e1) / (e0 + e1) - f.weekly)


@njit
def expect(f, rings, cells, kinds, declared, gap, unit, work):
    """The forecast of the event that has just come, from all before it: fills work.expert, blended, mixed, scale, half.

    gap : units since the newest origin.
    """
    spread = look_ahead(f, rings, cells, declared, gap, unit, work)
    read_experts(f, kinds, declared, gap, unit, work)
    mix(f, 0, work)
    intervals.fill(f, 0, declared, gap, unit, spread, True, work)


@njit
def feedback(f, kinds, declared, horizons, time, z, gap, unit, work):
    """Learn from the event z at `time`: the next-event forecast in `work`, then every pending one that is due."""
    b = f.bucket[0]
    error = abs(z - work.mixed)
    _compare_seasons(f, z, work)
    mixture.learn(b.mixture, LOG_PRIOR, work.expert, work.blended, z)
    intervals.learn_next(f, declared, time, z, work)
    f.surprise += max(0.1, 1.0 / f.seen) * (min(error, 8.0 * f.surprise + 1.0 / f.seen) - f.surprise)
    f.spacing += 0.02 * (min(gap, 100.0) - f.spacing)
    _learn(f, np.int64(0), gap, f.origin.z, z, kinds, work)  # not a literal, which would be compiled apart
    for m in range(len(f.made)):
        intervals.learn_due(f, m, horizons[m], time, z, unit, work)
        _due(f, m, kinds, declared, horizons[m], time, z, unit, work)


@njit
def _due(f, m, kinds, declared, horizon, time, z, unit, work):
    best = -1
    miss = 1e300
    for s in range(f.pending.shape[1]):
        age = time - f.pending[m, s].time
        if f.waiting[m, s] == 0 or not delayed.reached(age, horizon, unit):
            continue
        f.waiting[m, s] = 0
        if abs(age - horizon) < miss:
            miss = abs(age - horizon)
            best = s
    if best < 0 or miss > 0.5 * horizon:
        return
    p = f.pending[m, best]
    o = work.origin
    age = time - p.time
    number = work.number
    blended = pending.recall(
        p, age / horizon, len(f.origin.now), len(f.origin.bank), o, work.then, work.expert, number
    )  # fmt: skip
    o.stored = 1
    if miss <= delayed.TOLERANCE * horizon + 1e-9:
        work.expert[0] = min(max(o.z, work.low), work.high)
        mixture.learn(f.bucket[m + 1].mixture, LOG_PRIOR, work.expert, blended, z)
    _row(f, kinds, declared, age / unit, unit, work)
    _learn(f, m + 1, age / unit, o.z, z, kinds, work)


@njit
def observe(f, kinds, declared, time, z, gap):
    """Take the event into bank, tables and origin. gap : units."""
    o = f.origin
    first = f.seen == 0
    if first:
        f.born = time
    f.seen += 1
    before = z if first else o.z
    if not first:
        deadband.observe(f.deadband, abs(z - before), gap > f.spacing, f.seen - 1)
    tame, previous = z, before
    if not first:  # one event can only move the means so far
        tame = min(max(z, f.bank.fast - _REACH), f.bank.fast + _REACH)
        previous = min(max(before, f.bank.fast - _REACH), f.bank.fast + _REACH)
    bank.observe(f.bank, kinds[0], gap, previous, tame, first)
    periods = declared[0].periods
    phase.learn(f.day, wall(declared, 0, time), periods[0], tame, _DAY_RATE)
    phase.learn(f.week, wall(declared, 1, time), periods[1], tame, _WEEK_RATE)
    o.time = time
    o.dz = bound(z - before)
    o.slope = min(max((z - before) / max(gap, 0.25), -3.0), 3.0)
    o.z = z
    o.fast = f.bank.fast
    o.slow = f.bank.slow
    for k in range(min(len(f.bank.mode), len(o.bank))):
        o.bank[k] = f.bank.mode[k]


@njit
def look_ahead(f, rings, cells, declared, distance, unit, work):
    """Read the analogs at `distance` from the newest event into work.then and the origin, and the seasons before into
    work.seasons and work.season; copy the origin into work.origin; give the spread of the analogs.

    The season is the period that was found, else the first one declared; the week (the second one declared) where that
    was better lately."""
    periods = declared[0].periods
    period = f.period.period if f.period.period > 0.0 else periods[0] / unit
    seasons = work.seasons
    seasons[0, 0], seasons[0, 1] = season.read(rings, cells, distance, period)
    seasons[1, 0], seasons[1, 1] = season.read(rings, cells, distance, periods[1] / unit)
    k = 1 if f.weekly > _WEEKLY and math.isfinite(seasons[1, 0]) else 0
    known = math.isfinite(seasons[k, 0])
    work.season[0] = seasons[k, 0] if known else f.origin.z
    work.season[1] = seasons[k, 1] if known else f.origin.z
    spread = 0.0
    for k in range(len(f.origin.now)):
        now, then, v = analog.read(rings, cells, distance, analog.DETAILS[k], f.origin.z)
        f.origin.now[k] = now
        work.then[k] = then
        if k == 0:
            spread = v
    origin.copy(f.origin, work.origin)
    return spread


@njit
def forecast(f, rings, cells, kinds, declared, m, horizon, unit, work):
    """Forecast fixed horizon m (seconds) from the newest event: fills work; remembers it now and then."""
    distance = horizon / unit
    spread = look_ahead(f, rings, cells, declared, distance, unit, work)
    read_experts(f, kinds, declared, distance, unit, work)
    mix(f, m + 1, work)
    intervals.fill(f, m + 1, declared, distance, unit, spread, True, work)
    delayed.remember(f.delayed[m], f.origin.time, horizon, work.mixed, work.scale, work.widening, work.half, work.input)
    made = f.made[m]
    slots = f.pending.shape[1]
    newest = f.pending[m, (made - 1) % slots].time
    if made > 0 and f.origin.time - newest < horizon / slots * (1.0 - 1e-9):
        return
    f.made[m] = made + 1
    f.waiting[m, made % slots] = 1
    o = work.origin
    features = len(f.origin.bank)
    bank.save(f.bank, kinds[0], distance, o.z, o.bank[:features])
    p = f.pending[m, made % slots]
    pending.keep(p, len(f.origin.now), features, o, work.then, work.expert, work.blended, work.number)
