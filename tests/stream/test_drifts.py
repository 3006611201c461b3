import numpy as np

from liquid.drift import DRIFTS
from liquid.results import result_dtype
from stream.drifts import PER_SERIES, Drift, Drifts, changes
from stream.events import DriftRecord

INPUT, RHYTHM = 1 << DRIFTS.index("input"), 1 << DRIFTS.index("rhythm")


def results(*bits, onset=0.0):
    out = np.zeros(len(bits), result_dtype(1))
    out["time"] = 100.0 * np.arange(len(bits))
    out["drift"], out["drift_onset"] = bits, onset
    return out


def test_changes_are_read_from_the_bits_of_results():
    bits = (0, INPUT | INPUT << 4, INPUT, INPUT | RHYTHM | RHYTHM << 4, RHYTHM | INPUT << 4, RHYTHM)
    found = list(changes("uvwxyz", results(*bits, onset=42.0)))
    assert found == [
        (1, DriftRecord("v", "input", "begun", 100, 42)),
        (3, DriftRecord("x", "rhythm", "begun", 300, 42)),
        (4, DriftRecord("y", "input", "ended", 400, None)),
    ]


def begun(time, series="a", kind="input"):
    return DriftRecord(series, kind, "begun", time, time - 50)


def ended(time, series="a", kind="input"):
    return DriftRecord(series, kind, "ended", time, None)


def test_beginnings_and_ends_are_put_together():
    drifts = Drifts(10)
    drifts.apply("f", [begun(100), begun(150, kind="error"), ended(200), begun(300)])
    assert drifts.of("f", "a") == [
        Drift("input", 250, 300), Drift("error", 100, 150), Drift("input", 50, 100, 200),
    ]  # fmt: skip
    assert drifts.of("g", "a") == drifts.of("f", "b") == []


def test_what_was_missed_is_made_up_for_and_what_came_twice_changes_nothing():
    drifts = Drifts(10)
    drifts.apply("f", [ended(50), begun(100), begun(100), begun(300)])
    assert drifts.of("f", "a") == [Drift("input", 250, 300), Drift("input", 50, 100, 300)]
    drifts.apply("f", [begun(300)])
    assert len(drifts.of("f", "a")) == 2


def test_memory_is_bounded():
    drifts = Drifts(2)
    drifts.apply("f", [change for k in range(50) for change in (begun(100 * k), ended(100 * k + 1))])
    assert len(drifts.of("f", "a")) == PER_SERIES
    assert drifts.of("f", "a")[0].began == 4900
    drifts.apply("f", [begun(1, "b"), begun(1, "a"), begun(1, "c")])
    assert [bool(drifts.of("f", series)) for series in "abc"] == [True, False, True]
