"""Declared bounds: no forecast and no end of an interval lies beyond them."""

from __future__ import annotations

from liquid._jit import njit


@njit
def within(value, options):
    """The value, or the bound that it passes (a bound that is not declared is infinite); nan stays nan."""
    if value < options.minimum:
        return options.minimum
    if value > options.maximum:
        return options.maximum
    return value
