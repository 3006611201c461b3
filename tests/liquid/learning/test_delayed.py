import numpy as np
import pytest

from liquid.learning import delayed
from liquid.learning.conformal import INPUTS, LEVELS
from tests.liquid.checks import not_finite, record
from tests.liquid.naive.delayed import Delayed

HORIZON = 100.0


@pytest.mark.parametrize("slots", [3, 6, 16])
@pytest.mark.parametrize("gap", [0.3, 1.0, 7.0, 40.0, 130.0])
def test_equals_twin(slots: int, gap: float) -> None:
    """The same forecasts are kept and come due at the same events, with the same inputs."""
    rng = np.random.default_rng(0)
    ring, twin, met = record(delayed.delayed_dtype(slots, INPUTS)), Delayed(HORIZON, slots), 0
    x, half = np.empty(INPUTS, np.float32), np.empty(LEVELS, np.float32)
    time = 0.0
    while time < 100 * HORIZON:
        time += gap * rng.exponential()
        due = [s for s in range(slots) if delayed.due(ring, s, time, HORIZON, 1.0)]
        for s, p in zip(due, twin.due(time, 1.0), strict=True):
            assert ring["time"][s] == p.time
            assert ring["mixed"][s] == pytest.approx(p.mixed, rel=1e-5, abs=1e-6)
            assert delayed.pending(ring, s) == twin.pending(p)
            assert delayed.recall(ring, s, half, x) == pytest.approx(np.exp(p.log_widening), rel=1e-6)
            np.testing.assert_allclose(x, p.x, atol=1e-6)
            np.testing.assert_allclose(half, p.half, rtol=1e-5)
            ring["waiting"][s] = 0
            met += 1
        scale = rng.exponential()
        made = rng.normal(), scale, np.exp(rng.uniform(-2, 2)), (scale * rng.uniform(0, 7, LEVELS)).astype(np.float32)
        inputs = rng.uniform(-3, 3, INPUTS).astype(np.float32)
        delayed.remember(ring, time, HORIZON, *made, inputs)
        twin.remember(time, *made, inputs)
        if rng.random() < 0.05:
            delayed.recode(ring, 0.5, 1.0)
            twin.recode(0.5, 1.0)
    assert met > 20


def test_what_is_kept_is_near_what_was_made() -> None:
    ring = record(delayed.delayed_dtype(4, INPUTS))
    x, half = (
        np.resize([-3.0, -0.61, 0.0, 1.234, 3.0], INPUTS).astype(np.float32),
        np.array([0.3, 3.1, 11.0], np.float32),
    )
    back, half_back = np.empty(INPUTS, np.float32), np.empty(LEVELS, np.float32)
    delayed.remember(ring, 0.0, HORIZON, 1.0, 2.0, np.exp(-2.0), half, x)
    assert delayed.recall(ring, 0, half_back, back) == pytest.approx(np.exp(-2.0), rel=0.01)
    np.testing.assert_allclose(back, x, atol=0.0126)
    np.testing.assert_allclose(half_back, half, rtol=0.0085)


def test_a_ring_covers_its_horizon_when_events_are_dense() -> None:
    ring = record(delayed.delayed_dtype(14, INPUTS))
    for time in np.arange(0.0, 3 * HORIZON, 0.1):
        delayed.remember(ring, time, HORIZON, 0.0, 1.0, 1.0, np.ones(LEVELS, np.float32), np.zeros(INPUTS, np.float32))
    times = np.sort(ring["time"])
    assert times[-1] - times[0] >= HORIZON
    assert np.diff(times).min() >= HORIZON / 12 * (1 - 1e-9)


def test_recoding_keeps_it_finite() -> None:
    ring = record(delayed.delayed_dtype(4, INPUTS))
    delayed.remember(
        ring, 0.0, HORIZON, 1e4, 1e4, np.exp(2.0), np.full(LEVELS, 1e5, np.float32), np.full(INPUTS, 3.0, np.float32)
    )
    for factor, shift in ((1e9, -1e9), (1e-9, 0.0), (1e9, 1e9)):
        delayed.recode(ring, factor, shift)
    assert not_finite(ring) == []
