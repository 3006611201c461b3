import numpy as np
import pytest

from benchmarks.quality import happenings
from benchmarks.quality.happenings import AT, BACKGROUNDS, EVENTS, HAPPENINGS
from benchmarks.quality.quiet import STREAMS


@pytest.mark.parametrize("background", BACKGROUNDS)
@pytest.mark.parametrize("happening", HAPPENINGS)
def test_something_happens_at_its_place_and_not_before(background: str, happening: str) -> None:
    rng = np.random.default_rng([0, BACKGROUNDS.index(background), list(HAPPENINGS).index(happening)])
    t, v = STREAMS[background](rng, EVENTS)
    times, values = happenings.happened(background, happening, 0)
    assert len(times) == len(values) == EVENTS
    assert np.array_equal((times[:AT], values[:AT]), (t[:AT], v[:AT]))
    same = np.array_equal((times, values), (t, v))
    assert same == (happening == "nothing")


def test_counts_stay_whole_at_half_the_pace() -> None:
    _, values = happenings.happened("counts, mean 3", "half as fast", 0)
    assert np.array_equal(values, np.round(values))


def test_another_order_of_independent_values_is_no_anomaly() -> None:
    assert not happenings.changes("white", "order lost")
    assert happenings.changes("AR(1) .8", "order lost")
    assert happenings.changes("white", "half as fast")  # interpolated, they are smoother
