"""The alert line and the episodes.

1.0 is the line for every series. An episode opens when the score reaches the line, escalates when the evidence is more
than twice what it was at the last opening or escalation, and closes 75 events after the last one above the line (or 500
after it opened). A series that alerted lately has a higher line (an alert budget), a young one too.

An alert is worth waking somebody, once in its life, when it lasts or is strong: at its third event above the line, with
no more than one below between them, or at the first with a score of 1.5.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from liquid._jit import njit
from liquid.results import CLOSED, ESCALATED, NO_ALERT, NOTIFIED, OPENED, severity_level

LINE: Final = 5.0
QUIET: Final = 75
LONGEST: Final = 500
ESCALATE: Final = 2.0
LEARNING: Final = 500  # events until a series is ready
STRONG: Final = 1.5
LASTING: Final = 3
NEAR: Final = 2
_BUDGET = 0.2
_BUDGET_MEMORY = 2000.0
_YOUTH = 200.0

#: begin, time of the peak; last event above the budgeted line, first event, last one above 1.0; evidence when it opened
#: or last escalated, peak score, alert budget spent; active, somebody was told; events above 1.0 in a row.
EPISODE = np.dtype(
    [
        ("begin", "f8"),
        ("peak_time", "f8"),
        ("last", "i8"),
        ("first", "i8"),
        ("above", "i8"),
        ("evidence", "f4"),
        ("peak", "f4"),
        ("budget", "f4"),
        ("active", "u1"),
        ("told", "u1"),
        ("lasting", "u1"),
    ],
    align=True,
)


@njit
def judge(episode, evidence, n, time):
    """Score an event and move the episode on.

    Parameters
    ----------
    episode : record. evidence : the combined evidence g. n : events before this one. time : epoch seconds.

    Returns
    -------
    score : g / (line of a series of this age), continuous, 1.0 is the line.
    alert_score : the score over the budgeted line where this event opens or escalates an alert, else min(score, .99).
    change : NO_ALERT, OPENED, ESCALATED, CLOSED or NOTIFIED.
    notify : whether this event makes the alert worth waking somebody; NOTIFIED is an event that does nothing else.
    """
    episode.budget *= math.exp(-1.0 / _BUDGET_MEMORY)
    change = NO_ALERT
    line = LINE * (1.0 + math.exp(-(n + 1.0) / _YOUTH))
    score = evidence / line
    budgeted = score / (1.0 + _BUDGET * episode.budget)
    alert_score = min(score, 0.99)
    above = budgeted >= 1.0
    if episode.active and (n - episode.first >= LONGEST or (not above and n - episode.last >= QUIET)):
        episode.active = 0
        change = CLOSED
    elif above:
        episode.last = n
        if not episode.active:
            change = OPENED
            episode.active = 1
            episode.told = 0
            episode.budget += 1.0
            episode.first = n
            episode.begin = time
            episode.evidence = evidence
            episode.peak = 0.0
            alert_score = budgeted
        elif evidence > ESCALATE * episode.evidence:
            change = ESCALATED
            episode.evidence = evidence
            alert_score = budgeted
    if episode.active and score > episode.peak:
        episode.peak = score
        episode.peak_time = time
    notify = _notify(episode, score, n)
    if notify and change == NO_ALERT:
        change = NOTIFIED
    return score, alert_score, change, notify


@njit
def _notify(episode, score, n):
    if score < 1.0:
        return False
    near = n - episode.above <= NEAR
    episode.lasting = min(episode.lasting + 1, LASTING) if near else 1
    episode.above = n
    if not episode.active or episode.told or (episode.lasting < LASTING and score < STRONG):
        return False
    episode.told = 1
    return True


severity = njit(severity_level)
