"""The incremental scoreboard against an obvious slow twin that sees everything at once."""

import numpy as np
import pytest

from stream.scoreboard import ENOUGH, PENDING, TOLERANCE, Scoreboard, merged

HORIZONS = (7.0, 60.0, 10_000.0)


def events(seed: int, n: int = 300) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    times = 1e9 + np.cumsum(rng.exponential(9.0, n) * (rng.random(n) > 0.1))
    values = rng.normal(size=n)
    mean = values[:, None] * 0.2 + rng.normal(size=(n, 3)) * 0.1
    width = np.array([-0.5, 0.5, -1.0, 1.0, -2.0, 2.0])
    return times, values, np.concatenate((mean[:, :, None], mean[:, :, None] + width), axis=2)


def slow(
    times: np.ndarray, values: np.ndarray, forecasts: np.ndarray, k: int
) -> tuple[int, float, float, int, int, int]:
    count, error, naive, in50, in80, in95, last_bin = 0, 0.0, 0.0, 0, 0, 0, None
    for i, t in enumerate(times):
        if not np.isfinite(forecasts[i, k, 0]):
            continue
        this_bin = t // (HORIZONS[k] / PENDING)
        if this_bin == last_bin:
            continue
        last_bin = this_bin
        due = t + HORIZONS[k]
        if times[-1] < due:
            continue
        distance = np.abs(times - due)
        nearest = distance.min()
        if nearest > TOLERANCE * HORIZONS[k]:
            continue
        after = np.flatnonzero((distance == nearest) & (times >= due))
        j = after[0] if len(after) else np.flatnonzero(distance == nearest)[-1]
        mean, lo50, hi50, lo80, hi80, lo95, hi95 = forecasts[i, k]
        count += 1
        error += abs(values[j] - mean)
        naive += abs(values[j] - values[i])
        in50 += lo50 <= values[j] <= hi50
        in80 += lo80 <= values[j] <= hi80
        in95 += lo95 <= values[j] <= hi95
    return count, error, naive, in50, in80, in95


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("batch", [1, 7, 300])
def test_equals_the_slow_twin_whatever_the_batching(seed: int, batch: int) -> None:
    times, values, forecasts = events(seed)
    forecasts[::5, 1] = np.nan
    board = Scoreboard(HORIZONS)
    for start in range(0, len(times), batch):
        part = slice(start, start + batch)
        board.add("a", times[part], values[part], forecasts[part])
    for k, score in enumerate(board.scores()):
        count, error, naive, in50, in80, in95 = slow(times, values, forecasts, k)
        assert score.scored == count
        if count >= ENOUGH:
            assert score.relative_error == pytest.approx(error / naive)
            assert score.coverage50 == pytest.approx(in50 / count)
            assert score.coverage80 == pytest.approx(in80 / count)
            assert score.coverage95 == pytest.approx(in95 / count)
    assert board.scores()[1].scored > ENOUGH
    assert board.scores()[2].scored == 0
    assert np.isnan(board.scores()[2].relative_error)


def test_series_weigh_alike_in_the_relative_error_and_boards_merge() -> None:
    times = np.arange(0.0, 2000.0, 10.0)
    boards = []
    for scale, share in ((1.0, 0.25), (1000.0, 0.5)):
        values = scale * (np.arange(len(times)) % 2)  # the next value always differs by `scale`
        following = np.append(values[1:], 0.0)
        mean = following + share * scale
        board = Scoreboard([10.0])
        board.add(
            "s", times, values, np.stack([mean, mean - scale, mean, mean, mean, mean - scale, mean], axis=1)[:, None]
        )
        boards.append(board)
    (score,) = merged(boards)
    assert score.series == 2
    assert score.relative_error == pytest.approx((0.25 * 0.5) ** 0.5)
    assert score.coverage50 == 1.0
    assert score.coverage80 == 0.0
    assert score.coverage95 == 1.0
    assert merged([]) == []


def test_time_that_runs_back_is_taken_as_standing_still() -> None:
    board = Scoreboard([10.0])
    forecast = np.zeros((4, 1, 7))
    board.add("s", np.array([100.0, 90.0]), np.array([1.0, 2.0]), forecast[:2])
    board.add("s", np.array([95.0, 110.0]), np.array([3.0, 4.0]), forecast[2:])
    assert board.scores()[0].scored == 1  # origins at 100 share one place in the queue
    assert board.scores()[0].coverage95 == 0.0


def test_empty() -> None:
    board = Scoreboard([10.0, 20.0])
    board.add("s", np.empty(0), np.empty(0), np.empty((0, 2, 7)))
    assert [s.scored for s in board.scores()] == [0, 0]
