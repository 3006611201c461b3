"""Drift: whether values, forecast errors, the calibration of intervals or the rhythm of sampling have changed for good.

One file a kind, one line here. All kinds share the test of `liquid.drift.sequential`: its statistic is 1.0 at the line,
with at most one false alarm of each kind in 10,000 quiet events.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any, Final

import numpy as np

from liquid._jit import njit
from liquid.drift import calibration, error, input, rhythm, sequential
from liquid.drift.base import SCORES, SEEN

__all__ = ["DRIFTS", "KINDS", "WORK", "describe", "drift_dtype", "observe"]

KINDS: Final[tuple[ModuleType, ...]] = (input, error, calibration, rhythm)

#: Names of the kinds, in the order of the bits of a result's `drift`.
DRIFTS: Final = tuple(kind.__name__.rpartition(".")[2] for kind in KINDS)


def _kind_dtype(kind: ModuleType, scores: int, windows: int) -> np.dtype:
    return np.dtype(
        [
            ("status", sequential.STATUS),
            ("test", sequential.test_dtype(min(scores, len(kind.PROMISED)), windows)),
            ("own", kind.STATE),
        ],
        align=True,
    )


def drift_dtype(scores: int, windows: int) -> np.dtype:
    """What is kept of a series: usual seconds between events, and of each kind its status, its test and what it keeps.

    Parameters
    ----------
    scores : of each kind, at most; the first are the most telling. windows : 2 or 4 of `sequential.WINDOWS`.
    """
    kinds = [(name, _kind_dtype(kind, scores, windows)) for name, kind in zip(DRIFTS, KINDS, strict=True)]
    return np.dtype([("spacing", "f4"), *kinds], align=True)


#: Work space of one thread.
WORK: Final = np.dtype([("seen", SEEN), ("said", SCORES)], align=True)


@njit
def _space(state, seen):
    """The usual seconds between events: a mean over about a hundred that no single silence moves."""
    if state.spacing <= 0.0:
        state.spacing = min(seen.gap, 1e30)
    else:
        state.spacing += 0.01 * (min(seen.gap, 10.0 * state.spacing) - state.spacing)
    return state.spacing


@njit
def _clear(said):
    for k in range(len(said.score)):
        said.score[k] = 0.0
        said.correlation[k] = 0.0


def _compose() -> Any:
    """One kernel that calls every kind in turn; see `liquid.anomaly.evidence`."""
    lines = ["def observe(state, seen, said):", "    spacing = _space(state, seen)", "    bits = 0", "    onset = 0.0"]
    scope: dict[str, Any] = {"_space": _space, "_clear": _clear, "_test": sequential.observe, "__name__": __name__}
    for k, (name, kind) in enumerate(zip(DRIFTS, KINDS, strict=True)):
        scope[f"{name}_scores"], scope[f"{name}_promised"] = kind.scores, np.array(kind.PROMISED, float)
        scope[f"{name}_lines"], scope[f"{name}_sides"] = np.array(kind.LINES, float), np.array(kind.SIDES)
        lines += [
            f"    kind = state.{name}",
            "    _clear(said)",
            f"    if {name}_scores(kind.own, seen, kind.status.events, said):",
            f"        fixed = {name}_promised, {name}_sides, {name}_lines",
            "        change = _test(kind.status, kind.test, said, *fixed, seen.time, spacing)",
            "        if change:",
            f"            bits |= {16 << k}",
            "        if change == 1:",
            "            onset = kind.status.onset",
            "    if kind.status.active:",
            f"        bits |= {1 << k}",
        ]
    exec(compile("\n".join([*lines, "    return bits, onset"]), __file__, "exec"), scope)
    function = scope["observe"]
    function.__doc__ = """Take an event.

    Parameters
    ----------
    state : record of drift_dtype. seen : record of dtype SEEN. said : record of dtype SCORES, scratch.

    Returns
    -------
    bits : bit k is set while there is a drift of kind k, bit k + 4 where it has just begun or ended.
    onset : estimated time of the shift (epoch s) where a drift has begun, else 0.
    """
    return njit(function)


observe = _compose()


def describe(state: np.void) -> dict[str, dict[str, Any]]:
    """Of each kind: statistic (1.0 is the line), active, onset and changed (epoch s, None before the first drift), peak
    (the largest statistic of the newest drift, None before the first), drifts (so far), events (of the reference; both
    are counted up to 65,535), relearn (events that a reference needs)."""
    return {name: _describe(state[name]["status"]) for name in DRIFTS}


def _describe(status: np.void) -> dict[str, Any]:
    seen = bool(status["drifts"])
    return {
        "statistic": float(status["statistic"]),
        "active": bool(status["active"]),
        "onset": float(status["onset"]) if seen else None,
        "changed": float(status["changed"]) if seen else None,
        "peak": float(status["peak"]) if seen else None,
        "drifts": int(status["drifts"]),
        "events": int(status["events"]),
        "relearn": sequential.RELEARN,
    }
