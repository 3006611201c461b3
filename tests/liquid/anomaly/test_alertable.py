import math

import numpy as np
import pytest

from liquid import EVIDENCE, SeriesOptions
from liquid.anomaly.alertable import FEEDBACK, NOT_OF_THE_VALUE, alertable, apart, outside
from liquid.options import OPTIONS
from tests.liquid.checks import record
from tests.liquid.naive import alertable as naive

FLATLINE = EVIDENCE.index("flatline")
LEVEL = EVIDENCE.index("level")

OPTIONAL = [
    SeriesOptions(),
    SeriesOptions(min_effect=2.0),
    SeriesOptions(direction="up"),
    SeriesOptions(direction="down", min_effect=1e300),
    SeriesOptions(range=(-1.0, 1.0), min_effect=0.5),
]
VALUES = [(0.0, 0.0), (1.0, 4.0), (4.0, 1.0), (2.0, 0.0), (-2.0, 0.0), (3.0, math.nan), (1e100, -1e100), (1.0, 1.0)]


def filled(options: SeriesOptions) -> np.void:
    out = record(OPTIONS)
    options.fill(out)
    return out


def judged(options: SeriesOptions, group: np.ndarray, value: float, expected: float, feedback=None, n=900) -> float:
    evidence = math.sqrt(group.sum())
    fed = record(FEEDBACK) if feedback is None else feedback
    return alertable(fed, filled(options), group, evidence, value, expected, n)


@pytest.mark.parametrize("options", OPTIONAL)
@pytest.mark.parametrize("spoken", [False, True])
def test_equals_twin(options: SeriesOptions, spoken: bool) -> None:
    rng = np.random.default_rng(3)
    feedback, twin = record(FEEDBACK), naive.Feedback()
    if spoken:
        shift = rng.uniform(-0.2, 0.5, len(EVIDENCE)).astype(np.float32)
        feedback["shift"], feedback["event"], feedback["any"] = shift, 100, 1
        twin = naive.Feedback(dict(zip(EVIDENCE, shift.tolist(), strict=True)), 100)
    for value, expected in VALUES:
        group = rng.exponential(9.0, len(EVIDENCE)) * rng.integers(0, 2, len(EVIDENCE))
        by_name = dict(zip(EVIDENCE, group.tolist(), strict=True))
        mine = judged(options, group, value, expected, feedback)
        assert mine == pytest.approx(naive.alertable(twin, options, by_name, value, expected, 900), rel=1e-6)
        assert bool(outside(filled(options), value)) == naive.outside(options, value)
        for k in (LEVEL, FLATLINE):
            alone = apart(feedback, filled(options), k, 7.0, value, expected, 900)
            assert alone == pytest.approx(naive.apart(twin, options, EVIDENCE[k], 7.0, value, expected, 900), rel=1e-6)


def test_nothing_declared_and_nothing_said_changes_nothing() -> None:
    group = np.random.default_rng(0).exponential(size=len(EVIDENCE))
    for value, expected in VALUES:
        assert judged(SeriesOptions(), group, value, expected) == math.sqrt(group.sum())


@pytest.mark.parametrize(
    ("options", "alerting", "silent"),
    [
        (SeriesOptions(min_effect=2.0), [(12.0, 10.0), (8.0, 10.0)], [(11.9, 10.0), (8.1, 10.0), (5.0, math.nan)]),
        (SeriesOptions(direction="up"), [(10.1, 10.0)], [(9.9, 10.0), (10.0, 10.0), (5.0, math.nan)]),
        (SeriesOptions(direction="down"), [(9.9, 10.0)], [(10.1, 10.0), (10.0, 10.0)]),
        (SeriesOptions(direction="up", min_effect=2.0), [(12.5, 10.0)], [(7.5, 10.0), (11.0, 10.0)]),
    ],
)
def test_what_is_declared_silences_evidence_about_the_value_alone(options, alerting, silent) -> None:
    group = np.zeros(len(EVIDENCE))
    group[LEVEL], group[FLATLINE] = 36.0, 4.0
    for value, expected in alerting:
        assert judged(options, group, value, expected) == pytest.approx(math.sqrt(40))
    for value, expected in silent:
        assert judged(options, group, value, expected) == 2.0
    assert set(NOT_OF_THE_VALUE) < set(EVIDENCE)


def test_a_shift_divides_the_evidence_of_its_group_and_fades() -> None:
    group = np.zeros(len(EVIDENCE))
    group[LEVEL] = 36.0
    feedback = record(FEEDBACK)
    feedback["shift"][LEVEL], feedback["event"], feedback["any"] = 0.5, 1000, 1
    assert judged(SeriesOptions(), group, 0.0, 0.0, feedback, n=1000) == pytest.approx(4.0)
    assert judged(SeriesOptions(), group, 0.0, 0.0, feedback, n=6000) == pytest.approx(6 / (1 + 0.5 / math.e))
    assert judged(SeriesOptions(), group, 0.0, 0.0, feedback, n=10**6) == pytest.approx(6.0)
    group[LEVEL], group[FLATLINE] = 0.0, 36.0
    assert judged(SeriesOptions(), group, 0.0, 0.0, feedback, n=1000) == pytest.approx(6.0)
