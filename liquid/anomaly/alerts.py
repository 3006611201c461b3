"""Score, alerts and episodes.

The score ranks the events of a series by all that speaks for an anomaly; an alert opens where the calibrated evidence
reaches the line of the series (`liquid.anomaly.line`), and there the score is at least 1.0. An episode escalates when
the evidence is more than twice what it was at the last opening or escalation, and closes 75 events after the last one
above the line (or 500 after it opened).

What people declared or said of alerts changes which part of the evidence may alert (`liquid.anomaly.alertable`). A
value outside its declared range alerts whatever the evidence. For `cool_down` seconds after an alert no other opens.

An alert is worth waking somebody, once in its life, when it lasts or is strong: at the third event with a score of .83,
with no more than one below between them, or at the first with 1.25.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from liquid._jit import njit
from liquid.anomaly.alertable import FEEDBACK
from liquid.anomaly.line import LEARNING, LINE, LONGEST, QUIET, youth
from liquid.results import CLOSED, ESCALATED, NO_ALERT, NOTIFIED, OPENED, severity_level

__all__ = ["EPISODE", "LEARNING", "LINE", "LONGEST", "QUIET", "RANK", "judge", "severity"]

#: Ranking evidence with a score of 1.0.
RANK: Final = 6.0
ESCALATE: Final = 2.0
STRONG: Final = 1.25
LASTS: Final = 0.83
LASTING: Final = 3
NEAR: Final = 2

#: begin, time of the peak, end of the episode before; last event above the line, first event, last one that
#: lasts; evidence when it opened or last escalated, peak strength; active, somebody was told; events that last in a
#: row; whether an episode has ended; what people said.
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
        ("active", "u1"),
        ("told", "u1"),
        ("lasting", "u1"),
        ("ended", "u1"),
        ("feedback", FEEDBACK),
    ],
    align=True,
)


@njit
def judge(episode, line, evidence, alertable, rank, alertable_strength, outside, cool_down, n, time):
    """Score an event and move the episode on.

    Parameters
    ----------
    episode : record. line : of the series. evidence : the combined evidence g. alertable : the part of it that may
    alert. rank : the ranking evidence. alertable_strength : the part of it, flatline and gap included, that may alert.
    outside : whether the value is outside its declared range. cool_down : seconds between two alerts.
    n : events before this one. time : epoch seconds.

    Returns
    -------
    score : rank / (RANK for a series of this age), at least 1.0 where the evidence reaches the line.
    strength : the score with flatline and gap as far as they may alert, at least 1.0 where that part of g reaches the
        line or outside the declared range.
    alert_score : the strength where this event opens or escalates an alert, else min(score, .99).
    change : NO_ALERT, OPENED, ESCALATED, CLOSED or NOTIFIED.
    notify : whether this event makes the alert worth waking somebody; NOTIFIED is an event that does nothing else.
    """
    change = NO_ALERT
    ranked = rank / (RANK * youth(n))
    score = max(ranked, 1.0) if evidence >= line else ranked
    ranked = alertable_strength / (RANK * youth(n))
    if outside:
        alertable = max(alertable, line)
        ranked = max(ranked, 1.0)
    above = alertable >= line
    strength = max(ranked, 1.0) if above else ranked
    alert_score = min(score, 0.99)
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
            alert_score = strength
    elif above and not (episode.ended and time < episode.end + cool_down):
        change = OPENED
        episode.active = 1
        episode.told = 0
        episode.first = n
        episode.last = n
        episode.begin = time
        episode.evidence = alertable
        episode.peak = 0.0
        alert_score = strength
    if episode.active and strength > episode.peak:
        episode.peak = strength
        episode.peak_time = time
    notify = _notify(episode, ranked, n)
    if notify and change == NO_ALERT:
        change = NOTIFIED
    return score, strength, alert_score, change, notify


@njit
def _notify(episode, ranked, n):
    if ranked < LASTS:
        return False
    near = n - episode.above <= NEAR
    episode.lasting = min(episode.lasting + 1, LASTING) if near else 1
    episode.above = n
    if not episode.active or episode.told or (episode.lasting < LASTING and ranked < STRONG):
        return False
    episode.told = 1
    return True


severity = njit(severity_level)
