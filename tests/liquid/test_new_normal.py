"""Anomalies do not poison a series, and a new normal is accepted after a bounded number of events.

A day has 144 events. After LEARNED of them in a new regime the next event's forecast is again within a third of as
good as it would be had nothing changed; after CALM nothing is above the line any more. A new unit of the values costs
no more than any other shift. A glitch leaves hardly a trace in the forecasts 50 events later, and hides no later spike.
"""

import numpy as np
import pytest

from liquid import Model

GAP, DAY = 600.0, 144
QUIET, AFTER = 4000, 1500
LEARNED, CALM = 300, 600
TIMES = 1.6e9 + GAP * np.arange(QUIET + AFTER)
DEVIATION = 4.0


def wave(shift: float = 0.0, period: int = DAY) -> np.ndarray:
    """A daily wave around 50 in noise of deviation 1."""
    phase = 2 * np.pi * (np.arange(len(TIMES)) + shift) / period
    return 50 + 5 * np.sin(phase) + 2 * np.sin(2 * phase) + np.random.default_rng(0).normal(size=len(TIMES))


def then(late: np.ndarray) -> np.ndarray:
    """The wave, and the end of `late` from event QUIET on."""
    return np.concatenate([wave()[:QUIET], late[QUIET:]])


def run(values: np.ndarray) -> np.ndarray:
    """What the model says from event QUIET on."""
    return Model(capacity=1).run(np.zeros(len(values), int), TIMES, values)[QUIET:]


def error(r: np.ndarray, begin: int, end: int) -> float:
    return float(np.abs(r["value"] - r["expected"])[begin:end].mean())


@pytest.fixture(scope="module")
def undisturbed() -> np.ndarray:
    return run(wave())


#: The values, and how many of the new unit one was.
CHANGES = {
    "level by 10 deviations": (then(wave() + 10 * DEVIATION), 1),
    "level by 100 deviations": (then(wave() - 100 * DEVIATION), 1),
    "more variance": (then(50 + 5 * (wave() - 50)), 5),
    "less variance": (then(50 + (wave() - 50) / 5), 0.2),
    "unit x1000": (then(1e3 * wave()), 1e3),
    "unit x1e6": (then(1e6 * wave()), 1e6),
    "unit /1000": (then(1e-3 * wave()), 1e-3),
    "half a day later": (then(wave(shift=DAY / 2)), 1),
    "another period": (then(wave(period=100)), 1),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_new_normal_is_accepted(undisturbed: np.ndarray, change: str) -> None:
    values, unit = CHANGES[change]
    r = run(values)
    assert r["score"][:50].max() >= 1
    assert error(r, LEARNED, LEARNED + 200) / unit <= 1.35 * error(undisturbed, LEARNED, LEARNED + 200)
    assert (r["score"][CALM:] < 1).mean() >= 0.999
    assert not (r["drift"][-1] & 15 and r["drift"][-1] >> 4)


def spiked(*glitches: float) -> np.ndarray:
    """Glitches (in deviations) at once, two spikes later on."""
    values = wave()
    values[QUIET : QUIET + len(glitches)] += DEVIATION * np.array(glitches)
    values[QUIET + 600] += 3 * DEVIATION
    values[QUIET + 900] -= 3 * DEVIATION
    return values


@pytest.mark.parametrize(
    ("glitches", "trace"),
    [([1000.0], 1.1), ([-1000.0], 1.1), ([1000.0] * 20, 1.3), ([1000.0, -1000.0] * 10, 1.4)],
    ids=["one", "one below", "twenty", "twenty to both sides"],
)
def test_glitches_leave_no_lasting_trace(undisturbed: np.ndarray, glitches: list[float], trace: float) -> None:
    """Twenty wild events in a row are not forgotten as soon as one."""
    r = run(spiked(*glitches))
    healed = len(glitches) + 50
    assert error(r, healed, healed + 400) <= trace * error(undisturbed, healed, healed + 400)
    assert r["score"][[600, 900]].min() >= 0.9
    if len(glitches) == 1:
        assert not r["drift"].any()
        assert r["score"][[600, 900]].min() >= 1
