"""The kinds of evidence whose tails are calibrated: one file, one line here."""

from __future__ import annotations

from types import ModuleType
from typing import Any, Final

import numpy as np

from liquid._jit import njit
from liquid.anomaly.evidence import drift, flatline, frequency, gap, level, noise, roughness, season, surprise, value
from liquid.anomaly.evidence.base import SEEN, Tail

__all__ = ["KINDS", "SEEN", "STATE", "TAILS", "Tail", "statistics"]

KINDS: Final[tuple[ModuleType, ...]] = (
    value,
    surprise,
    drift,
    level,
    season,
    noise,
    roughness,
    frequency,
    flatline,
    gap,
)

_NAMES: Final = tuple(kind.__name__.rpartition(".")[2] for kind in KINDS)

#: What all kinds keep of a series.
STATE: Final = np.dtype([(name, kind.STATE) for name, kind in zip(_NAMES, KINDS, strict=True)], align=True)

#: (index of the kind, tail), in the order in which their calibrators are kept.
TAILS: Final[tuple[tuple[int, Tail], ...]] = tuple((k, tail) for k, kind in enumerate(KINDS) for tail in kind.TAILS)


def _compose() -> Any:
    """One kernel that calls every kind in turn.

    Numba has no loop over functions of different types that is inlined and cached, so the calls are written out from
    the table above; the code claims this file as its own, where Numba's cache looks for changes.
    """
    lines = [f"    out[{k}] = {name}(state.{name}, seen)" for k, name in enumerate(_NAMES)]
    source = "def statistics(state, seen, out):\n" + "\n".join(lines)
    scope: dict[str, Any] = {name: kind.statistic for name, kind in zip(_NAMES, KINDS, strict=True)}
    scope["__name__"] = __name__  # by which the cached kernel finds its module again
    exec(compile(source, __file__, "exec"), scope)
    function = scope["statistics"]
    function.__doc__ = "Take an event (a record of dtype SEEN) into the state; out : (len(KINDS),) f8, the statistics."
    return njit(function)


statistics = _compose()
