"""Tests of drift, ours and river's, as alarms at every threshold of a grid.

river's tests watch one number. It is brought to mean 0 and deviation 1 by its first START events; "whitened", the
previous value and the waves of the day are taken out as well, as fitted to those events.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from types import ModuleType
from typing import Any, Final

import numba
import numpy as np
from river.drift import ADWIN, KSWIN, PageHinkley

from benchmarks.quality.drift_streams import AFTER, BEFORE, GAP, QUIET, START, Case, Stream, stream
from liquid import drift
from liquid.drift import sequential
from liquid.features.phase import DAY

OURS: Final = "liquidstream"
NEVER: Final = 10**9
_CALM: Final = 200  # events before the shift without an alarm, else a stream is not counted

#: 300 us an event: asked on a third of the streams.
_SLOW: Final = "KSWIN"

#: Thresholds from easily reached to hardly.
_LINES: Final = np.array([0.6, 0.7, 0.75, 0.8, 0.84, 0.88, 0.92, 0.96, 1.0, 1.04, 1.08, 1.12, 1.16, 1.2, 1.3, 1.4, 1.6])
_DELTAS: Final = 10.0 ** -np.array([0.0, 0.5, 1, 1.5, 2, 3, 4, 6, 8, 12, 16, 24, 40, 80])
_P_VALUES: Final = 10.0 ** -np.array([1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5, 5.5, 6, 7, 8, 10, 14])
_SUMS: Final = np.array([5, 8, 11, 15, 20, 27, 35, 50, 75, 100, 150, 250, 400, 700])


@cache
def _kernel(kind: ModuleType) -> Callable[..., None]:
    """The test of one kind at any multiple of its lines; as `liquid.drift` composes it."""
    scores, promised, sides = kind.scores, np.array(kind.PROMISED, float), np.array(kind.SIDES)

    @numba.njit
    def kernel(own, status, test, seen, said, lines, time, value, error, missed80, missed95, begun):  # type: ignore[no-untyped-def]
        for i in range(len(value)):
            seen.time = time[i]
            seen.day_time = time[i]
            seen.gap = time[i] - time[i - 1] if i else 0.0
            seen.value = value[i]
            seen.error = error[i]
            seen.forecast = 1
            seen.missed80 = missed80[i]
            seen.missed95 = missed95[i]
            if scores(own, seen, status.events, said):
                begun[i] = sequential.observe(status, test, said, promised, sides, lines, seen.time, GAP) == 1

    return kernel


def ours(kind: str, s: Stream, line: float = 1.0) -> np.ndarray:
    """Events at which a drift begins, were the lines `line` times what they are."""
    module = drift.KINDS[drift.DRIFTS.index(kind)]
    state, work = np.zeros(1, drift.drift_dtype(4, 4))[0][kind], np.zeros(1, drift.WORK)[0]
    begun = np.zeros(len(s.value), bool)
    lines = line * np.array(module.LINES, float)
    _kernel(module)(
        *(state["own"], state["status"], state["test"], work["seen"], work["said"], lines),
        *(s.time, s.value, s.error, s.missed80, s.missed95, begun),
    )
    return np.flatnonzero(begun)


def standardised(x: np.ndarray) -> np.ndarray:
    return (x - x[:START].mean()) / x[:START].std()


def whitened(x: np.ndarray) -> np.ndarray:
    """Residuals of least squares on the previous value and three waves of the day, standardised."""
    phase = 2 * np.pi * GAP / DAY * np.arange(len(x))
    waves = [f(k * phase) for k in (1, 2, 3) for f in (np.sin, np.cos)]
    rows = np.column_stack([np.ones(len(x)), np.concatenate([x[:1], x[:-1]]), *waves])
    w, *_ = np.linalg.lstsq(rows[:START], x[:START], rcond=None)
    return standardised(x - rows @ w)


Prepare = Callable[[np.ndarray], np.ndarray]


def _adwin(x: np.ndarray, end: int) -> Iterator[np.ndarray]:
    for delta in _DELTAS:
        yield _alarms(ADWIN(delta=delta), x, end)


def _page_hinkley(delta: float) -> Callable[[np.ndarray, int], Iterator[np.ndarray]]:
    def alarms(x: np.ndarray, end: int) -> Iterator[np.ndarray]:
        for threshold in _SUMS:
            yield _alarms(PageHinkley(threshold=threshold, delta=delta), x, end)

    return alarms


def _kswin(x: np.ndarray, end: int) -> Iterator[np.ndarray]:
    """Its memory is a hundred events; without alarms at this alpha its p-values do not depend on a threshold."""
    first = START - 150 if end > BEFORE + 500 else BEFORE - 400
    test, p = KSWIN(alpha=1e-300, seed=1), np.ones(end)
    for i in range(first, end):
        test.update(x[i])
        p[i] = test.p_value if i >= first + 100 else 1.0
    for threshold in _P_VALUES:
        yield np.flatnonzero(p <= threshold)


def _alarms(test: Any, x: np.ndarray, end: int) -> np.ndarray:
    found = []
    for i, value in enumerate(x[:end].tolist()):
        test.update(value)
        if test.drift_detected:
            found.append(i)
    return np.array(found, int)


#: name -> (what is done to the watched number, alarms at each threshold, events looked at after the shift).
RIVER: Final[dict[str, tuple[Prepare, Any, int]]] = {
    f"{name}{suffix}": (prepare, alarms, after)
    for suffix, prepare in (("", standardised), (", whitened", whitened))
    for name, alarms, after in (
        ("ADWIN", _adwin, AFTER),
        ("Page-Hinkley", _page_hinkley(0.005), AFTER),
        ("Page-Hinkley, delta 0.25", _page_hinkley(0.25), AFTER),
        ("KSWIN", _kswin, 400),
    )
    if not (name == "Page-Hinkley" and suffix)  # hardly ever finds anything
}


def run(case: Case, method: str) -> dict[str, np.ndarray]:
    """What a method says of every stream of a case.

    Returns
    -------
    first : (seeds, thresholds) events from the start (of what counts, or of the shift) to the first alarm, NEVER if
    there is none; -1 where an alarm was too near before the shift. begun : (seeds,) drifts that begin at our own line.
    """
    quiet = case.shift == QUIET
    origin = START if quiet else BEFORE
    first, begun = [], []
    for seed in range(-(-case.seeds // 3) if _SLOW in method else case.seeds):
        s = stream(case, seed)
        if method == OURS:
            alarms = [ours(case.kind, s, line) for line in _LINES]
            begun.append((ours(case.kind, s) >= origin).sum())
        else:
            prepare, find, after = RIVER[method]
            alarms = list(find(prepare(s.watched), BEFORE + (AFTER if quiet else after)))
        first.append([_first(a, origin, 0 if quiet else _CALM) for a in alarms])
    return {"first": np.array(first), "begun": np.array(begun)}


def _first(alarms: np.ndarray, origin: int, calm: int) -> int:
    if ((alarms >= origin - calm) & (alarms < origin)).any():
        return -1
    later = alarms[alarms >= origin]
    return int(later[0] - origin) + 1 if len(later) else NEVER
