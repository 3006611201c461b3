"""What the model says about one event: the layout of its result rows."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

#: Groups of evidence, in the order of the result's `shares` (which sum to 1 when there is any evidence).
EVIDENCE: Final = (
    "level",
    "surprise",
    "trend",
    "season",
    "volatility",
    "frequency",
    "flatline",
    "gap",
    "habit",
    "shape",
)

#: Interval levels that are kept ready for every event.
LEVELS: Final = (0.50, 0.80, 0.95)

#: The fields of a result that hold the forecasts, one number a horizon.
BANDS: Final = ("mean", "lo50", "hi50", "lo80", "hi80", "lo95", "hi95")

LEARNING: Final = 0
READY: Final = 1
STATES: Final = ("learning", "ready")

SEVERITIES: Final = ("none", "warning", "minor", "major", "critical")
#: A severity is this much of a score above the one before; "warning" begins at 1.0.
SEVERITY_STEP: Final = 0.5

NO_ALERT: Final = 0
OPENED: Final = 1
ESCALATED: Final = 2
CLOSED: Final = 3
NOTIFIED: Final = 4
ALERTS: Final = ("none", "opened", "escalated", "closed", "notified")

#: Bits of `flags`.
TIME_CLAMPED: Final = 1  # the time stood still or ran back; the gap was taken as 0
SKIPPED: Final = 2  # already applied (a replay): nothing was learned, nothing is to be emitted
REJECTED: Final = 4  # time or value not finite: nothing was learned


def severity_level(score: float) -> int:
    """Index into SEVERITIES of a score or of an episode's peak. Also compiled, as `liquid.anomaly.alerts.severity`."""
    if score < 1.0:
        return 0
    return int(min(1.0 + (score - 1.0) / SEVERITY_STEP, 4.0))


def severity_of(score: float) -> str:
    """Severity of a score or of an episode's peak."""
    return SEVERITIES[severity_level(score)]


def as_bytes(records: NDArray[np.void]) -> NDArray[np.uint8]:
    """Results or rows as their bytes, (n, itemsize), in the same memory: records copied as records get arbitrary
    padding."""
    return records.view(np.uint8).reshape(len(records), records.dtype.itemsize)


def result_dtype(horizons: int) -> np.dtype:
    """Layout of one result.

    Parameters
    ----------
    horizons : number of fixed horizons of the model.

    Fields
    ------
    time, value : the event. gap : seconds since the series' previous event.
    expected, lower50, upper50, lower80, upper80, lower, upper : what was expected of this value before it came, with
        its 50 %, 80 % and 95 % interval (nan for the first three events).
    score : ranks the events of a series; at least 1.0 where its evidence reaches the alert line. alert_score : the
        score (at least 1.0) where this event opens or escalates an alert, else min(score, 0.99). severity : index
        into SEVERITIES, of what may alert: options and feedback lower it, flatline and gap count in it, and a
        value outside its declared range is a warning at least. state : LEARNING or READY. events : events seen.
    alert : one of NO_ALERT, OPENED, ESCALATED, CLOSED, NOTIFIED, with the episode's alert_begin, alert_peak_time
        (epoch seconds) and alert_peak (score). notify : 1 where the alert becomes worth waking somebody, at most once
        an episode; NOTIFIED if nothing else happens there. direction : +1 above, -1 below what was expected, 0 neither.
    shares : share of each EVIDENCE group in the score.
    mean, lo50, hi50, lo80, hi80, lo95, hi95 : forecasts made at this event for each fixed horizon, shape (horizons,)
        (nan for the first two events).
    flags : TIME_CLAMPED | SKIPPED | REJECTED.
    drift : bit k is set while there is a drift of `liquid.drift.DRIFTS[k]`, bit k + 4 where it has just begun or ended.
        drift_onset : estimated time of the shift (epoch seconds) where one has begun, else 0.
    """
    per_horizon = [(name, "f8", (horizons,)) for name in BANDS]
    return np.dtype(
        [
            ("time", "f8"),
            ("value", "f8"),
            ("gap", "f8"),
            ("expected", "f8"),
            ("lower50", "f8"),
            ("upper50", "f8"),
            ("lower80", "f8"),
            ("upper80", "f8"),
            ("lower", "f8"),
            ("upper", "f8"),
            ("score", "f8"),
            ("alert_score", "f8"),
            ("alert_begin", "f8"),
            ("alert_peak_time", "f8"),
            ("alert_peak", "f8"),
            ("events", "i8"),
            ("shares", "f4", (len(EVIDENCE),)),
            ("severity", "u1"),
            ("state", "u1"),
            ("alert", "u1"),
            ("notify", "u1"),
            ("direction", "i1"),
            ("flags", "u1"),
            ("drift", "u1"),
            ("drift_onset", "f8"),
            *per_horizon,
        ],
        align=True,
    )
