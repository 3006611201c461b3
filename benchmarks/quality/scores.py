"""Measures that more than one command of this folder takes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stream.evaluate import runs

WINDOW = 1000  # events over which coverage is taken


def winkler(came: np.ndarray, lower: np.ndarray, upper: np.ndarray, level: float) -> float:
    """Mean interval score (Winkler 1972; Gneiting & Raftery 2007): the width, plus 2 / (1 - level) times the miss."""
    miss = np.maximum(lower - came, 0.0) + np.maximum(came - upper, 0.0)
    return float(np.mean(upper - lower + 2.0 / (1.0 - level) * miss))


def coverage_error(inside: np.ndarray, level: float, window: int = WINDOW) -> float:
    """Mean of |share inside - level| over consecutive windows; nan for less than one window."""
    whole = len(inside) // window
    if not whole:
        return float("nan")
    return float(np.mean(np.abs(inside[: whole * window].reshape(whole, window).mean(axis=1) - level)))


def geometric(values) -> float:
    """Geometric mean; nan of none."""
    values = list(values)
    return float(np.exp(np.mean(np.log(values)))) if values else float("nan")


def event_f1(label: np.ndarray, score: np.ndarray) -> float:
    """Best composite F1 over all thresholds: precision by rows, recall by events (Garg et al. 2021)."""
    if not label.any():
        return float("nan")
    order = np.argsort(-score, kind="stable")
    s, y = score[order], label[order]
    last = np.append(s[1:] != s[:-1], True)
    precision = np.cumsum(y)[last] / (np.flatnonzero(last) + 1.0)
    first, end = runs(label)
    peaks = np.sort([score[a : b + 1].max() for a, b in zip(first, end, strict=True)])
    recall = (len(peaks) - np.searchsorted(peaks, s[last], side="left")) / len(peaks)
    with np.errstate(invalid="ignore", divide="ignore"):
        return float(np.nanmax(2 * precision * recall / (precision + recall)))


@dataclass(frozen=True)
class Alerts:
    """events, found : labelled events and those in which an alert opened. alerts, right : all and those in events."""

    events: int
    found: int
    alerts: int
    right: int


def alerts(label: np.ndarray, opened: np.ndarray, period: int) -> Alerts:
    """Alerts against events: an alert is right where it opens inside an event or up to max(10, period / 4) rows after.

    opened : rows at which an alert opens. period : rows of the series' repetition."""
    first, last = runs(label)
    last = last + max(10, period // 4)
    k = np.searchsorted(first, opened, side="right") - 1
    right = (k >= 0) & (opened <= last[np.maximum(k, 0)]) if len(first) else np.zeros(len(opened), bool)
    return Alerts(len(first), len(np.unique(k[right])), len(opened), int(right.sum()))


def episodes(score: np.ndarray, line: float, quiet: int = 75) -> np.ndarray:
    """Rows at which an alert opens: the score is above the line for the first time in `quiet` rows."""
    above = np.flatnonzero(score > line)
    return above[np.diff(above, prepend=-quiet - 1) > quiet] if len(above) else above
