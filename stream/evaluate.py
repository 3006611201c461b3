"""How good scores are where somebody labelled the anomalies: alerts against events, and VUS-PR.

No point adjustment anywhere. An *event* here is a run of rows labelled 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

THRESHOLDS: Final = 250
DEFAULT_PERIOD: Final = 125
_LONGEST_LAG: Final = 303
_SHORTEST_LAG: Final = 6


def runs(label: Flags) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """First and last row of every run of true labels."""
    edges = np.diff(np.concatenate(([0], label.astype(np.int8), [0])))
    return np.flatnonzero(edges == 1), np.flatnonzero(edges == -1) - 1


@dataclass(frozen=True)
class Hits:
    """events : labelled events. alerts : rows that open or escalate an alert. hits : events with such a row.
    false_alerts : such rows that belong to no event."""

    events: int
    alerts: int
    hits: int
    false_alerts: int


def hits(label: Flags, alert_score: Floats, slack: int = 0, after: int | None = None) -> Hits:
    """Count alerts against labelled events; a row belongs to an event up to `slack` rows before it and `after` rows
    after it (`slack`, if not given)."""
    alerts = np.flatnonzero(alert_score >= 1.0)
    first, last = runs(label)
    begin = np.searchsorted(alerts, first - slack, side="left")
    end = np.searchsorted(alerts, last + (slack if after is None else after), side="right")
    belongs = np.zeros(len(alerts) + 1, np.int64)
    np.add.at(belongs, begin, 1)
    np.add.at(belongs, end, -1)
    covered = int(np.count_nonzero(np.cumsum(belongs)[:-1]))
    return Hits(len(first), len(alerts), int(np.count_nonzero(end > begin)), len(alerts) - covered)


def period(values: Floats) -> int:
    """Rows of the series' strongest repetition: the highest local maximum of its autocorrelation.

    The rule of TSB-AD (Liu & Paparrizos, NeurIPS 2024): lags 6 to 303 of the first 20,000 rows, 125 where none."""
    x = values[np.isfinite(values)][:20_000]
    if len(x) <= _SHORTEST_LAG:
        return DEFAULT_PERIOD
    x = x - x.mean()
    size = 1 << (2 * len(x)).bit_length()
    power = np.abs(np.fft.rfft(x, size)) ** 2
    correlation = np.fft.irfft(power, size)[: min(400, len(x) - 1) + 1]
    if not correlation[0] > 0:
        return DEFAULT_PERIOD
    inner = correlation[4:-1]
    peaks = np.flatnonzero((inner > correlation[3:-2]) & (inner > correlation[5:])) + 4
    if not len(peaks):
        return DEFAULT_PERIOD
    best = int(peaks[np.argmax(correlation[peaks])])
    return best if _SHORTEST_LAG <= best <= _LONGEST_LAG else DEFAULT_PERIOD


def vus_pr(label: Flags, score: Floats, window: int) -> float:
    """Volume under the precision-recall surface (Paparrizos et al., VLDB 2022), nan where nothing is labelled.

    For every width w = 0..window: labels get soft edges that reach w // 2 rows beyond each event and fall as
    sqrt(1 - distance / w); recall is weighted by the share of (widened) events that are found at all; the area under
    precision-recall over 250 thresholds is taken. The result is the mean area.

    Parameters
    ----------
    label, score : shape (n,); a nan score never alarms. window : rows, usually `period`.
    """
    n = len(label)
    first, last = runs(label)
    if not len(first):
        return float("nan")
    score = np.where(np.isnan(score), np.min(score, initial=np.inf, where=~np.isnan(score)), score)
    ascending = np.sort(score)
    thresholds = ascending[::-1][np.linspace(0, n - 1, THRESHOLDS).astype(int)]
    predicted = n - np.searchsorted(ascending, thresholds, side="left")
    # The first (highest) threshold at which a row alarms.
    rank = np.searchsorted(-thresholds, -score, side="left")
    positives = np.count_nonzero(label)
    hard = _at_thresholds(rank[label], np.ones(positives))
    rows, near, distance = _edges(label, first, last, window // 2)

    areas = np.empty(window + 1)
    for w in range(window + 1):
        reach = w // 2
        weight = (
            np.sqrt(1.0 - distance / w, where=distance <= reach, out=np.zeros(len(distance)))
            if reach
            else 0.0 * distance
        )
        soft = _at_thresholds(rank[rows], np.minimum(np.bincount(near, weight, minlength=len(rows)), 1.0))
        true = hard + soft
        recall = np.minimum(true / (positives + soft / 2), 1.0) * _found(score, thresholds, first, last, reach)
        areas[w] = np.diff(recall, prepend=0.0) @ (true / predicted)
    return float(areas.mean())


def _at_thresholds(rank: npt.NDArray[np.intp], weight: Floats) -> Floats:
    """Summed weight of the rows that alarm at each threshold."""
    return np.cumsum(np.bincount(rank, weight, minlength=THRESHOLDS)[:THRESHOLDS])


def _edges(
    label: Flags, first: npt.NDArray[np.intp], last: npt.NDArray[np.intp], reach: int
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Unlabelled rows near an event; per (row, event) pair within `reach`, the index into them and the distance."""
    steps = np.arange(1, reach + 1)
    row = np.concatenate(((last[:, None] + steps).ravel(), (first[:, None] - steps).ravel()))
    distance = np.tile(steps, 2 * len(first))
    inside = (row >= 0) & (row < len(label))
    row, distance = row[inside], distance[inside]
    free = ~label[row]
    rows, near = np.unique(row[free], return_inverse=True)
    return rows, near, distance[free]


def _found(
    score: Floats, thresholds: Floats, first: npt.NDArray[np.intp], last: npt.NDArray[np.intp], reach: int
) -> Floats:
    """Share of the events, widened by `reach` and joined where they then touch, that alarm at each threshold."""
    begin, end = np.maximum(first - reach, 0), np.minimum(last + reach, len(score) - 1)
    apart = begin[1:] > end[:-1]
    begin, end = begin[np.concatenate(([True], apart))], end[np.concatenate((apart, [True]))]
    bounds = np.stack((begin, end + 1), axis=1).ravel()
    # reduceat takes [begin, end + 1) and then the stretch between two events, which is left out.
    top = np.sort(np.maximum.reduceat(np.append(score, -np.inf), bounds)[::2])
    found: Floats = (len(top) - np.searchsorted(top, thresholds, side="left")) / len(top)
    return found
