"""INTERIM: a plain EWMA behind the real interface, so that the service can be built beside the model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from liquid import results as R


class Result(NamedTuple):
    time: float
    value: float
    expected: float
    lower: float
    upper: float
    score: float
    severity: str
    state: str
    alert: str


class IncompatibleRow(ValueError):
    """Saved rows that this model cannot load (other version or other settings)."""


@dataclass(frozen=True)
class ModelConfig:
    """Settings that decide the row layout and the learning. Horizons in seconds, ascending, at most 4."""

    horizons: tuple[float, ...] = (3600.0, 86400.0)
    tier: str = "standard"
    bank: str = "liquid_s4"
    decoder: str = "cfc"

    def fingerprint(self) -> str:
        return f"interim-{self.tier}-{self.bank}-{self.decoder}-{len(self.horizons)}"


class Model:
    def __init__(self, config: ModelConfig | None = None, *, capacity: int = 64) -> None:
        self.config = config or ModelConfig()
        self.row_dtype = np.dtype([("t", "f8"), ("m", "f8"), ("v", "f8"), ("n", "i8"), ("offset", "i8"), ("open", "u1"),
                                   ("y", "f8"), ("begin", "f8"), ("peak", "f8"), ("quiet", "i8")], align=True)
        self.result_dtype = R.result_dtype(len(self.config.horizons))
        self.rows = np.zeros(0, self.row_dtype)
        self._slots: dict[str, int] = {}
        self.reserve(capacity)

    def reserve(self, capacity: int) -> None:
        """Make room for at least `capacity` series."""
        if capacity > len(self.rows):
            new = np.zeros(max(capacity, 2 * len(self.rows)), self.row_dtype)
            new["offset"] = -1
            new[: len(self.rows)] = self.rows
            self.rows = new

    def slot(self, series: str) -> int:
        """The row number of a series; a new series gets a fresh row."""
        k = self._slots.get(series)
        if k is None:
            k = self._slots[series] = len(self._slots)
            self.reserve(k + 1)
        return k

    def update(self, series: str, time: float, value: float) -> Result:
        k = self.slot(series)
        r = self.run(np.array([k]), np.array([time], float), np.array([value], float))[0]
        return Result(float(r["time"]), float(r["value"]), float(r["expected"]), float(r["lower"]), float(r["upper"]),
                      float(r["score"]), R.SEVERITIES[r["severity"]], R.STATES[r["state"]], R.ALERTS[r["alert"]])

    def run(self, slots: np.ndarray, times: np.ndarray, values: np.ndarray, offsets: np.ndarray | None = None) -> np.ndarray:
        """Process events in order. An event whose offset is <= its row's `offset` is skipped (flags SKIPPED)."""
        out = np.zeros(len(slots), self.result_dtype)
        for i, (k, t, y) in enumerate(zip(slots, times, values, strict=True)):
            r, o = self.rows[k], out[i]
            if offsets is not None:
                if offsets[i] <= r["offset"]:
                    o["flags"] = R.SKIPPED
                    continue
                r["offset"] = offsets[i]
            o["time"], o["value"] = t, y
            sd = float(np.sqrt(r["v"])) + 1e-9
            o["gap"] = t - r["t"] if r["n"] else 0.0
            o["expected"] = r["m"] if r["n"] else np.nan
            o["lower"], o["upper"] = o["expected"] - 2 * sd, o["expected"] + 2 * sd
            o["lower80"], o["upper80"] = o["expected"] - 1.3 * sd, o["expected"] + 1.3 * sd
            z = abs(y - r["m"]) / sd if r["n"] > 20 else 0.0
            s = z / 5
            o["score"], o["alert_score"] = s, min(s, 0.99)
            r["n"] += 1
            o["events"], o["state"] = r["n"], int(r["n"] > 100)
            o["shares"][1] = 1.0
            o["direction"] = int(np.sign(y - r["m"]))
            if s >= 1 and r["n"] > 100:
                o["severity"] = min(4, int(s))
                r["quiet"] = 0
                if not r["open"]:
                    o["alert"], r["open"], r["begin"], r["peak"] = R.OPENED, 1, t, s
                    o["alert_score"] = s
            elif r["open"]:
                r["quiet"] += 1
                if r["quiet"] > 10:
                    o["alert"], r["open"] = R.CLOSED, 0
            o["alert_begin"], o["alert_peak"], o["alert_peak_time"] = r["begin"], r["peak"], r["begin"]
            a = max(1 / r["n"], 0.05)
            d = y - r["m"]
            r["m"] += a * d
            r["v"] += a * (d * d - r["v"])
            r["t"], r["y"] = t, y
            o["mean"] = r["m"]
            w = np.sqrt(r["v"]) * np.sqrt(1 + np.arange(len(self.config.horizons)))
            o["lo80"], o["hi80"], o["lo95"], o["hi95"] = r["m"] - 1.3 * w, r["m"] + 1.3 * w, r["m"] - 2 * w, r["m"] + 2 * w
        return out

    def forecast(self, slot: int, horizons: Sequence[float], levels: Sequence[float] = R.LEVELS) -> dict[str, np.ndarray]:
        """Forecasts at any horizons (seconds) from the series' last event.

        Returns arrays: time (k,), mean (k,), lower (k, levels), upper (k, levels)."""
        return forecast_row(self.rows[slot], self.config, horizons, levels)

    def row_bytes(self, slot: int) -> bytes:
        """The row as bytes, with a header that names version and settings."""
        return self.config.fingerprint().encode() + b"\0" + self.rows[slot].tobytes()

    def load_row(self, slot: int, data: bytes) -> None:
        """Put back what `row_bytes` gave. Raises IncompatibleRow."""
        head, _, body = data.partition(b"\0")
        if head.decode() != self.config.fingerprint() or len(body) != self.row_dtype.itemsize:
            raise IncompatibleRow(f"row of {head.decode()!r}, this model is {self.config.fingerprint()!r}")
        self.rows[slot] = np.frombuffer(body, self.row_dtype)[0]

    def reset_row(self, slot: int) -> None:
        """Forget a series' state."""
        self.rows[slot] = np.zeros((), self.row_dtype)
        self.rows[slot]["offset"] = -1

    def describe(self, slot: int) -> dict[str, Any]:
        """Facts for people: events, state, learning progress, unit (s), last time and value, bytes."""
        r = self.rows[slot]
        return {"events": int(r["n"]), "state": R.STATES[int(r["n"] > 100)], "ready_after": 100, "unit": 1.0,
                "time": float(r["t"]), "value": float(r["y"]), "bytes": self.row_dtype.itemsize}


def forecast_row(row: np.void, config: ModelConfig, horizons: Sequence[float], levels: Sequence[float]) -> dict[str, np.ndarray]:
    """As Model.forecast, from a copied row (readers never touch the live slab)."""
    h = np.asarray(horizons, float)
    w = np.sqrt(row["v"] * (1 + h / 3600))[:, None] * np.asarray(levels)[None] * 2
    m = np.full(len(h), row["m"])
    return {"time": row["t"] + h, "mean": m, "lower": m[:, None] - w, "upper": m[:, None] + w}


def warm(config: ModelConfig | None = None) -> None:
    """Compile the kernels (or load them from the cache)."""
