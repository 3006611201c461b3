"""Scores against labels: counts by hand, and VUS-PR against an obvious slow twin."""

import numpy as np
import pytest

from stream.evaluate import DEFAULT_PERIOD, Hits, hits, period, runs, vus_pr


def slow_vus_pr(label: list[int], score: list[float], window: int) -> float:
    """The definition, row by row and threshold by threshold."""
    n = len(label)
    events, i = [], 0
    while i < n:
        if label[i]:
            j = i
            while j + 1 < n and label[j + 1]:
                j += 1
            events.append((i, j))
            i = j
        i += 1
    descending = sorted(score, reverse=True)
    thresholds = [descending[int(i)] for i in np.linspace(0, n - 1, 250)]
    areas = []
    for w in range(window + 1):
        h = w // 2
        soft = [float(x) for x in label]
        for a, b in events:
            for i in range(b + 1, min(b + h + 1, n)):
                soft[i] += (1 - (i - b) / w) ** 0.5
            for i in range(max(a - h, 0), a):
                soft[i] += (1 - (a - i) / w) ** 0.5
        soft = [min(1.0, x) for x in soft]
        wide = []
        for a, b in events:
            a, b = max(a - h, 0), min(b + h, n - 1)
            if wide and wide[-1][1] >= a:
                wide[-1] = (wide[-1][0], b)
            else:
                wide.append((a, b))
        area, before = 0.0, 0.0
        for threshold in thresholds:
            alarm = [x >= threshold for x in score]
            true = sum(s for s, x in zip(soft, alarm, strict=True) if x)
            edge = sum(s for s, x, y in zip(soft, alarm, label, strict=True) if x and not y)
            found = sum(any(alarm[a : b + 1]) for a, b in wide) / len(wide)
            recall = min(true / (sum(label) + edge / 2), 1.0) * found
            area += (recall - before) * true / sum(alarm)
            before = recall
        areas.append(area)
    return float(np.mean(areas))


@pytest.mark.parametrize("seed", range(6))
def test_vus_pr_equals_its_slow_twin(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(20, 160))
    label = np.zeros(n, bool)
    for _ in range(int(rng.integers(1, 6))):
        start = int(rng.integers(0, n))
        label[start : start + int(rng.integers(1, 9))] = True
    score = rng.normal(size=n).round(int(rng.integers(0, 3))) + label
    window = int(rng.integers(0, 30))
    assert vus_pr(label, score, window) == pytest.approx(slow_vus_pr([*map(int, label)], [*score], window), abs=1e-12)


def test_vus_pr_of_perfect_constant_and_missing_scores() -> None:
    label = np.zeros(400, bool)
    label[100:110] = label[300:305] = True
    assert vus_pr(label, label.astype(float), 0) == pytest.approx(1.0)
    assert vus_pr(label, np.zeros(400), 0) == pytest.approx(15 / 400)
    gaps = np.where(np.arange(400) % 7 == 0, np.nan, label.astype(float))
    lowest = np.where(np.isnan(gaps), 0.0, gaps)
    assert vus_pr(label, gaps, 20) == vus_pr(label, lowest, 20)
    assert vus_pr(label, np.full(400, np.nan), 4) == vus_pr(label, np.zeros(400), 4)
    assert np.isnan(vus_pr(np.zeros(400, bool), np.zeros(400), 4))


def test_runs() -> None:
    first, last = runs(np.array([1, 0, 1, 1, 0, 1], bool))
    assert first.tolist() == [0, 2, 5]
    assert last.tolist() == [0, 3, 5]


def test_hits_count_each_event_once_and_each_stray_alert() -> None:
    label = np.zeros(100, bool)
    label[20:30] = label[50:52] = label[99] = True
    alert_score = np.zeros(100)
    alert_score[[22, 25, 40, 53]] = 1.5
    alert_score[10] = 0.99
    assert hits(label, alert_score) == Hits(events=3, alerts=4, hits=1, false_alerts=2)
    assert hits(label, alert_score, slack=2) == Hits(events=3, alerts=4, hits=2, false_alerts=1)
    assert hits(label, alert_score, after=2) == Hits(events=3, alerts=4, hits=2, false_alerts=1)
    early = np.arange(100) == 48
    assert hits(label, early * 1.0, slack=2).false_alerts == 0
    assert hits(label, early * 1.0, after=2).false_alerts == 1
    assert hits(np.zeros(100, bool), alert_score) == Hits(events=0, alerts=4, hits=0, false_alerts=4)


def test_period_finds_the_repetition() -> None:
    t = np.arange(3000)
    wave = np.sin(2 * np.pi * t / 48)
    wave[::11] = np.nan
    assert period(np.sin(2 * np.pi * t / 48)) == 48
    assert 40 <= period(wave) <= 48  # rows without a value are left out
    assert period(np.ones(500)) == DEFAULT_PERIOD
    assert period(np.array([1.0, 2.0])) == DEFAULT_PERIOD
    assert period(np.array([])) == DEFAULT_PERIOD
