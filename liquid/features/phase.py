"""Tables of the mean value by time of day and time of week.

Every bin keeps its mean value and the mean phase of the events it has seen; a look-up interpolates between the two
visited bins around the wanted phase *at those mean phases*, which keeps hourly data sharp in 24 bins.
"""

from __future__ import annotations

import math

import numpy as np

from liquid._jit import njit

DAY = 86400.0
WEEK = 604800.0
HOURS = 24
ROUNDING = 1e-3  # seconds
STEPS = 1024.0  # of a value to a deviation, up to LINEAR deviations; beyond, to an octave
LINEAR = 16.0


@njit
def angle(time, period):
    """Where in a period a time lies, 0 to 2 pi."""
    return 2.0 * math.pi * (time % period) / period


@njit
def hour_of_day(time):
    """0 to HOURS - 1. The full hour begins its own: rounding must not put it before."""
    return int(((time + ROUNDING) % DAY) / 3600.0) % HOURS


def table_dtype(bins: int) -> np.dtype:
    """value (see `encode`), phase inside the bin (1/255), visits (saturating at 255)."""
    return np.dtype([("value", "i2", (bins,)), ("phase", "u1", (bins,)), ("visits", "u1", (bins,))], align=True)


@njit
def encode(z):
    """Two bytes for a z: even steps near 0, even ratios far out, where it is while the scale follows a new unit."""
    size = abs(z) * STEPS
    if abs(z) > LINEAR:
        size = STEPS * (LINEAR + math.log2(abs(z) / LINEAR))
    code = round(min(size, 32767.0))
    return np.int16(code if z > 0.0 else -code)


@njit
def decode(code):
    """The z of a code."""
    size = abs(float(code)) / STEPS
    if size > LINEAR:
        size = LINEAR * 2.0 ** (size - LINEAR)
    return size if code >= 0 else -size


@njit
def recode(table, factor, shift):
    """z becomes z * factor - shift."""
    for k in range(len(table.value)):
        table.value[k] = encode(decode(table.value[k]) * factor - shift)


@njit
def _place(time, period, bins):
    """Where in the period a time lies, in bins. The full hour begins its bin: rounding must not put it before."""
    return (time % period) / period * bins + 1e-9


@njit
def learn(table, time, period, z, rate):
    """Move the bin of `time` towards z by max(1/visits, rate). time, period : seconds."""
    bins = len(table.value)
    f = _place(time, period, bins)
    b = int(f) % bins
    n = table.visits[b]
    r = max(1.0 / (n + 1.0), rate)
    inside = min(max(f - math.floor(f), 0.0), 1.0) * 255.0
    if n == 0:
        table.value[b] = encode(z)
        table.phase[b] = np.uint8(inside + 0.5)
    else:
        value = decode(table.value[b])
        table.value[b] = encode(value + r * (z - value))
        table.phase[b] = np.uint8(table.phase[b] + r * (inside - table.phase[b]) + 0.5)
    if n < 255:
        table.visits[b] = n + 1


@njit
def look_up(table, time, period, otherwise):
    """The table's value at a time (epoch s), interpolated between visited bins; `otherwise` while all are empty."""
    bins = len(table.value)
    f = _place(time, period, bins)
    b = int(f) % bins
    x = f - math.floor(f)
    here = table.phase[b] / 255.0
    left, xl = b, here
    if table.visits[b] == 0 or here > x + 1e-9:
        k = 1
        while k < bins and table.visits[(b - k) % bins] == 0:
            k += 1
        left = (b - k) % bins
        xl = table.phase[left] / 255.0 - k
    right, xr = b, here
    if table.visits[b] == 0 or here < x - 1e-9:
        k = 1
        while k < bins and table.visits[(b + k) % bins] == 0:
            k += 1
        right = (b + k) % bins
        xr = table.phase[right] / 255.0 + k
    if table.visits[left] == 0:
        return otherwise
    if table.visits[right] == 0 or xr - xl <= 1e-9:
        return decode(table.value[left])
    a = min(max((x - xl) / (xr - xl), 0.0), 1.0)
    value = decode(table.value[left])
    return value + a * (decode(table.value[right]) - value)
