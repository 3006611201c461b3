"""Why an alert, in one sentence that a person at three in the morning understands."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from liquid.results import EVIDENCE

#: How each group of evidence is called in a sentence that begins with "mostly".
WORDS: Final = {
    "level": "level",
    "surprise": "a sudden jump",
    "trend": "trend",
    "season": "time of day",
    "volatility": "how much it varies",
    "frequency": "how fast it changes",
    "flatline": "no change at all",
    "gap": "the wait between events",
    "habit": "values unusual for the moment",
    "shape": "shape of the last cycles",
}

_ENOUGH = 0.6  # the named evidence explains at least this share of the score
_MOST_NAMED = 3
_LARGE = 1e5


def why(
    shares: Sequence[float],
    value: float,
    expected: float,
    lower: float,
    upper: float,
    direction: int,
    unit: str | None = None,
) -> str:
    """One sentence: what came, what was expected, and which evidence speaks loudest.

    Parameters
    ----------
    shares : share of each group of `liquid.results.EVIDENCE` in the score.
    value, expected, lower, upper : the event and its 95 % interval; not finite where unknown.
    direction : +1 above, -1 below what was expected, 0 neither.
    unit : unit of the value, for people.

    Examples
    --------
    >>> why([0.35, 0, 0, 0, 0, 0, 0, 0, 0, 0.65], 41, 14, 6.2, 22.4, 1, "min")
    '41 min, expected 6 to 22; mostly shape of the last cycles'
    """
    evidence = _evidence(shares)
    return _compared(value, expected, lower, upper, direction, unit) + (f"; mostly {evidence}" if evidence else "")


def number(value: float, width: float = 0.0) -> str:
    """A number as people write it: about two digits of `width` (the size that matters) are kept, three of those of
    numbers from 100,000 on; the others are zeros."""
    if not math.isfinite(value):
        return "unknown"
    size = width if width > 0 and math.isfinite(width) else abs(value)
    if abs(value) < size / 200:
        return "0"
    if value != 0 and not 1e-4 <= abs(value) < 1e15:
        return f"{value:.3g}"
    if abs(value) >= _LARGE:
        value = round(value, min(2 - math.floor(math.log10(size)), 0))
    decimals = 0 if size == 0 else min(max(1 - math.floor(math.log10(size)), 0), 6)
    text = f"{value:,.{decimals}f}"
    if decimals:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _compared(value: float, expected: float, lower: float, upper: float, direction: int, unit: str | None) -> str:
    known = math.isfinite(lower) and math.isfinite(upper)
    # a band of nearly nothing says little of the digits of a value far outside
    width = max(upper - lower, 0.01 * max(lower - value, value - upper)) if known else 0.0
    subject = f"{number(value, width)} {unit}" if unit else number(value, width)
    if known:
        low, high = number(lower, width), number(upper, width)
        return f"{subject}, expected {low} to {high}" if low != high else f"{subject}, expected {low}"
    if math.isfinite(expected):
        return f"{subject}, expected about {number(expected)}"
    return subject + {1: ", higher than usual", -1: ", lower than usual"}.get(direction, ", unusual")


def _evidence(shares: Sequence[float]) -> str:
    ranked = sorted(zip(shares, EVIDENCE, strict=False), key=lambda pair: -pair[0] if pair[0] > 0 else 0.0)
    total = sum(share for share, _ in ranked if share > 0)
    named: list[str] = []
    covered = 0.0
    for share, group in ranked[:_MOST_NAMED]:
        if not share > 0 or covered >= _ENOUGH * total:
            break
        named.append(WORDS[group])
        covered += share
    return " and ".join([", ".join(named[:-1]), named[-1]] if len(named) > 1 else named)
