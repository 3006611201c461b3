"""What a number is after it was packed, by arithmetic instead of bits."""

from __future__ import annotations

import math

from liquid.packing import codes


def short(x: float, mantissa: int, least: int, rounding: int) -> tuple[float, ...]:
    """The one number, or the two, that `x` may become with so many bits of mantissa and 15 - mantissa of exponent."""
    largest = 2.0 ** (least + 2 ** (15 - mantissa) - 2) * (2.0 - 2.0**-mantissa)
    size = abs(x)
    if size == 0.0:
        return (0.0,)
    step = 2.0 ** (math.floor(math.log2(size)) - mantissa)
    near = [f * step for f in (math.floor(size / step), math.ceil(size / step))]
    if rounding == codes.NEAREST:
        near = [near[0] if size - near[0] < near[1] - size else near[1]]
    elif rounding == codes.UPWARD:
        near = [near[1] if x > 0 else near[0]]
    return tuple(math.copysign(min(v, largest), x) if v >= 2.0**least else 0.0 for v in near)


def three(x: float) -> tuple[float, ...]:
    """The same with sixteen bits in all of the mantissa, the first of which is not written down."""
    if x == 0.0:
        return (0.0,)
    step = 2.0 ** (math.floor(math.log2(abs(x))) - 15)
    return math.floor(x / step) * step, math.ceil(x / step) * step


def six(x: float) -> float:
    if x == 0.0:
        return 0.0
    step = 2.0 ** (math.floor(math.log2(abs(x))) - 36)
    return math.copysign(math.floor(abs(x) / step + 0.5) * step, x)
