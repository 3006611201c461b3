"""Scores and alerts do not depend on the unit, the sign or the offset of the values."""

import numpy as np
import pytest

from liquid import Model, ModelConfig
from liquid.results import LEARNING, OPENED, READY
from tests.liquid.odd import DAY, HOUR, stream
from tests.liquid.tolerances import AFFINE

CONFIG = ModelConfig(horizons=(HOUR, DAY))
N = 2500


def scores(times: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    out = Model(CONFIG, capacity=1).run(np.zeros(len(times), int), times, values)
    return out["score"], np.flatnonzero(out["alert"] == OPENED)


@pytest.fixture(scope="module", params=["daily", "walk", "heavy"])
def events(request: pytest.FixtureRequest) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    times, values = stream(request.param, N)
    return times, values, *scores(times, values)


@pytest.mark.parametrize("power", [-30, 30])
def test_a_power_of_two_changes_nothing_at_all(events, power: int) -> None:
    times, values, score, opened = events
    other, again = scores(times, values * 2.0**power)
    np.testing.assert_allclose(other, score, rtol=1e-6, atol=1e-6)
    assert again.tolist() == opened.tolist()


@pytest.mark.parametrize(("a", "b"), [(0.0, 1e-9), (0.0, 1e9), (0.0, -1.0), (100.0, 1.0), (-1e4, -3e3), (7.0, -1e-6)])
def test_offset_scale_and_sign_hardly_matter(events, a: float, b: float) -> None:
    times, values, score, opened = events
    other, again = scores(times, a + b * values)
    assert (np.abs(other - score) > AFFINE).mean() < 0.05
    late = np.abs(other - score)[500:]
    assert np.median(late) < 1e-3
    assert len(np.setxor1d(again, opened)) <= 1 + 0.2 * len(opened)


def test_a_series_learns_for_500_events() -> None:
    out = Model(CONFIG, capacity=1).run(np.zeros(600, int), HOUR * np.arange(600), np.arange(600) % 7.0)
    assert (out["state"][:499] == LEARNING).all()
    assert (out["state"][499:] == READY).all()
