"""Why one event alerted or did not: asked of a copy of its series' row from before it; the live state is not touched.

What would have happened at another value is not estimated but tried: the event is run again with other values on copies
of that row.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from liquid import forecaster, row
from liquid import results as res
from liquid._jit import njit
from liquid.anomaly import alertable
from liquid.anomaly import line as own_line
from liquid.clocks import CLOCKS
from liquid.config import ModelConfig
from liquid.features import clock
from liquid.learning import conformal
from liquid.model import Model
from liquid.results import as_bytes
from liquid.tiers import TIERS

#: What tells the forecaster how hard its forecast is, in the order of the inputs of `conformal`.
WIDENED_BY: Final = ("analog_spread", "recent_surprise", "level", "move", "hour", "recent_error", "disagreement")

#: Values tried at once, and how often the two between which the answer lies are looked at more closely.
_TRIES: Final = 33
_CLOSER: Final = 3
#: Half widths beyond what was expected to which a value that would alert is looked for.
_FARTHEST: Final = 2.0**12


@dataclass(frozen=True)
class Width:
    """How the 95 % interval of an event came about.

    half : half width in the value's unit, without declared bounds. usual : the same where a forecast is as hard as it
    mostly is. widened : factor of each of WIDENED_BY that the tier has. cut : whether a declared bound makes the
    interval narrower.
    """

    half: float
    usual: float
    widened: dict[str, float]
    cut: bool


@dataclass(frozen=True)
class Line:
    """What raises the alert line of a series above 1.0, as factors.

    young : few events so far. budget : alerts so far, most of all lately. feedback : by group of evidence, what people
    said, as far as it still counts. rests_until : time (s) until which no alert opens after the last one, None where
    that is over.
    """

    young: float
    budget: float
    feedback: dict[str, float]
    rests_until: float | None


@dataclass(frozen=True)
class Explanation:
    """One event explained.

    result : what the model says of it, a record of `liquid.results.result_dtype`. shares : by group of evidence, those
    above zero. width : of its interval, None where nothing was expected. line : as it was for this event.
    alerts : whether the event opened an alert, or kept one up.
    quiet_at : for an event that alerts, the nearest value on the way to what was expected at which it would not have;
    None where it would have at any.
    alerts_below, alerts_above : for one that does not, the nearest values that would have; None where none would.
    """

    result: np.void
    shares: dict[str, float]
    width: Width | None
    line: Line
    alerts: bool
    quiet_at: float | None = None
    alerts_below: float | None = None
    alerts_above: float | None = None


def explain(before: np.void, options: np.void, config: ModelConfig, time: float, value: float) -> Explanation:
    """Explain an event.

    Parameters
    ----------
    before : the row of its series as it was before the event; stays as it is. options : record of
    `liquid.options.OPTIONS`. time : epoch seconds. value : a finite number.
    """
    trial = _Trial(before, options, config, time)
    result = trial.run(np.array([value]))[0]
    alerting = bool(trial.alerting(np.array([value]))[0])
    found = Explanation(
        result=result,
        shares={name: float(share) for name, share in zip(res.EVIDENCE, result["shares"], strict=True) if share > 0},
        width=_width(trial, result),
        line=line(before, options, time),
        alerts=alerting,
    )
    expected = float(result["expected"])
    if not math.isfinite(expected):
        return found
    if alerting:
        return replace(found, quiet_at=_crossing(trial.quiet, value, expected))
    size = found.width.half if found.width and found.width.half > 0 else max(abs(value), 1.0) * 1e-3
    low, high = min(value, expected), max(value, expected)
    return replace(
        found,
        alerts_below=_beyond(trial.alerting, low, -size),
        alerts_above=_beyond(trial.alerting, high, size),
    )


def line(row: np.void, options: np.void, time: float) -> Line:
    """What the alert line of a series will be made of at its next event, at `time`."""
    n, episode = int(row["clock"]["events"]), row["detector"]["episode"]
    said = episode["feedback"]
    left = math.exp(-(n - int(said["event"])) / alertable.FADE) if said["any"] else 0.0
    shifts = {name: 1.0 + float(s) * left for name, s in zip(res.EVIDENCE, said["shift"], strict=True)}
    until = float(episode["end"]) + float(options["cool_down"])
    return Line(
        young=own_line.youth(n),
        budget=own_line.raised(row["detector"]["line"], n),
        feedback={name: factor for name, factor in shifts.items() if abs(factor - 1.0) >= 1e-3},
        rests_until=until if episode["ended"] and not episode["active"] and time < until else None,
    )


class _Trial:
    """The same event with other values, on copies of the row."""

    def __init__(self, before: np.void, options: np.void, config: ModelConfig, time: float) -> None:
        self.before, self.config, self.time = before, config, time
        self._model = Model(config, capacity=_TRIES)
        self._model.options[:] = options
        self.options = self._model.options[0]

    def run(self, values: NDArray[np.float64]) -> NDArray[np.void]:
        for slot in range(len(values)):
            self._model.write(slot, self.before)
        return self._model.run(np.arange(len(values)), np.full(len(values), self.time), values)

    def alerting(self, values: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Whether an alert opens; where one is open already, whether the event is above the line."""
        out = self.run(values)
        if self.before["detector"]["episode"]["active"]:
            return np.asarray(out["severity"] > 0)
        return np.asarray(out["alert"] == res.OPENED)

    def quiet(self, values: NDArray[np.float64]) -> NDArray[np.bool_]:
        return ~self.alerting(values)


