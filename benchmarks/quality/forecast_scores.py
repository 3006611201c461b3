"""What is measured of one series' forecasts."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from benchmarks.quality.conformal import LEVELS, bands
from benchmarks.quality.methods import OURS
from benchmarks.quality.scores import coverage_error, winkler
from benchmarks.quality.sets import Series

LONG = 1000  # scored rows from which on intervals, and the worst series, are looked at


@dataclass
class Measured:
    """One series at one horizon (0 is the next event).

    rmae : by method, MAE over that of the last value on the same rows. ours : by method, our MAE over its.
    coverage, off, off_conformal, winkler : by level, the share inside our band, the mean error of coverage over windows
    (ours and of the conformal band), and our Winkler score over that of the conformal band.
    us : by method, microseconds a row."""

    source: str
    name: str
    mode: str
    horizon: int
    rows: int
    rmae: dict[str, float] = field(default_factory=dict)
    ours: dict[str, float] = field(default_factory=dict)
    coverage: dict[float, float] = field(default_factory=dict)
    off: dict[float, float] = field(default_factory=dict)
    off_conformal: dict[float, float] = field(default_factory=dict)
    winkler: dict[float, float] = field(default_factory=dict)
    us: dict[str, float] = field(default_factory=dict)

    @property
    def cell(self) -> tuple[str, str, int]:
        return self.source, self.mode, self.horizon


def truth(s: Series, horizon: float) -> np.ndarray:
    """What the unthinned series was `horizon` after each row (straight line between rows); nan past its end."""
    return np.interp(s.time + horizon, s.full_time, s.full_value, right=np.nan)


def measured(s: Series, results: dict[str, dict[str, np.ndarray]]) -> list[Measured]:
    """Compare the methods of `results` (ours among them); horizons at which the series stands still are left out."""
    out = []
    long = len(s.time) - s.warm_up > LONG
    around = bands(s.time, s.value, s.horizons, results[OURS]["mean"]) if long else np.zeros((0, 0))
    for k in range(1 + len(s.horizons)):
        came = s.value if k == 0 else truth(s, s.horizons[k - 1])
        last = np.concatenate(([np.nan], s.value[:-1])) if k == 0 else s.value
        ok = np.isfinite(came) & np.isfinite(last)
        ok[: s.warm_up + (k == 0)] = False
        if not ok.any() or np.abs(came - last)[ok].mean() < 1e-5 * s.value.std():
            continue
        m = Measured(s.source, s.name, s.mode, k, int(ok.sum()))
        error = {}
        for name, r in results.items():
            made = r["mean"][:, k]
            error[name] = np.abs(came - np.where(np.isfinite(made), made, last))
            m.us[name] = 1e6 * float(r["seconds"]) / len(s.time)
        for name, r in results.items():
            rows = ok & r["asked"]
            base, own = np.abs(came - last)[rows].mean(), max(error[name][rows].mean(), 1e-12 * float(s.value.std()))
            if base > 0:
                m.rmae[name] = max(float(own / base), 1e-4)
                m.ours[name] = max(float(error[OURS][rows].mean() / own), 1e-4)
        if m.rows > LONG:
            _intervals(m, came, ok, results[OURS]["bands"][:, k], around[:, k])
        out.append(m)
    return out


def _intervals(m: Measured, came: np.ndarray, ok: np.ndarray, ours: np.ndarray, conformal: np.ndarray) -> None:
    ok = ok & np.isfinite(ours).all(axis=1) & np.isfinite(conformal).all(axis=1)
    if not ok.any():
        return
    came, ours, conformal = came[ok], ours[ok], conformal[ok]
    for i, level in enumerate(LEVELS):
        (a, b), (c, d) = ours[:, 2 * i : 2 * i + 2].T, conformal[:, 2 * i : 2 * i + 2].T
        inside = (came >= a) & (came <= b)
        m.coverage[level] = float(inside.mean())
        m.off[level] = coverage_error(inside, level)
        m.off_conformal[level] = coverage_error((came >= c) & (came <= d), level)
        yardstick = winkler(came, c, d, level)
        if yardstick > 0:
            m.winkler[level] = winkler(came, a, b, level) / yardstick
