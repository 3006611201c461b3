import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liquid.anomaly import alerts
from liquid.anomaly.alerts import EPISODE, ESCALATE, LASTING, LEARNING, LINE, LONGEST, NEAR, QUIET, RANK, STRONG
from liquid.results import CLOSED, ESCALATED, NO_ALERT, NOTIFIED, OPENED
from tests.liquid.checks import not_finite, record
from tests.liquid.naive.alerts import Episode, severity
from tests.liquid.odd import relaxed

OLD = 10_000  # so many events that youth does not matter
ABOVE, BELOW = 1.5 * LINE, 0.5 * LINE


def judge(
    evidence: np.ndarray, first: int = OLD, outside: np.ndarray | None = None, cool_down: float = 0.0
) -> tuple[np.void, list[tuple[float, float, int, bool]]]:
    """All evidence may alert, and ranks; the line stays what it is for an old series that never alerted."""
    episode = record(EPISODE)
    verdicts = []
    for k, g in enumerate(evidence):
        beyond = outside is not None and bool(outside[k])
        g = float(g)
        score, strength, *rest = alerts.judge(
            episode, LINE, g, g, g * RANK / LINE, g * RANK / LINE, beyond, cool_down, first + k, 60.0 * k
        )
        assert strength == (max(score, 1.0) if beyond else score)
        verdicts.append((score, *rest))
    return episode, verdicts


def changes(verdicts: list[tuple[float, float, int, bool]]) -> dict[int, int]:
    return {k: change for k, (_, _, change, _) in enumerate(verdicts) if change not in (NO_ALERT, NOTIFIED)}


def told(verdicts: list[tuple[float, float, int, bool]]) -> list[int]:
    return [k for k, (*_, notify) in enumerate(verdicts) if notify]


@pytest.mark.parametrize("seed", range(4))
def test_equals_twin(seed: int) -> None:
    rng = np.random.default_rng(seed)
    evidence = rng.exponential(LINE * (0.2 + 0.4 * (np.sin(np.arange(4000) / 200) > 0.6)))
    evidence[1500:2200] += 6  # longer than the longest episode
    part = np.where(rng.random(4000) < 0.9, evidence, 0.4 * evidence)  # that may alert
    outside = rng.random(4000) < 0.002 * seed
    rank = evidence * rng.exponential(1.0, 4000)
    twin, episode = Episode(), record(EPISODE)
    for n, g in enumerate(evidence):
        arguments = (1.1 * LINE, g, part[n], rank[n], rank[n] * part[n] / g, outside[n], 9000.0 * seed, n, 60.0 * n)
        mine, expected = alerts.judge(episode, *arguments), twin.judge(*arguments)
        assert mine[3:] == expected[3:]
        assert mine[:3] == pytest.approx(expected[:3], rel=1e-6)
        assert episode["active"] == twin.active
        if twin.active:
            assert (episode["begin"], episode["peak_time"]) == (twin.begin, twin.peak_time)
            assert episode["peak"] == pytest.approx(twin.peak, rel=1e-6)


def test_life_of_an_episode() -> None:
    evidence = np.full(400, BELOW)
    evidence[[10, 20, 30]] = ABOVE, 1.1 * ABOVE, 3 * ABOVE
    episode, verdicts = judge(evidence)
    assert changes(verdicts) == {10: OPENED, 30: ESCALATED, 30 + QUIET: CLOSED}
    assert episode["begin"] == 600
    assert episode["peak_time"] == 1800
    assert episode["peak"] == pytest.approx(3 * ABOVE / LINE, rel=1e-5)


def test_somebody_is_told_of_an_alert_that_lasts() -> None:
    evidence = np.full(60, BELOW)
    evidence[10 : 10 + NEAR * LASTING : NEAR] = 1.01 * LINE
    evidence[40:] = 1.2 * LINE  # the same episode
    _, verdicts = judge(evidence)
    assert told(verdicts) == [10 + NEAR * (LASTING - 1)]
    assert verdicts[told(verdicts)[0]][2] == NOTIFIED
    evidence[10 : 10 + (NEAR + 1) * LASTING] = np.resize([1.01 * LINE, BELOW, BELOW], (NEAR + 1) * LASTING)
    assert told(judge(evidence[:40])[1]) == []  # too far apart


def test_somebody_is_told_of_a_strong_alert_at_once_and_of_the_next_one_again() -> None:
    evidence = np.full(300, BELOW)
    evidence[[10, 20, 200]] = 1.01 * STRONG * LINE
    _, verdicts = judge(evidence)
    assert told(verdicts) == [10, 200]
    assert verdicts[10][2] == OPENED


def test_an_episode_ends_at_the_longest_even_without_quiet() -> None:
    _, verdicts = judge(np.full(LONGEST + 10, 2 * LINE))
    assert changes(verdicts) == {0: OPENED, LONGEST: CLOSED, LONGEST + 1: OPENED}


