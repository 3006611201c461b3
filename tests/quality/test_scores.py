import numpy as np
import pytest

from benchmarks.quality.conformal import bands, quantile
from benchmarks.quality.detection_scores import Measured, first_of_episode
from benchmarks.quality.detection_tables import macro, rows
from benchmarks.quality.forecast_scores import measured
from benchmarks.quality.methods import OURS
from benchmarks.quality.scores import Alerts, alerts, coverage_error, episodes, event_f1, winkler
from benchmarks.quality.sets import Series


def test_winkler_is_the_width_and_the_misses_at_their_price() -> None:
    came, lower, upper = np.array([0.0, 3.0, -2.0]), np.full(3, -1.0), np.full(3, 1.0)
    assert winkler(came, lower, upper, 0.8) == pytest.approx(2.0 + (2.0 + 1.0) * 10 / 3)


def test_coverage_is_taken_over_whole_windows() -> None:
    inside = np.array([1, 1, 0, 0, 1, 1, 1, 1, 0], bool)
    assert coverage_error(inside, 0.75, window=4) == pytest.approx(0.25)
    assert np.isnan(coverage_error(inside, 0.75, window=10))


def test_the_conformal_quantile() -> None:
    assert quantile([1.0, 2.0, 3.0, 4.0], 0.8) == 4.0
    assert quantile(list(map(float, range(1, 10))), 0.8) == 8.0
    assert np.isnan(quantile([], 0.8))


def test_a_conformal_band_uses_errors_only_once_they_are_known() -> None:
    time, value = np.array([0.0, 1.0, 2.0, 4.0, 8.0]), np.array([0.0, 1.0, 4.0, 6.0, 6.0])
    mean = np.zeros((5, 2))  # of the row itself, and 2 s ahead
    out = bands(time, value, (2.0,), mean)
    upper = out[:, :, 3]
    # Before row i: errors of the rows before it.
    np.testing.assert_array_equal(upper[:, 0], [np.nan, 0.0, 1.0, 4.0, 6.0])
    # The forecast of row 0 is known with row 2, that of row 2 with row 3. No event was near 3 s or 6 s.
    np.testing.assert_array_equal(upper[:, 1], [np.nan, np.nan, 4.0, 6.0, 6.0])
    np.testing.assert_array_equal(out[..., 0], -out[..., 1])


def test_a_conformal_band_forgets() -> None:
    n = 60
    value = np.where(np.arange(n) < 20, 9.0, 1.0)
    out = bands(np.arange(float(n)), value, (), np.zeros((n, 1)), window=10)
    assert out[20, 0, 1] == 9.0
    assert out[31, 0, 1] == 1.0


def test_alerts_are_right_inside_an_event_and_shortly_after() -> None:
    label = np.zeros(200, bool)
    label[50:60] = label[120:122] = True
    opened = np.array([49, 50, 69, 70, 160])
    assert alerts(label, opened, period=40) == Alerts(events=2, found=1, alerts=5, right=2)
    assert alerts(label, opened, period=160) == Alerts(events=2, found=2, alerts=5, right=4)
    assert alerts(label, opened[:0], period=40) == Alerts(2, 0, 0, 0)
    assert alerts(label[:40], opened[:1], period=40) == Alerts(0, 0, 1, 0)


def test_episodes_open_after_quiet() -> None:
    score = np.zeros(100)
    score[[3, 5, 9, 40]] = 2.0
    assert episodes(score, 1.0, quiet=5).tolist() == [3, 40]
    assert episodes(score, 2.0).tolist() == []


def test_an_episode_counts_where_it_first_reaches_the_level() -> None:
    score = np.array([0.5, 1.2, 0.9, 2.1, 0.0, 1.1, 2.5])
    begin = np.array([np.nan, 1.0, 1.0, 1.0, np.nan, 5.0, 5.0])
    assert first_of_episode(score, begin, 1.0).tolist() == [1, 5]
    assert first_of_episode(score, begin, 2.0).tolist() == [3, 6]


def test_event_f1_of_a_perfect_and_of_a_constant_score() -> None:
    label = np.array([0, 0, 1, 1, 0, 0, 1, 0], bool)
    assert event_f1(label, label.astype(float)) == 1.0
    assert event_f1(label, np.ones(8)) == pytest.approx(2 * (3 / 8) / (1 + 3 / 8))


def test_a_method_run_on_part_of_the_series_has_ours_on_the_same_beside_it() -> None:
    def one(method: str, name: str, source: str, figure: float) -> Measured:
        return Measured(method, source, name, "full", figure, 0.0, {}, 1.0)

    found = [one(OURS, "a", "x", 0.2), one(OURS, "b", "x", 0.4), one(OURS, "c", "y", 0.9), one("slow", "a", "x", 0.1)]
    assert [title for title, _ in rows(found)] == [OURS, "slow (1 series)", f"{OURS} on these 1"]
    assert [macro(own, lambda m: m.vus_pr) for _, own in rows(found)] == pytest.approx([0.6, 0.1, 0.2])


def test_errors_are_compared_on_the_rows_that_both_were_asked_at() -> None:
    n = 12
    time, value = np.arange(float(n)), np.arange(float(n))
    s = Series("made", "up", time, value, (2.0,), 4, time, value)
    every, some = np.ones(n, bool), np.arange(n) % 2 == 0
    ours, theirs = np.full((n, 2), np.nan), np.full((n, 2), np.nan)
    ours[:, 1], theirs[:, 1] = value + 2.0 + np.where(some, 1.0, 9.0), value - 2.0
    none = np.zeros((n, 2, 4))
    results = {
        OURS: {"mean": ours, "asked": every, "seconds": np.array(12e-6), "bands": none},
        "slow": {"mean": theirs, "asked": some, "seconds": np.array(24e-6)},
    }
    nxt, h1 = measured(s, results)
    assert nxt.rmae == pytest.approx({OURS: 1.0, "slow": 1.0})  # no forecast counts as the last value
    # Rows 4 to 9 have a truth: it moved by 2, we are off by 1 at the even ones, by 9 at the others; theirs by 4.
    assert h1.rows == 6
    assert h1.rmae == pytest.approx({OURS: 5.0 / 2.0, "slow": 4.0 / 2.0})
    assert h1.ours["slow"] == pytest.approx(1.0 / 4.0)
    assert h1.us == pytest.approx({OURS: 1.0, "slow": 2.0})