def _crossing(holds: Callable[[NDArray[np.float64]], NDArray[np.bool_]], start: float, end: float) -> float | None:
    """The point nearest to `start`, on the way to `end`, at which it holds; None where it holds at none tried."""
    for _ in range(1 + _CLOSER):
        points = np.linspace(start, end, _TRIES)
        held = np.flatnonzero(holds(points))
        if not len(held):
            return None
        first = int(held[0])
        start, end = float(points[max(first - 1, 0)]), float(points[first])
    return end


def _beyond(alerting: Callable[[NDArray[np.float64]], NDArray[np.bool_]], start: float, step: float) -> float | None:
    """The nearest value beyond `start` that alerts, looked for in the direction of `step`."""
    reach = np.append(0.0, np.geomspace(2.0**-4, _FARTHEST, _TRIES - 1))
    points = start + step * reach
    held = np.flatnonzero(alerting(points))
    if not len(held):
        return None
    if not held[0]:
        return start
    return _crossing(alerting, float(points[held[0] - 1]), float(points[held[0]]))


def _width(trial: _Trial, result: np.void) -> Width | None:
    if not math.isfinite(result["upper"]):
        return None
    copy = np.zeros(1, trial.before.dtype)
    as_bytes(copy)[:] = as_bytes(np.atleast_1d(np.asarray(trial.before)))
    work, factor = np.zeros(1, row.WORK), np.ones(TIERS[trial.config.tier].inputs)
    declared = (trial.options, CLOCKS.table)
    half, usual = _parts(copy[0], declared, trial.time, np.array(trial.config.kinds()), work[0], factor)
    return Width(
        half=half,
        usual=usual,
        widened=dict(zip(WIDENED_BY, factor.tolist(), strict=False)),
        cut=bool(result["upper"] - result["lower"] < 2.0 * half * (1.0 - 1e-6)),
    )


@njit
def _parts(state, declared, time, kinds, work, factor):
    """Half width of the 95 % interval of the next event, the same without widening; fills the factors."""
    cells = state.clock.cells
    gap, _ = clock.advance(state.clock, max(time, state.clock.time))
    unit = max(state.clock.unit, 1e-9)
    w = work.forecaster
    forecaster.declare(declared[0], state.scale.centre, state.scale.step, w)
    forecaster.expect(state.forecaster, state.rings, cells, kinds, declared, min(gap / unit, 1e6), unit, w)
    c = state.forecaster.bucket[0].conformal
    for k in range(len(factor)):
        factor[k] = math.exp(min(max(c.theta[k] * w.input[k], -2.0), 2.0))
    factor[conformal.LEVEL_INPUT] *= math.exp(c.theta[len(factor)] * conformal.square(w.input))
    half = w.half[-1] * state.scale.step
    return half, half / w.widening
