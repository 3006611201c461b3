import numpy as np
import pytest

from liquid import SeriesOptions
from liquid.clocks import CLOCKS, steps_of
from liquid.features.wall import STEP, ahead, day_time, wall
from liquid.options import options_array
from tests.liquid.naive.wall import wall as twin

ZONES = [
    *("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Kathmandu"),
    *("Asia/Gaza", "America/Sao_Paulo", "Pacific/Apia", "Antarctica/Troll", "Etc/GMT+5", "UTC"),
]


@pytest.mark.parametrize("zone", ZONES)
def test_the_wall_clock_is_that_of_the_zone(zone: str) -> None:
    declared = options_array(1)[0]
    SeriesOptions(timezone=zone).fill(declared)
    rng = np.random.default_rng(0)
    edges = steps_of(zone)["begin"]
    times = np.concatenate((rng.uniform(0, 7.2e9, 300), edges, edges - 1.0, edges + 0.5, [-1e15, 1e15, 0.0]))
    for time in times.tolist():
        for k in (0, 1):
            assert wall((declared, CLOCKS.table), k, time) == twin(zone, time), time


def test_nothing_declared_is_utc() -> None:
    assert wall((options_array(1)[0], CLOCKS.table), 0, 1234.5) == 1234.5


def test_a_day_lasts_the_first_declared_period() -> None:
    declared = options_array(1)[0]
    SeriesOptions(periods=(4 * 3600.0, 86400.0)).fill(declared)
    assert day_time((declared, CLOCKS.table), 3600.0) == 6 * 3600.0
    assert day_time((options_array(1)[0], CLOCKS.table), 3600.0) == 3600.0


def test_steps_of_several_clocks_lie_in_one_array() -> None:
    steps = np.array([(9.0, 1.0), (0.0, 2.0), (10.0, 3.0), (20.0, 4.0), (5.0, 7.0)], STEP)
    at = [ahead(steps, 1, 3, time) for time in (-5.0, 0.0, 9.9, 10.0, 19.0, 20.0, 1e9)]
    assert at == [2.0, 2.0, 2.0, 3.0, 3.0, 4.0, 4.0]
    assert ahead(steps, 4, 1, 1e9) == 7.0
    assert ahead(steps, 4, 0, 1e9) == 0.0
