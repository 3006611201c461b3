"""Robust centre and scale of a series, in the steps in which everything else is stored.

Values are kept as z = (value - centre) / step. The step follows the running standard deviation only when that has
moved by half; then everything stored in z is recoded once, exactly. So a series may drift without its state ever
leaving the range where float32 is exact enough.

A running deviation that no single event moves by much takes thousands of events to follow a change of unit. So events
beyond CLIP deviations are also counted; after FOLLOW of them in a row, nearly, their own mean and deviation become
those of the series, if the deviation is not of the same order. Where mean and deviation have shrunk by the same factor,
what is stored in z stays as it is: only the unit has changed.
"""

from __future__ import annotations

import math

import numpy as np

from liquid._jit import njit

#: centre, step: z = (value - centre) / step (step 0: not known yet). mean, variance: of value - centre. outside: events
#: beyond CLIP deviations, nearly in a row; their mean and mean absolute deviation. age: events behind the deviation.
SCALE = np.dtype(
    [
        ("centre", "f8"),
        ("step", "f8"),
        ("mean", "f8"),
        ("variance", "f8"),
        ("outside_mean", "f8"),
        ("outside_size", "f8"),
        ("outside", "i4"),
        ("age", "i4"),
    ],
    align=True,
)

MEMORY = 4000.0
CLIP = 6.0
_YOUNG = 50
_FIRST = 2
_RATIO = 1.5
_OFFSET = 3.0
FOLLOW = 48
#: Deviations that differ by less are of the same order; relative ones that do by less are those of another unit.
_ORDER = 4.0
_SAME_SHAPE = 8.0
_FOLLOWED = 50  # events that a deviation taken over counts for


@njit
def observe(scale, value, n):
    """Learn from a value; tell how z changes.

    Parameters
    ----------
    scale : record of dtype SCALE, updated. value : the event's value, |value| <= 1e100.
    n : events before this one.

    Returns
    -------
    recode : True when stored z must become (z * factor - shift).
    factor, shift : of the recoding, dimensionless. With no previous step, factor is 0 (nothing was stored).
    deviation : the running standard deviation, > 0, in value units.
    """
    if n == 0:
        scale.centre = value
    if n > _YOUNG and _follows(scale, value):
        return _follow(scale)
    scale.age = min(scale.age + 1, 1_000_000)
    d = value - scale.centre - scale.mean
    s = math.sqrt(scale.variance)
    if n > _YOUNG and s > 0.0:
        d = min(max(d, -CLIP * s), CLIP * s)
    a = max(1.0 / scale.age, 1.0 / MEMORY)
    scale.mean += a * d
    scale.variance = (1.0 - a) * (scale.variance + a * d * d)
    # below this, differences are rounding of the value itself
    s = math.sqrt(scale.variance) + 1e-12 * abs(scale.centre + scale.mean) + 1e-280
    old = scale.step
    if n < _FIRST or (old > 0.0 and old / _RATIO <= s <= old * _RATIO and abs(scale.mean) <= _OFFSET * s):
        return False, 1.0, 0.0, s
    shift = scale.mean
    scale.centre += shift
    scale.mean = 0.0
    scale.step = s
    return True, old / s, shift / s, s


@njit
def _follows(scale, value):
    """Count an event beyond CLIP deviations; true where so many have come that the scale is to follow them."""
    s = math.sqrt(scale.variance)
    if abs(value - scale.centre - scale.mean) <= CLIP * s:
        scale.outside = max(scale.outside - 4, 0)
        return False
    if scale.outside == 0:
        scale.outside_mean = value
        scale.outside_size = 0.0
    scale.outside += 1
    d = value - scale.outside_mean
    scale.outside_mean += d / scale.outside
    scale.outside_size += (abs(d) - scale.outside_size) / scale.outside
    if scale.outside < FOLLOW:
        return False
    scale.outside = 0
    size = 1.25 * scale.outside_size
    return size > _ORDER * s or _other_unit(scale, size, s)


@njit
def _other_unit(scale, size, s):
    """Whether mean and deviation have shrunk alike."""
    here = size * abs(scale.centre + scale.mean)
    there = s * abs(scale.outside_mean)
    return 0.0 < size * _ORDER < s and there / _SAME_SHAPE < here < there * _SAME_SHAPE


@njit
def _follow(scale):
    s = 1.25 * scale.outside_size + 1e-12 * abs(scale.outside_mean) + 1e-280
    old, centre = scale.step, scale.centre
    if s > old:
        factor, shift = old / s, (scale.outside_mean - centre) / s
    else:
        factor, shift = 1.0, 0.0
    scale.centre = scale.outside_mean
    scale.step = s
    scale.mean = 0.0
    scale.variance = s * s
    scale.age = _FOLLOWED
    return True, factor, shift, s


@njit
def followed(scale, n):
    """Whether event n was the one at which the scale has followed another unit."""
    return n > _YOUNG and scale.age == _FOLLOWED
