"""Twin of liquid.anomaly.alertable."""

import math
from dataclasses import dataclass, field

from liquid import SeriesOptions


@dataclass
class Feedback:
    shift: dict[str, float] = field(default_factory=dict)
    event: int = 0


def alertable(
    feedback: Feedback, options: SeriesOptions, group: dict[str, float], value: float, expected: float, n: int
) -> float:
    if not _counts(options, value - expected):
        group = {name: group[name] for name in group if name in ("flatline", "gap")}
    total = 0.0
    for name, square in group.items():
        shift = feedback.shift.get(name, 0.0) * math.exp((feedback.event - n) / 5000)
        total += (math.sqrt(square) / (1 + shift)) ** 2
    return math.sqrt(total)


def apart(
    feedback: Feedback, options: SeriesOptions, name: str, evidence: float, value: float, expected: float, n: int
) -> float:
    """A group that is judged alone."""
    return alertable(feedback, options, {name: evidence**2}, value, expected, n)


def _counts(options: SeriesOptions, distance: float) -> bool:
    if options.min_effect > 0 and (math.isnan(distance) or abs(distance) < options.min_effect):
        return False
    if options.direction == "both":
        return True
    return distance > 0 if options.direction == "up" else distance < 0


def outside(options: SeriesOptions, value: float) -> bool:
    return options.range is not None and not options.range[0] <= value <= options.range[1]
