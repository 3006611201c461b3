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
def lower(value, options):
    """The lower end of an interval; whole numbers are rounded outward."""
    return within(math.floor(value) if options.integer else value, options)


@njit
def upper(value, options):
    """The upper end of an interval; whole numbers are rounded outward."""
    return within(math.ceil(value) if options.integer else value, options)
