"""Declared bounds: no forecast and no end of an interval lies beyond them."""

from __future__ import annotations

import math

from liquid._jit import njit


@njit
def within(value, options):
    """The value, or the bound that it passes (a bound that is not declared is infinite); nan stays nan."""
    if value < options.minimum:
        return options.minimum
    if value > options.maximum:
        return options.maximum
    return value


@njit
def ends(mean, width, options):
    """Lower and upper end of the interval `width` to both sides of the mean; whole numbers are rounded outward."""
    lower, upper = mean - width, mean + width
    if options.integer:
        lower, upper = math.floor(lower), math.ceil(upper)
    return within(lower, options), within(upper, options)
