"""Simulated sensors for the Kafka demo: a daily cycle, irregular times, a few faults, a few records that are broken."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from stream.transport.base import Output

#: Monday, 5 January 2026, 00:00 UTC.
START: Final = 1_767_571_200.0
DAY: Final = 86_400.0
EVERY: Final = 600.0  # seconds between readings, on average

SENSORS: Final = (
    # name, level, daily swing, noise
    ("boiler.temperature", 64.0, 6.0, 0.5),
    ("boiler.pressure", 2.1, 0.25, 0.02),
    ("chiller.flow", 18.0, 4.0, 0.4),
    ("chiller.temperature", 7.5, 1.2, 0.15),
    ("hall.humidity", 48.0, 7.0, 1.0),
    ("hall.co2", 620.0, 180.0, 15.0),
    ("pump.current", 11.0, 2.0, 0.2),
    ("pump.vibration", 1.4, 0.3, 0.06),
)

#: What nobody can read, and the reason it is rejected for.
BROKEN: Final = (
    b"not json at all",
    b'{"series": "boiler.pressure", "value": 2.1}',
    b'{"series": "boiler.pressure", "time": 1767571200, "value": "high"}',
    b'{"series": "boiler.pressure", "time": 1767571200, "value": NaN}',
    b'{"time": 1767571200, "value": 2.1}',
    b'{"series": "boiler.pressure", "time": "yesterday", "value": 2.1}',
    b"[1, 2, 3]",
    b"\xff\xfe\x00",
)
BROKEN_EVERY: Final = 500


@dataclass(frozen=True)
class Fault:
    """Something that happens to one sensor, `at` this share of the events."""

    series: str
    kind: str
    at: float
    lasts: float  # seconds

    def apply(self, value: float, since: float, swing: float) -> float:
        if not 0 <= since < self.lasts:
            return value
        return value + 4 * swing if self.kind == "jump" else value - 3 * swing * since / self.lasts


FAULTS: Final = (
    Fault("boiler.temperature", "jump", 0.70, 2 * 3600.0),
    Fault("pump.vibration", "jump", 0.80, 3600.0),
    Fault("chiller.flow", "drift", 0.85, 8 * 3600.0),
)


class Simulation(NamedTuple):
    """records : in order. faults : with the time at which each begins."""

    records: list[Output]
    faults: list[tuple[Fault, float]]


def simulate(topic: str, events: int, seed: int = 1) -> Simulation:
    """About `events` readings of all sensors, in the order of their times, with broken records in between."""
    rng = np.random.default_rng(seed)
    each = max(events // len(SENSORS), 1)
    span = each * EVERY
    faults = [(fault, START + fault.at * span) for fault in FAULTS]
    readings = []
    for name, level, swing, noise in SENSORS:
        times = START + np.cumsum(rng.gamma(2.0, EVERY / 2.0, each))
        drift = np.cumsum(rng.normal(0, 0.02 * noise, each))
        values = level + swing * np.sin(2 * np.pi * times / DAY) + drift + rng.normal(0, noise, each)
        for time, value in zip(times.tolist(), values.tolist(), strict=True):
            for fault, begin in faults:
                if fault.series == name:
                    value = fault.apply(value, time - begin, swing)
            readings.append((time, name, value))
    readings.sort()
    records = []
    for i, (time, name, value) in enumerate(readings):
        body = json.dumps({"series": name, "time": round(time, 3), "value": round(value, 4)})
        records.append(Output(topic, name.encode(), body.encode()))
        if i % BROKEN_EVERY == BROKEN_EVERY - 1:
            records.append(Output(topic, name.encode(), BROKEN[i // BROKEN_EVERY % len(BROKEN)]))
    return Simulation(records, faults)
