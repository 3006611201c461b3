"""The alert line and the episodes.

1.0 is the line for every series. An episode opens when the score reaches the line, escalates when the evidence is more
than twice what it was at the last opening or escalation, and closes 75 events after the last one above the line (or 500
after it opened). A series that alerted lately has a higher line (an alert budget), a young one too.

What people declared or said of alerts changes which part of the evidence may alert (`liquid.anomaly.alertable`). A
value outside its declared range alerts whatever the evidence. For `cool_down` seconds after an alert no other opens.

An alert is worth waking somebody, once in its life, when it lasts or is strong: at its third event above the line, with
no more than one below between them, or at the first with a score of 1.5.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from liquid._jit import njit
from liquid.anomaly.alertable import FEEDBACK
from liquid.results import CLOSED, ESCALATED, NO_ALERT, NOTIFIED, OPENED, severity_level

LINE: Final = 5.0
QUIET: Final = 75
LONGEST: Final = 500
ESCALATE: Final = 2.0
LEARNING: Final = 500  # events until a series is ready
STRONG: Final = 1.5
LASTING: Final = 3
NEAR: Final = 2
BUDGET = 0.2
BUDGET_MEMORY = 2000.0
YOUTH = 200.0

#: begin, time of the peak, end of the episode before; last event above the budgeted line, first event, last one above
#: 1.0; evidence when it opened or last escalated, peak score, alert budget spent; active, somebody was told; events
#: above 1.0 in a row; whether an episode has ended; what people said.
EPISODE = np.dtype(
    [
        ("begin", "f8"),
        ("peak_time", "f8"),
        ("end", "f8"),
        ("last", "i8"),
        ("first", "i8"),
        ("above", "i8"),
        ("evidence", "f4"),
        ("peak", "f4"),
        ("budget", "f4"),
        ("active", "u1"),
        ("told", "u1"),
        ("lasting", "u1"),
        ("ended", "u1"),
        ("feedback", FEEDBACK),
    ],
    align=True,
)


@njit
def judge(episode, evidence, alertable, outside, cool_down, n, time):
    """Score an event and move the episode on.

    Parameters
    ----------
    episode : record. evidence : the combined evidence g. alertable : the part of it that may alert.
    outside : whether the value is outside its declared range. cool_down : seconds between two alerts.
    n : events before this one. time : epoch seconds.

    Returns
    -------
    score : g / (line of a series of this age), continuous, 1.0 is the line.
    strength : the score as far as it may alert, at least 1.0 outside the declared range.
    alert_score : strength over the budgeted line where this event opens or escalates an alert, else min(score, .99).
    change : NO_ALERT, OPENED, ESCALATED, CLOSED or NOTIFIED.
    notify : whether this event makes the alert worth waking somebody; NOTIFIED is an event that does nothing else.
    """
    episode.budget *= math.exp(-1.0 / BUDGET_MEMORY)
    change = NO_ALERT
    line = LINE * (1.0 + math.exp(-(n + 1.0) / YOUTH))
    score = evidence / line
    strength = alertable / line
    raised = 1.0 + BUDGET * episode.budget
    budgeted = strength / raised
    if outside:
        alertable = max(alertable, line)
        strength = max(strength, 1.0)
        budgeted = max(budgeted, 1.0)
    alert_score = min(score, 0.99)
    above = budgeted >= 1.0
    if episode.active and (n - episode.first >= LONGEST or (not above and n - episode.last >= QUIET)):
        episode.active = 0
        episode.ended = 1
        episode.end = time
        change = CLOSED
    elif above and episode.active:
        episode.last = n
        if alertable > ESCALATE * episode.evidence:
            change = ESCALATED
            episode.evidence = alertable
            alert_score = budgeted
    elif above and not (episode.ended and time < episode.end + cool_down):
        change = OPENED
        episode.active = 1
        episode.told = 0
        episode.budget += 1.0
        episode.first = n
        episode.last = n
        episode.begin = time
        episode.evidence = alertable
        episode.peak = 0.0
        alert_score = budgeted
    if episode.active and strength > episode.peak:
        episode.peak = strength
        episode.peak_time = time
    notify = _notify(episode, strength, n)
    if notify and change == NO_ALERT:
        change = NOTIFIED
    return score, strength, alert_score, change, notify


@njit
def _notify(episode, strength, n):
    if strength < 1.0:
        return False
    near = n - episode.above <= NEAR
    episode.lasting = min(episode.lasting + 1, LASTING) if near else 1
    episode.above = n
    if not episode.active or episode.told or (episode.lasting < LASTING and strength < STRONG):
        return False
    episode.told = 1
    return True


severity = njit(severity_level)
