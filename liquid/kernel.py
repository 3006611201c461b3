"""The fused kernel: one loop over a batch of events, in order, without Python, allocation or the GIL per event."""

from __future__ import annotations

import math

from liquid import bounds, detector, drift, forecaster, forecaster_state, packing
from liquid._jit import njit
from liquid.anomaly import alertable, alerts, line, predictor
from liquid.features import clock, period, rings, scale, wall
from liquid.results import LEARNING, NO_ALERT, READY, REJECTED, SKIPPED, TIME_CLAMPED

#: Values beyond are taken as this: squares of them must stay finite.
LARGEST = 1e100
#: Times beyond (epoch seconds, either sign) are rejected.
LATEST = 1e15
#: A step below is that of a series that has always been zero: its intervals have no width.
NOTHING = 1e-200


@njit
def fresh(row):
    """Start a series in a zeroed row."""
    row.offset = -1
    forecaster_state.start(row.forecaster)
    detector.start(row.detector)
    for level in range(len(row.rings.distance)):
        row.rings.distance[level] = -1.0


@njit
def run(slab, options, steps, slots, times, values, offsets, kinds, horizons, work, ring_work, out):
    """Process events in order.

    Parameters
    ----------
    slab : (capacity,) rows. options : (capacity,) of liquid.options.OPTIONS. steps : clocks that the options name.
    slots : (n,) i8. times : (n,) epoch seconds. values : (n,).
    offsets : (n,) i8 input offsets; an event at or below its row's last offset is skipped (-1: never skipped).
    kinds : (2,) bank and decoder.
    horizons : (H,) seconds, ascending. work : record of row.WORK. ring_work : from rings.scratch.
    out : (n,) results, zeroed.
    """
    for i in range(len(slots)):
        _take(
            slab[slots[i]], (options[slots[i]], steps), times[i], values[i], offsets[i],
            kinds, horizons, work, ring_work, out[i],
        )  # fmt: skip


@njit
def run_packed(
    layout,
    slab,
    plain,
    views,
    scratch,
    options,
    steps,
    slots,
    times,
    values,
    offsets,
    kinds,
    horizons,
    work,
    ring_work,
    out,
):
    """`run` for rows that are kept packed: each is unpacked, takes an event and is packed again.

    Parameters
    ----------
    layout, scratch : see `packing.pack`. slab : (u1, u2, i4, f8) arrays of capacity rows. plain : (1,), the row to work
    on. views : of it, (u1, u2, i4, f4, f8).
    """
    for i in range(len(slots)):
        s = slots[i]
        packed = slab[0][s], slab[1][s], slab[2][s], slab[3][s]
        row = plain[0]
        packing.unpack(layout, views, packed, scratch)
        _take(
            row, (options[s], steps), times[i], values[i], offsets[i], kinds, horizons, work, ring_work, out[i]
        )  # fmt: skip
        packing.pack(layout, row.clock.events, views, packed, scratch)


@njit
def _take(row, declared, time, value, offset, kinds, horizons, work, ring_work, o):
    """Take an event that may have been applied already or that may be no event at all."""
    o.time = time
    o.value = value
    if offset >= 0:
        if offset <= row.offset:
            o.flags = SKIPPED
            return
        row.offset = offset
    if not (abs(time) <= LATEST and math.isfinite(value)):
        o.flags = REJECTED
        _unknown(o)
        return
    value = min(max(value, -LARGEST), LARGEST)
    _event(row, declared, time, value, kinds, horizons, work, ring_work, o)


@njit
def _unknown(o):
    o.expected = math.nan
    o.lower50 = math.nan
    o.upper50 = math.nan
    o.lower80 = math.nan
    o.upper80 = math.nan
    o.lower = math.nan
    o.upper = math.nan
    for m in range(len(o.mean)):
        o.mean[m] = math.nan
        o.lo50[m] = math.nan
        o.hi50[m] = math.nan
        o.lo80[m] = math.nan
        o.hi80[m] = math.nan
        o.lo95[m] = math.nan
        o.hi95[m] = math.nan


