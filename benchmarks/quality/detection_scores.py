"""What is measured of one series' scores."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.quality.labelled import Labelled
from benchmarks.quality.methods import OURS
from benchmarks.quality.scores import alerts, episodes, event_f1
from stream.evaluate import vus_pr

#: Where our alerts may be read: the line and what lies one, two and four severities above it.
LEVELS = (1.0, 1.5, 2.0, 3.0)
#: Stands for the level of those alerts that our model finds worth waking somebody.
NOTIFIED = -1.0
#: A baseline's line is what this share of its own scores exceeds.
RATE = 1 / 2000


@dataclass
class Measured:
    """One method on one series. at : by level (0 for a baseline), share of events found, share of alerts right, false
    alerts per 1,000 rows. An alert share of a series without alerts is nan."""

    method: str
    source: str
    name: str
    mode: str
    vus_pr: float
    event_f1: float
    at: dict[float, tuple[float, float, float]]
    us: float


def measured(s: Labelled, method: str, result: dict[str, np.ndarray]) -> Measured:
    """Measure from the first scored row on."""
    a = s.warm_up
    label, score = s.label[a:], np.nan_to_num(result["score"], nan=0.0)
    at = {}
    for level in (*LEVELS, NOTIFIED) if method.startswith(OURS) else (0.0,):
        if level == NOTIFIED:
            opened = np.flatnonzero(result["notify"][a:])
        elif method.startswith(OURS):
            opened = first_of_episode(result["alert_score"], result["alert_begin"], level)
            opened = opened[opened >= a] - a
        else:
            opened = episodes(score[a:], float(np.quantile(score[a // 2 : a], 1.0 - RATE)) if a > 1 else 0.0)
        found = alerts(label, opened, s.window)
        at[level] = (
            found.found / found.events if found.events else np.nan,
            found.right / found.alerts if found.alerts else np.nan,
            1000 * (found.alerts - found.right) / len(label),
        )
    return Measured(
        method,
        s.source,
        s.name,
        s.mode,
        vus_pr(label, score[a:], s.window),
        event_f1(label, score[a:]),
        at,
        1e6 * float(result["seconds"]) / len(s.time),
    )


def first_of_episode(alert_score: np.ndarray, begin: np.ndarray, level: float) -> np.ndarray:
    """Rows at which an episode (rows of one alert_begin) first reaches the level."""
    rows = np.flatnonzero(alert_score >= level)
    _, first = np.unique(begin[rows], return_index=True)
    return rows[np.sort(first)]