def test_alert_score_is_above_the_line_exactly_when_an_alert_opens_or_escalates() -> None:
    rng = np.random.default_rng(0)
    _, verdicts = judge(rng.exponential(0.5 * LINE, 5000), first=0)
    for score, alert_score, change, _ in verdicts:
        assert alert_score == (score if change in (OPENED, ESCALATED) else min(score, 0.99))
        assert alert_score < 1 or change in (OPENED, ESCALATED)


def test_score_ranks_and_is_at_least_one_where_the_evidence_reaches_the_line() -> None:
    def score(evidence: float, rank: float, n: int = OLD) -> float:
        return alerts.judge(record(EPISODE), LINE, evidence, evidence, rank, rank, False, 0.0, n, 0.0)[0]

    assert score(0.1, RANK) == pytest.approx(1.0, abs=1e-9)
    assert score(0.1, 2 * RANK) == pytest.approx(2.0, abs=1e-9)
    assert score(LINE, 0.5 * RANK) == 1.0
    assert score(0.99 * LINE, 0.5 * RANK) == pytest.approx(0.5, abs=1e-9)
    young = [score(0.1, RANK, n) for n in (0, 100, LEARNING, 2000)]
    assert young == sorted(young)
    assert young[0] == pytest.approx(0.5, abs=0.01)
    assert young[2] > 0.9


def test_feedback_that_weakens_the_evidence_weakens_the_alert_but_not_the_score() -> None:
    episode = record(EPISODE)
    score, strength, *_ = alerts.judge(
        episode, LINE, 1.5 * LINE, 1.2 * LINE, 3 * RANK, 2.4 * RANK, False, 0.0, OLD, 0.0
    )
    assert (score, strength) == pytest.approx((3.0, 2.4))
    assert episode["peak"] == pytest.approx(2.4)


def test_a_value_outside_its_range_alerts_without_any_evidence_and_is_told_when_it_stays() -> None:
    evidence, outside = np.full(120, 0.1 * LINE), np.zeros(120, bool)
    outside[10:14] = True
    episode, verdicts = judge(evidence, outside=outside)
    assert changes(verdicts) == {10: OPENED, 13 + QUIET: CLOSED}
    assert verdicts[10][:2] == pytest.approx((0.1, 1.0))
    assert told(verdicts) == [12]
    assert episode["peak"] == 1.0


def test_a_value_outside_its_range_alerts_however_many_alerts_there_were() -> None:
    evidence, outside = np.zeros(1000), np.zeros(1000, bool)
    outside[::100] = True
    assert [k for k, change in changes(judge(evidence, outside=outside)[1]).items() if change == OPENED] == [
        *range(0, 1000, 100)
    ]


def test_no_alert_opens_while_it_cools_down_but_one_that_goes_on_does_then() -> None:
    evidence = np.full(400, BELOW)
    evidence[[10, 10 + QUIET + 5]] = 2 * LINE
    evidence[300:] = 2 * LINE
    end = 10 + QUIET
    _, verdicts = judge(evidence, cool_down=60.0 * (320 - end))
    assert changes(verdicts) == {10: OPENED, end: CLOSED, 320: OPENED}
    assert all(alert_score < 1 for _, alert_score, *_ in verdicts[end:320])
    assert verdicts[310][0] == pytest.approx(2.0)  # the score knows nothing of it
    assert told(verdicts) == [10, 320]


def test_a_series_that_never_alerted_has_nothing_to_cool_down_from() -> None:
    episode = record(EPISODE)
    assert alerts.judge(episode, LINE, ABOVE, ABOVE, ABOVE, ABOVE, False, 1e9, OLD, 5.0)[3] == OPENED


@pytest.mark.parametrize(
    ("score", "expected"), [(0, 0), (0.999, 0), (1, 1), (1.49, 1), (1.5, 2), (2, 3), (2.49, 3), (2.5, 4), (1e9, 4)]
)
def test_severity(score: float, expected: int) -> None:
    assert alerts.severity(score) == expected == severity(score)


@relaxed
@given(
    st.lists(st.sampled_from((0.0, 0.9 * LINE, LINE, 1.1 * LINE, 3 * LINE, 7 * LINE, 30 * LINE)), max_size=40),
    st.lists(st.integers(0, 120), max_size=40),
)
def test_changes_come_in_order(levels: list[float], pauses: list[int]) -> None:
    """Opened, escalations, closed, and so on; an escalation needs twice the evidence of the last alert."""
    evidence = [g for level, pause in zip(levels, pauses, strict=False) for g in [level] + [0.0] * pause]
    episode, verdicts = judge(np.array(evidence))
    active, last, calls = False, 0.0, 0
    for g, (score, alert_score, change, notify) in zip(evidence, verdicts, strict=True):
        assert np.isfinite([score, alert_score]).all()
        assert change != NOTIFIED or notify
        if change == OPENED:
            assert not active
            active, last, calls = True, g, 0
        elif change == ESCALATED:
            assert active
            assert g > ESCALATE * last * (1 - 1e-6)
            last = g
        elif change == CLOSED:
            assert active
            assert not notify
            active = False
        calls += notify
        assert calls <= 1
        assert active or not notify
    assert episode["active"] == active
    assert not_finite(episode) == []
