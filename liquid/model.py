"""The model: forecasts and scores every event of many series, one row of state per series."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from liquid import drift, row
from liquid import results as res
from liquid.anomaly.alerts import LEARNING
from liquid.clocks import CLOCKS
from liquid.config import ModelConfig
from liquid.features import rings
from liquid.forecast import forecast_row
from liquid.learning import coverage
from liquid.options import SeriesOptions, options_array
from liquid.slab import Slab
from liquid.tiers import TIERS

__all__ = [
    "Forecast",
    "Held",
    "IncompatibleRow",
    "Model",
    "ModelConfig",
    "Result",
    "SeriesOptions",
    "forecast_row",
    "warm",
]

_MAGIC = b"LQR"


class IncompatibleRow(ValueError):
    """Saved rows that this model cannot load: another version or other settings."""


class Forecast(NamedTuple):
    """One fixed horizon: seconds ahead, mean, 50 %, 80 % and 95 % interval."""

    horizon: float
    mean: float
    lower50: float
    upper50: float
    lower80: float
    upper80: float
    lower95: float
    upper95: float


class Held(NamedTuple):
    """What intervals really held over the `window` ("day", "week", "month") before the newest event.

    horizon : seconds, 0: the next event. level : what they promised. share : of `n` values inside, nan of none.
    """

    horizon: float
    window: str
    level: float
    share: float
    n: int


class Result(NamedTuple):
    """What the model says about one event (see `liquid.results.result_dtype`)."""

    time: float
    value: float
    expected: float
    lower: float
    upper: float
    score: float
    severity: str
    state: str
    alert: str
    notify: bool
    forecasts: tuple[Forecast, ...]


class Model:
    """Many series, each with its own row of state, learned one event at a time.

    Examples
    --------
    >>> from liquid import Model
    >>> model = Model()
    >>> for minute in range(3):
    ...     result = model.update("boiler", 60.0 * minute, 20.0 + minute)
    >>> result.state
    'learning'
    """

    def __init__(self, config: ModelConfig | None = None, *, capacity: int = 16) -> None:
        self.config = config or ModelConfig()
        self._slab = Slab(self.config.tier, len(self.config.horizons))
        #: Of a row as it is worked on, and as `rows` and `read` give it; `row_size` is what is kept of it.
        self.row_dtype = self._slab.dtype
        self.row_size = self._slab.size
        self.result_dtype = res.result_dtype(len(self.config.horizons))
        #: What is declared about each series, by slot; not part of a row.
        self.options = options_array(0)
        self._kinds = np.array(self.config.kinds())
        self._horizons = np.array(self.config.horizons)
        self._work = np.zeros(1, row.WORK)
        self._rings = rings.scratch(TIERS[self.config.tier].length)
        self._slots: dict[str, int] = {}
        self.reserve(capacity)

    def reserve(self, capacity: int) -> None:
        """Make room for at least `capacity` series. Rows may move in memory."""
        if new := self._slab.reserve(capacity):
            self.options = np.concatenate((self.options, options_array(new)))

    @property
    def rows(self) -> NDArray[np.void]:
        """The rows as records, by slot: the live ones, or copies where the tier keeps rows packed."""
        return self._slab.rows

    def read(self, slots: ArrayLike) -> NDArray[np.void]:
        """Copies of rows, as records of `row_dtype`."""
        return self._slab.read(slots)

    def parts(self, slots: ArrayLike | None = None) -> Iterator[NDArray[np.void]]:
        """Copies of rows, of all if none are named, some at a time."""
        return self._slab.parts(slots)

    def write(self, slot: int, record: np.void) -> None:
        """Put a changed copy of a row back."""
        self._slab.write(slot, record)

    def slot(self, series: str) -> int:
        """The row number of a series; an unknown series gets a fresh row."""
        k = self._slots.get(series)
        if k is None:
            k = len(self._slots)
            self.reserve(k + 1)
            self._slots[series] = k
        return k

    def series(self) -> Iterator[str]:
        """The series that `slot` or `update` have seen, by slot."""
        return iter(self._slots)

    def set_options(self, slot: int, options: SeriesOptions) -> None:
        """Declare something about the series of a slot, from its next event on; replaces what was declared."""
        options.fill(self.options[slot])

    def update(self, series: str, time: float, value: float) -> Result:
        """Take one event.

        Parameters
        ----------
        series : any name. time : epoch seconds (any fixed origin will do; day and week count from 1970-01-01).
        value : a finite number.

        Raises
        ------
        ValueError : time or value is not finite, or the time is beyond +-1e15 s.
        """
        r = self.run([self.slot(series)], [time], [value])[0]
        if r["flags"] & res.REJECTED:
            raise ValueError(f"time and value must be finite numbers, not {time!r} and {value!r}")
        f = tuple(Forecast(h, *(float(r[k][i]) for k in res.BANDS)) for i, h in enumerate(self.config.horizons))
        return Result(
            time=float(r["time"]),
            value=float(r["value"]),
            expected=float(r["expected"]),
            lower=float(r["lower"]),
            upper=float(r["upper"]),
            score=float(r["score"]),
            severity=res.SEVERITIES[r["severity"]],
            state=res.STATES[r["state"]],
            alert=res.ALERTS[r["alert"]],
            notify=bool(r["notify"]),
            forecasts=f,
        )

    def run(
        self, slots: ArrayLike, times: ArrayLike, values: ArrayLike, offsets: ArrayLike | None = None
    ) -> NDArray[np.void]:
        """Take events in order; the result is the same, bit for bit, however they are cut into batches.

        Parameters
        ----------
        slots : (n,) row numbers. times : (n,) epoch seconds. values : (n,).
        offsets : (n,) input offsets; an event at or below the last offset of its row is skipped (flags SKIPPED).

        Returns
        -------
        (n,) array of `result_dtype`. An event with a time or value that is not finite is flagged REJECTED and learned
        nothing from.

        Raises
        ------
        ValueError : arrays of unequal length. IndexError : a slot that does not exist.
        """
        s = np.ascontiguousarray(slots, np.int64)
        t = np.ascontiguousarray(times, np.float64)
        v = np.ascontiguousarray(values, np.float64)
        o = np.full(len(s), -1) if offsets is None else np.ascontiguousarray(offsets, np.int64)
        if not len(s) == len(t) == len(v) == len(o):
            raise ValueError(f"slots, times, values, offsets differ in length: {len(s)}, {len(t)}, {len(v)}, {len(o)}")
        if len(s) and not 0 <= s.min() <= s.max() < len(self._slab):
            raise IndexError(f"slots must be in 0..{len(self._slab) - 1}")
        out = np.zeros(len(s), self.result_dtype)
        self._slab.run(
            self.options, CLOCKS.table, s, t, v, o,
            self._kinds, self._horizons, self._work[0], self._rings, out,
        )  # fmt: skip
        return out

    def forecast(
        self, slot: int, horizons: Sequence[float], levels: Sequence[float] = res.LEVELS
    ) -> dict[str, NDArray[np.float64]]:
        """Forecasts from the series' last event, at any horizons; see `forecast_row`."""
        return forecast_row(self.read(slot)[0], self.config, horizons, levels, self.options[slot])

    def row_bytes(self, slot: int) -> bytes:
        """The row as bytes, with a header that names version and settings."""
        return _MAGIC + self.config.fingerprint().encode() + b"\0" + self._slab.memory[slot].tobytes()

    def load_row(self, slot: int, data: bytes) -> None:
        """Put back what `row_bytes` gave.

        Raises
        ------
        IncompatibleRow : the bytes are no row, or one of another version or other settings.
        """
        head, _, body = data.partition(b"\0")
        if head != _MAGIC + self.config.fingerprint().encode() or len(body) != self.row_size:
            theirs = head[len(_MAGIC) :].decode(errors="replace") if head.startswith(_MAGIC) else "no saved row at all"
            mine, size = self.config.fingerprint(), self.row_size
            raise IncompatibleRow(f"the saved row is {theirs}, {len(body)} bytes; this model reads {mine}, {size}")
        self._slab.memory[slot] = np.frombuffer(body, np.uint8)

    def reset_row(self, slot: int) -> None:
        """Forget a series' state."""
        self._slab.reset(slot)

    def held(self, slot: int) -> list[Held]:
        """What the series' intervals really held lately, by horizon, window and level.

        Of a fixed horizon, forecasts evenly spread over it are counted, each at the event within a tenth of the horizon
        of its time. By the time of events."""
        r, found = self.read(slot)[0], []
        held, now, born = r["forecaster"]["held"], r["clock"]["time"], r["forecaster"]["born"]
        for window in coverage.WINDOWS:
            n, inside = coverage.recent(held, now, born, window)
            for horizon, many, counts in zip((0.0, *self.config.horizons), n.tolist(), inside, strict=True):
                shares = counts / many if many > 0 else np.full(len(counts), np.nan)
                rows = zip(res.LEVELS, shares.tolist(), strict=True)
                found += [Held(horizon, window, level, share, round(many)) for level, share in rows]
        return found

    def describe(self, slot: int) -> dict[str, Any]:
        """Facts for people: events, state, ready_after, unit (s), time, value, period (s or None), bytes, clamped,
        drift (see `liquid.drift.describe`)."""
        r = self.read(slot)[0]
        clock = r["clock"]
        period = float(r["forecaster"]["bank"]["period"])
        return {
            "events": int(clock["events"]),
            "state": res.STATES[res.READY if clock["events"] >= LEARNING else res.LEARNING],
            "ready_after": LEARNING,
            "unit": float(clock["unit"]),
            "time": float(clock["time"]),
            "value": float(r["value"]),
            "period": period * float(clock["unit"]) if period > 0 else None,
            "clamped": int(clock["clamped"]),
            "bytes": self.row_size,
            "drift": drift.describe(r["drift"]),
        }


def warm(config: ModelConfig | None = None) -> None:
    """Compile the kernels of a configuration, or load them from the cache (seconds the first time, then less)."""
    model = Model(config, capacity=1)
    model.run([0, 0, 0], [0.0, 1.0, 2.0], [0.0, 1.0, 0.0])
    model.forecast(0, [1.0])