@njit
def _event(row, declared, time, value, kinds, horizons, work, ring_work, o):
    options = declared[0]
    f = row.forecaster
    wf = work.forecaster
    n = row.clock.events
    cells_before = row.clock.cells
    if n > 0 and time <= row.clock.time:
        time = row.clock.time
        o.flags = TIME_CLAMPED
    gap, cells = clock.advance(row.clock, time)
    unit = max(row.clock.unit, 1e-9)
    g = min(gap / unit, 1e6)
    step = row.scale.step
    centre = row.scale.centre
    _unknown(o)

    # 1. what was expected; learn from what came
    if f.seen > 0:
        z = forecaster_state.bound((value - centre) / step)
        forecaster.declare(options, centre, step, wf)
        forecaster.expect(f, row.rings, cells_before, kinds, declared, g, unit, wf)
        mean = centre + wf.mixed * step
        o.expected = bounds.within(mean, options)
        width50, width80, width95 = _widths(wf.half, step)
        o.lower50, o.upper50 = bounds.ends(mean, width50, options)
        o.lower80, o.upper80 = bounds.ends(mean, width80, options)
        o.lower, o.upper = bounds.ends(mean, width95, options)
        forecaster.feedback(f, kinds, declared, horizons, time, z, g, unit, wf)

    # 2. scale; everything kept in z follows it
    recode, factor, shift, deviation = scale.observe(row.scale, value, n)
    if recode:
        if step > 0.0:
            rings.recode(row.rings, factor, shift)
            forecaster_state.recode(f, factor, shift, wf)
        rings.shift_sums(row.rings, cells_before, row.scale.centre - centre)
        if scale.followed(row.scale, n):
            predictor.follow(row.detector.predictor, row.scale.centre, row.scale.step)
    step = row.scale.step
    centre = row.scale.centre

    # 3. shape memory, and what the newest window says
    previous = row.value if n > 0 else value
    new = rings.push(row.rings, cells_before, previous, value, cells, centre, step)
    softness = deviation / step * rings.STEPS if step > 0.0 else rings.STEPS
    for level in range(len(row.rings.distance)):
        if new & (1 << level):
            if row.rings.blocks[level] >= rings.MIN_BLOCKS:
                rings.search(row.rings, level, softness, ring_work)
                detector.shape(row.detector, row.rings, level)
            pushed = row.rings.blocks[level] - (cells_before >> level)
            if period.look(f.period, row.rings, level, pushed, ring_work):
                forecaster_state.retune(f, kinds)
    row.value = value

    # 4. evidence and alert
    day_time = wall.day_time(declared, time)
    evidence = detector.observe(row.detector, day_time, value, gap, n, work.detector)
    missed = abs(value - o.expected) / deviation if math.isfinite(o.expected) else 0.0
    rank, strong = detector.rank(row.detector, missed, n, work.detector)
    series_line = line.observe(row.detector.line, evidence, value, n)
    episode = row.detector.episode
    said = episode.feedback
    may_alert = alertable.alertable(said, options, work.detector.group, evidence, value, o.expected, n)
    may_strong = alertable.alertable(said, options, work.detector.ranked, strong, value, o.expected, n)
    frequency = work.detector.frequency
    may_apart = alertable.apart(said, options, detector.FREQUENCY, frequency, value, o.expected, n)
    may_alert = max(may_alert, may_apart * series_line / line.common(n))
    beyond = alertable.outside(options, value)
    score, strength, alert_score, change, notify = alerts.judge(
        episode, series_line, evidence, may_alert, rank, may_strong, beyond, options.cool_down, n, time
    )
    _report(row, o, n, gap, score, strength, alert_score, change, notify, value, work.detector)

    # 5. whether anything has changed for good
    _drift(row.drift, time, day_time, gap, value, work.drift, o)

    # 6. take the event in and look ahead
    if step > 0.0:
        z = forecaster_state.bound((value - centre) / step)
        forecaster.declare(options, centre, step, wf)
        forecaster.observe(f, kinds, declared, time, z, g)
        for m in range(len(horizons)):
            forecaster.forecast(f, row.rings, row.clock.cells, kinds, declared, m, horizons[m], unit, wf)
            mean = centre + wf.mixed * step
            o.mean[m] = bounds.within(mean, options)
            width50, width80, width95 = _widths(wf.half, step)
            o.lo50[m], o.hi50[m] = bounds.ends(mean, width50, options)
            o.lo80[m], o.hi80[m] = bounds.ends(mean, width80, options)
            o.lo95[m], o.hi95[m] = bounds.ends(mean, width95, options)


@njit
def _drift(state, time, day_time, gap, value, work, o):
    seen = work.seen
    seen.time = time
    seen.day_time = day_time
    seen.gap = gap
    seen.value = value
    seen.forecast = math.isfinite(o.expected)
    if seen.forecast:
        seen.error = value - o.expected
        seen.missed80 = not o.lower80 <= value <= o.upper80
        seen.missed95 = not o.lower <= value <= o.upper
    o.drift, o.drift_onset = drift.observe(state, seen, work.said)


@njit
def _widths(half, step):
    size = step if step > NOTHING else 0.0
    return half[0] * size, half[1] * size, half[2] * size


@njit
def _report(row, o, n, gap, score, strength, alert_score, change, notify, value, work):
    episode = row.detector.episode
    o.gap = gap
    o.events = n + 1
    o.state = READY if n + 1 >= alerts.LEARNING else LEARNING
    o.score = score
    o.alert_score = alert_score
    o.alert = change
    o.notify = notify
    o.severity = alerts.severity(strength)
    if change != NO_ALERT or episode.active:
        o.alert_begin = episode.begin
        o.alert_peak = episode.peak
        o.alert_peak_time = episode.peak_time
    total = 0.0
    for k in range(len(work.group)):
        total += max(work.group[k], work.ranked[k])
    for k in range(len(work.group)):
        o.shares[k] = max(work.group[k], work.ranked[k]) / total if total > 0.0 else 0.0
    reference = o.expected if math.isfinite(o.expected) else value
    d = value - reference
    o.direction = 1 if d > 0.0 else (-1 if d < 0.0 else 0)
