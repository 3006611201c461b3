import numpy as np
import pytest

from liquid.anomaly.evidence import SEEN, flatline
from liquid.anomaly.tails import CAP
from tests.liquid.checks import record
from tests.liquid.naive.evidence import Evidence, Seen
from tests.liquid.tolerances import DOUBLE


def evidence(values: np.ndarray) -> np.ndarray:
    state, seen = record(flatline.STATE), record(SEEN)
    out = np.zeros(len(values))
    for n in range(len(values)):
        seen["n"], seen["value"], seen["previous"] = n, values[n], values[n - 1] if n else 0.0
        out[n] = flatline.statistic(state, seen)
    return out


def switching(p: float, n: int, seed: int = 0) -> np.ndarray:
    """On and off, switched with this probability."""
    return np.cumsum(np.random.default_rng(seed).random(n) < p) % 2.0


def stuck(values: np.ndarray, at: int, events: int) -> np.ndarray:
    values = values.copy()
    values[at : at + events] = values[at - 1]
    return values


NOISE = np.random.default_rng(1).normal(size=12_000)
VALUES = {
    "never the same": NOISE,
    "stuck": stuck(stuck(stuck(NOISE, 4000, 400), 4990, 30), 7000, 100),
    "on and off": switching(0.05, 12_000),
    "counts": np.random.default_rng(2).poisson(2.0, 12_000).astype(float),
    "constant": np.full(12_000, 3.0),
    "huge": np.round(NOISE) * 1e100,
}


@pytest.mark.parametrize("name", VALUES)
def test_equals_twin(name: str) -> None:
    values = VALUES[name]
    twin = Evidence()
    expected = [
        twin.statistics(Seen(n, 0.0, values[n], values[n - 1] if n else 0.0, 1.0, 0.0, 0.0, 0.0))["flatline"]
        for n in range(0, 5200)
    ]
    np.testing.assert_allclose(evidence(values[:5200]), expected, atol=DOUBLE)


def test_speaks_at_once_where_values_never_come_twice() -> None:
    e = evidence(VALUES["stuck"])
    assert e[:4000].max() == 0
    assert e[4000] > 2.5
    assert (np.diff(e[4000:4050]) >= 0).all()
    assert e[4030] == CAP  # and the same run does not hide itself, however long
    assert e[4000:4400].argmin() == 0
    assert e[4401] == 0


def test_speaks_of_runs_longer_than_those_that_were() -> None:
    quiet = switching(0.05, 6000)
    assert (evidence(quiet)[500:] > 4).mean() < 2e-3
    at = 5000 + int(np.diff(quiet[5000:]).argmax()) + 2  # the event after a switch
    e = evidence(stuck(quiet, at, 600))
    assert e[at + 40] == 0  # one run in eight is as long
    assert e[at + 599] > 5


def test_most_of_what_there_ever_was_is_not_unusual() -> None:
    values = np.append(NOISE[:500], np.zeros(1500))
    e = evidence(values)
    assert e[600] > 4
    assert e[1001:].max() == 0
