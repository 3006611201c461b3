"""Which part of an event's evidence may alert: what people declared (options) and what they said of alerts (feedback).

The score stays what the evidence says; the alert line is held against the part that is left here.

- Evidence about the value (all but flatline and gap, which are about values that do not come or do not move) counts
  only where the value is at least `min_effect` from what was expected, and on the side that `direction` names.
- Feedback shifts the line of a group of evidence by a share: the group's evidence is divided by 1 + shift. A shift
  fades with the number of events since it was given.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from liquid._jit import njit
from liquid.results import EVIDENCE

#: Events in which a shift of the line fades to 1/e of itself.
FADE: Final = 5000.0

#: Groups of evidence that say nothing about how large the value is.
NOT_OF_THE_VALUE: Final = ("flatline", "gap")

#: Shift of the line of each group when it was last changed, at which event that was, whether there is any.
FEEDBACK = np.dtype([("shift", "f4", (len(EVIDENCE),)), ("event", "i8"), ("any", "u1")], align=True)

_OF_THE_VALUE = np.array([name not in NOT_OF_THE_VALUE for name in EVIDENCE])


@njit
def alertable(feedback, options, group, evidence, value, expected, n):
    """The evidence that may alert.

    Parameters
    ----------
    feedback : record of FEEDBACK. options : record of liquid.options.OPTIONS.
    group : (len(EVIDENCE),) squared evidence by group. evidence : root of their sum.
    value, expected : of the event; nan where nothing was expected. n : events before this one.

    Returns
    -------
    g : >= 0, `evidence` itself where nothing is declared and nobody said anything.
    """
    counts = _counts(options, value - expected)
    if counts and feedback.any == 0:
        return evidence
    left = _left(feedback, n)
    total = 0.0
    for k in range(len(group)):
        if counts or not _OF_THE_VALUE[k]:
            factor = 1.0 + feedback.shift[k] * left
            total += group[k] / (factor * factor)
    return math.sqrt(total)


@njit
def apart(feedback, options, k, evidence, value, expected, n):
    """The part of one group's evidence that may alert. k : index of the group; the rest as for `alertable`."""
    if _OF_THE_VALUE[k] and not _counts(options, value - expected):
        return 0.0
    return evidence / (1.0 + feedback.shift[k] * _left(feedback, n))


@njit
def _counts(options, d):
    """Whether a value d from what was expected is one that somebody wants to hear of."""
    if options.min_effect > 0.0 and not abs(d) >= options.min_effect:
        return False
    return not (options.direction != 0 and not d * options.direction > 0.0)


@njit
def _left(feedback, n):
    return math.exp(-(n - feedback.event) / FADE) if feedback.any else 0.0


@njit
def outside(options, value):
    """Whether the value lies outside the range that is declared as normal."""
    return value < options.range[0] or value > options.range[1]
