"""Robust centre and scale of a series, in the steps in which everything else is stored.

Values are kept as z = (value - centre) / step. The step follows the running standard deviation only when that has
moved by half; then everything stored in z is recoded once, exactly. So a series may drift or change its unit without
its state ever leaving the range where float32 is exact enough.
"""

from __future__ import annotations

import math

import numpy as np

from liquid._jit import njit

#: centre, step: z = (value - centre) / step (step 0: not known yet). mean, variance: of value - centre.
SCALE = np.dtype([("centre", "f8"), ("step", "f8"), ("mean", "f8"), ("variance", "f8")], align=True)

MEMORY = 4000.0
CLIP = 6.0
_YOUNG = 50
_FIRST = 2
_RATIO = 1.5
_OFFSET = 3.0


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
    d = value - scale.centre - scale.mean
    s = math.sqrt(scale.variance)
    if n > _YOUNG and s > 0.0:
        d = min(max(d, -CLIP * s), CLIP * s)
    a = max(1.0 / (n + 1.0), 1.0 / MEMORY)
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
