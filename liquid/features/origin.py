"""What must be remembered of the moment a forecast is made, and the row of features that reads it.

All features are the state *evolved* to the target and vanish at distance 0, so one readout serves every horizon and
the forecast goes to the last value as the horizon goes to 0.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from liquid._jit import njit
from liquid.features import analog, bank, phase
from liquid.features.wall import wall
from liquid.learning.decoder import INPUTS

#: Most analogs of a tier.
DETAILS: Final = len(analog.DETAILS)

#: Positions of the calendar, the constant and the level in the row: the ones that a recoding treats apart.
CALENDAR: Final = (5, 6)
CONSTANT: Final = 7
LEVEL: Final = 8

_CAP = 1e6


def row_size(details: int, features: int) -> int:
    """Features: slope, day (2), week (2), calendar (2), constant, level, two of every analog, the bank's."""
    return 9 + 2 * details + features


#: Most features of a tier.
ROW: Final = row_size(DETAILS, bank.FEATURES)


def origin_dtype(details: int, features: int) -> np.dtype:
    """What is kept with `details` analogs and `features` of the bank.

    time (epoch s); z of the value, of the real modes; dz and its slope per unit; the bank's modes; the analogs now;
    whether this is a snapshot and not the newest event.
    """
    return np.dtype(
        [
            ("time", "f8"),
            ("z", "f4"),
            ("fast", "f4"),
            ("slow", "f4"),
            ("dz", "f4"),
            ("slope", "f4"),
            ("bank", "f4", (features,)),
            ("now", "f4", (details,)),
            ("stored", "u1"),
        ],
        align=True,
    )


@njit
def recode(origin, factor, shift):
    """z becomes z * factor - shift."""
    origin.z = _level(origin.z, factor, shift)
    origin.fast = _level(origin.fast, factor, shift)
    origin.slow = _level(origin.slow, factor, shift)
    origin.dz = min(max(origin.dz * factor, -_CAP), _CAP)
    origin.slope = min(max(origin.slope * factor, -_CAP), _CAP)
    for k in range(len(origin.bank)):
        origin.bank[k] = min(max(origin.bank[k] * factor, -_CAP), _CAP)
    for k in range(len(origin.now)):
        origin.now[k] = _level(origin.now[k], factor, shift)


@njit
def _level(z, factor, shift):
    return min(max(z * factor - shift, -_CAP), _CAP)


@njit
def copy(source, target):
    """Copy one origin over another, whose arrays may be longer."""
    target.stored = source.stored
    target.time = source.time
    target.z = source.z
    target.fast = source.fast
    target.slow = source.slow
    target.dz = source.dz
    target.slope = source.slope
    for k in range(len(source.bank)):
        target.bank[k] = source.bank[k]
    for k in range(len(source.now)):
        target.now[k] = source.now[k]


@njit
def fill(origin, details, state, kind, tables, declared, age, then, distance, unit, x, u, work):
    """The row of features and the decoder's inputs for a target `distance` units after the origin.

    Parameters
    ----------
    origin : record of origin_dtype; of a snapshot with a cfc bank the features are stored, not the state.
    details : analogs of the tier; the arrays of origin and then may be longer.
    state : record of bank_dtype. kind : the bank.
    tables : the phase tables of day and week. declared : see `wall`. age : seconds of history that they have seen.
    then : the analogs at the target. distance : units, >= 0. unit : seconds.
    x : (>= row_size,) out. u : (INPUTS,) out, clipped to +-5. work : (bank.FEATURES,) scratch.
    """
    z = origin.z
    t0 = origin.time
    t1 = t0 + distance * unit
    s2 = 1.0 - math.exp(-distance / 2.0)
    s4 = 1.0 - math.exp(-distance / 4.0)
    s8 = 1.0 - math.exp(-distance / 8.0)
    day, week = tables
    p0, p1 = declared[0].periods[0], declared[0].periods[1]
    day0, day1 = wall(declared, 0, t0), wall(declared, 0, t1)
    week0, week1 = wall(declared, 1, t0), wall(declared, 1, t1)
    d0 = phase.look_up(day, day0, p0, z)
    d1 = phase.look_up(day, day1, p0, z)
    w0 = phase.look_up(week, week0, p1, z)
    w1 = phase.look_up(week, week1, p1, z)
    a0 = phase.angle(day0, p0)
    a1 = phase.angle(day1, p0)
    b1 = phase.angle(week1, p1)
    sin1, cos1 = math.sin(a1), math.cos(a1)
    # before a whole period has been seen, a table only says what the last values were
    if age < p0:
        d0 = d1 = z
        a0 = a1
    if age < p1:
        w0 = w1 = z
    x[0] = origin.slope * s2
    x[1] = d1 - d0
    x[2] = (d0 - z) * s8
    x[3] = w1 - w0
    x[4] = (w0 - z) * s4
    x[5] = sin1 - math.sin(a0)
    x[6] = cos1 - math.cos(a0)
    x[CONSTANT] = s8
    x[LEVEL] = z * s8
    for k in range(details):
        x[9 + 2 * k] = then[k] - origin.now[k]
        x[10 + 2 * k] = (origin.now[k] - z) * s2
    at = 9 + 2 * details
    features = state.head.shape[1]
    if origin.stored == 1 and kind == bank.CFC:
        for k in range(features):
            x[at + k] = origin.bank[k]
    else:
        bank.features(state, kind, origin.bank[:features], distance, z, origin.fast, origin.slow, work)
        for k in range(features):
            x[at + k] = work[k]
    u[0] = z
    u[1] = origin.dz
    u[2] = sin1
    u[3] = cos1
    u[4] = math.sin(b1)
    u[5] = math.cos(b1)
    u[6] = math.log1p(distance)
    u[7] = origin.fast - z
    u[8] = origin.slow - z
    u[9] = d1 - d0
    u[10] = d0 - z
    u[11] = w1 - w0
    u[12] = w0 - z
    u[13] = then[0] - origin.now[0]
    u[14] = origin.now[0] - z
    for k in range(INPUTS):
        u[k] = min(max(u[k], -5.0), 5.0)
