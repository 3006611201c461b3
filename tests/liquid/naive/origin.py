"""Twin of liquid.features.origin: the row by feature names."""

import math
from dataclasses import dataclass, field, replace

import numpy as np

from liquid.features.analog import DETAILS
from liquid.features.bank import FEATURES
from tests.liquid.naive.bank import Bank
from tests.liquid.naive.phase import Table
from tests.liquid.naive.wall import wall

CAP = 1e6


def names(details: int = len(DETAILS), features: int = FEATURES) -> tuple[str, ...]:
    """The row, in order."""
    return (
        *("slope", "day", "day level", "week", "week level", "sin", "cos", "constant", "level"),
        *(f"analog {kind}{detail}" for detail in DETAILS[:details] for kind in ("", "level ")),
        *(f"bank {k}" for k in range(features)),
    )


NAMES = names()
#: Features that do not scale with z.
CALENDAR = ("sin", "cos")


def level(z: float, factor: float, shift: float) -> float:
    return max(-CAP, min(z * factor - shift, CAP))


def size(z: float, factor: float) -> float:
    return max(-CAP, min(z * factor, CAP))


@dataclass
class Origin:
    """The state at the moment of a forecast."""

    time: float = 0.0
    z: float = 0.0
    fast: float = 0.0
    slow: float = 0.0
    dz: float = 0.0
    slope: float = 0.0
    mode: list[complex] = field(default_factory=lambda: [0j, 0j])
    features: np.ndarray | None = None  # of the bank, where they are kept instead of its state
    now: list[float] = field(default_factory=lambda: [0.0] * len(DETAILS))  # of the analogs

    def copy(self) -> "Origin":
        return replace(self, mode=list(self.mode), now=list(self.now))

    def recode(self, factor: float, shift: float) -> None:
        self.z, self.fast, self.slow = (level(v, factor, shift) for v in (self.z, self.fast, self.slow))
        self.dz = size(self.dz, factor)
        self.slope = size(self.slope, factor)
        self.mode = [complex(size(x.real, factor), size(x.imag, factor)) for x in self.mode]
        if self.features is not None:
            self.features = np.array([size(v, factor) for v in self.features])
        self.now = [level(v, factor, shift) for v in self.now]


@dataclass
class Context:
    """What a row reads besides its origin."""

    bank: Bank
    day: Table
    week: Table
    age: float  # seconds of history that the tables have seen
    unit: float  # seconds
    timezone: str | None = None


def rise(distance: float, tau: float) -> float:
    return 1 - math.exp(-distance / tau)


def row(origin: Origin, then: list[float], distance: float, context: Context) -> tuple[np.ndarray, np.ndarray]:
    """Features (in the order of `names`), and the decoder's inputs, for a target `distance` units after the origin."""
    z, t0 = origin.z, origin.time
    t1 = t0 + distance * context.unit
    walls = [wall(context.timezone, t) for t in (t0, t1)]
    p, q = context.day.period, context.week.period
    moved = context.age >= p
    day = [context.day.look_up(t, z) if moved else z for t in walls]
    week = [context.week.look_up(t, z) if context.age >= q else z for t in walls]
    angle0, angle1 = (2 * math.pi * (t % p) / p for t in walls)
    x = {
        "slope": origin.slope * rise(distance, 2),
        "day": day[1] - day[0],
        "day level": (day[0] - z) * rise(distance, 8),
        "week": week[1] - week[0],
        "week level": (week[0] - z) * rise(distance, 4),
        "sin": math.sin(angle1) - math.sin(angle0) if moved else 0.0,
        "cos": math.cos(angle1) - math.cos(angle0) if moved else 0.0,
        "constant": rise(distance, 8),
        "level": z * rise(distance, 8),
    }
    for detail, a0, a1 in zip(DETAILS, origin.now, then, strict=False):
        x[f"analog {detail}"] = a1 - a0
        x[f"analog level {detail}"] = (a0 - z) * rise(distance, 2)
    features = origin.features
    if features is None:
        features = context.bank.features(origin.mode, distance, z, origin.fast, origin.slow)
    x |= {f"bank {k}": float(v) for k, v in enumerate(features)}
    week1 = 2 * math.pi * (walls[1] % q) / q
    u = [
        *(z, origin.dz, math.sin(angle1), math.cos(angle1), math.sin(week1), math.cos(week1), math.log1p(distance)),
        *(origin.fast - z, origin.slow - z, x["day"], day[0] - z, x["week"], week[0] - z),
        *(then[0] - origin.now[0], origin.now[0] - z),
    ]
    order = names(len(origin.now), len(features))
    return np.array([x[name] for name in order]), np.clip(u, -5, 5)
