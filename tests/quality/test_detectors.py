"""Every baseline detector: exact on series with a known answer, and blind to the future."""

import numpy as np
import pytest

from benchmarks.quality.detectors import DETECTORS, Hints
from benchmarks.quality.labelled import Labelled
from benchmarks.quality.methods import OURS
from benchmarks.quality.scoring import run

SLOW = "left matrix profile (stumpi)"  # seconds of compilation
NAMES = [pytest.param(n, marks=pytest.mark.slow) if n == SLOW else n for n in DETECTORS]


def made(n: int = 400) -> Labelled:
    rng = np.random.default_rng(1)
    time = np.arange(float(n))
    value = np.sin(2 * np.pi * time / 20) + rng.normal(0, 0.05, n)
    return Labelled("made", "up", time, value, np.zeros(n, bool), n // 2, 20)


@pytest.mark.parametrize("name", [OURS, *NAMES])
def test_later_values_change_no_earlier_score(name: str) -> None:
    s, k = made(), 300
    changed = s.value.copy()
    changed[k:] = 5.0
    before, after = (run(Labelled("", "", s.time, v, s.label, s.warm_up, 20), name) for v in (s.value, changed))
    for field in set(before) - {"seconds"}:
        np.testing.assert_array_equal(before[field][:k], after[field][:k])
    assert not np.array_equal(before["score"][k:], after["score"][k:])


@pytest.mark.parametrize("name", NAMES)
def test_a_row_without_value_scores_nothing_and_leaves_no_trace(name: str) -> None:
    s = made(300)
    at = 250
    holes = np.insert(s.value, at, np.nan)
    label = np.zeros(301, bool)
    score = run(Labelled("", "", np.arange(301.0), holes, label, s.warm_up, 20), name)["score"]
    assert score[at] == 0.0
    np.testing.assert_array_equal(np.delete(score, at), run(s, name)["score"])


def test_robust_z_is_the_distance_to_the_median_in_deviations() -> None:
    detector = DETECTORS["rolling robust z"](Hints(10, 10, 0.0, 10.0))
    values = [float(v % 7) for v in range(50)]
    scores = [detector.score(0.0, v) for v in values]
    assert scores[:20] == [0.0] * 20
    known = np.array(values[:30])
    median = np.median(known)
    spread = 1.4826 * np.median(np.abs(known - median))
    assert scores[30] == pytest.approx(abs(values[30] - median) / spread)


def test_gaussian_scorer_gives_the_two_sided_probability() -> None:
    detector = DETECTORS["river GaussianScorer"](Hints(10, 10))
    rng = np.random.default_rng(0)
    for v in rng.normal(0, 1, 2000):
        detector.score(0.0, float(v))
    assert detector.score(0.0, 1.96) == pytest.approx(0.95, abs=0.01)


def test_half_space_trees_find_what_is_far_off() -> None:
    s = made(1500)
    s.value[1400:1408] = 4.0
    score = run(s, "river HalfSpaceTrees")["score"]
    assert 1400 <= 800 + np.argmax(score[800:]) < 1408


@pytest.mark.slow
def test_the_left_matrix_profile_is_the_distance_to_the_nearest_earlier_window() -> None:
    rng = np.random.default_rng(0)
    values, m = rng.normal(size=120), 8
    detector = DETECTORS[SLOW](Hints(warm_up=40, window=m))
    for v in values:
        detector.score(0.0, float(v))
    windows = np.lib.stride_tricks.sliding_window_view(values, m)
    z = (windows - windows.mean(1, keepdims=True)) / windows.std(1, keepdims=True)
    # stumpy leaves out what overlaps by more than three quarters.
    nearest = min(np.linalg.norm(z[-1] - other) for other in z[: len(z) - 1 - m // 4])
    assert detector.profile.left_P_[-1] == pytest.approx(nearest, rel=1e-6)
