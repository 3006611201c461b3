import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liquid.features import phase
from liquid.features.phase import DAY, STEPS, WEEK, table_dtype
from tests.liquid.checks import not_finite, record
from tests.liquid.naive.phase import Table
from tests.liquid.odd import relaxed

times = st.one_of(
    st.floats(-1e15, 1e15),
    st.integers(-100, 100).map(lambda k: k * 1800.0),
    st.sampled_from((-1e-20, -5e-324, 0.0, 86399.999999999985, 604799.99999999988)),
)

#: A value that lies half way between two codes may be rounded either way, and then moves on from there.
ONE = 1.5 / STEPS


def kept(table: np.void) -> np.ndarray:
    return np.array([phase.decode(code) for code in table["value"]])


def both(bins: int, period: float, events: list[tuple[float, float]], rate: float) -> tuple[np.void, Table]:
    table, twin = record(table_dtype(bins)), Table(bins, period)
    for time, z in events:
        phase.learn(table, time, period, z, rate)
        twin.learn(time, z, rate)
    return table, twin


@relaxed
@given(
    st.lists(st.tuples(times, st.floats(-1e4, 1e4)), max_size=60),
    st.lists(times, min_size=1, max_size=20),
    st.sampled_from(((48, DAY, 0.6), (168, WEEK, 0.1))),
)
def test_equals_twin(events: list[tuple[float, float]], asked: list[float], kind: tuple[int, float, float]) -> None:
    bins, period, rate = kind
    table, twin = both(bins, period, events, rate)
    # a phase that lies half way between two codes may round either way
    assert np.abs(table["phase"].astype(int) - twin.phase).max(initial=0) <= 1
    np.testing.assert_array_equal(table["visits"], twin.visits)
    seen = twin.value[twin.visits > 0]
    size = np.abs(seen).max(initial=0)
    assert (np.abs(kept(table) - twin.value) <= ONE * (1 + np.abs(twin.value))).all()
    for time in asked:
        found = phase.look_up(table, time, period, -77.0)
        knots = twin.knots()[0] if len(seen) else np.zeros(0)
        place = (time % period) / period * bins + 1e-9
        if len(seen) == 0:
            assert found == -77.0
        elif np.abs(knots - place).min() > 1e-6 and np.diff(knots).min() > 1e-6:  # between two knots that are apart
            assert found == pytest.approx(twin.look_up(time, -77.0), abs=1e-3 * (1 + size))
        if len(seen):
            assert seen.min() - 1e-3 * (1 + size) <= found <= seen.max() + 1e-3 * (1 + size)
    assert not_finite(table) == []


@pytest.mark.parametrize(
    ("time", "hour"),
    [(0.0, 0), (3599.9995, 1), (3599.99, 0), (DAY - 1e-4, 0), (-1e-20, 0), (-3600.0, 23), (13 * 3600, 13)],
)
def test_an_hour_begins_a_moment_early(time: float, hour: int) -> None:
    assert phase.hour_of_day(time) == hour


def test_hourly_data_stays_sharp_in_bins_of_half_an_hour() -> None:
    """Look-ups at the hours give the hours' own values, though every second bin is empty."""
    profile = np.random.default_rng(0).normal(size=24)
    hours = np.arange(24 * 30)
    table, _ = both(48, DAY, [(3600.0 * h, profile[h % 24]) for h in hours], 0.6)
    found = [phase.look_up(table, 3600.0 * h, DAY, 0.0) for h in range(24)]
    np.testing.assert_allclose(found, profile, atol=1 / STEPS)
    halfway = phase.look_up(table, 1800.0, DAY, 0.0)
    assert halfway == pytest.approx((profile[0] + profile[1]) / 2, abs=0.01)


@pytest.mark.parametrize("week", [0, -3, 2811])
def test_every_full_hour_has_a_bin_of_its_own(week: int) -> None:
    events = [(week * WEEK + 3600.0 * h, h / 16) for h in range(168)]
    table, _ = both(168, WEEK, events, 0.1)
    assert (table["visits"] == 1).all()
    assert kept(table).tolist() == [h / 16 for h in range(168)]
    assert not table["phase"].any()


def test_midnight_is_inside_the_table() -> None:
    table, _ = both(48, DAY, [(DAY - 600.0, 1.0), (600.0, 3.0)], 0.6)
    assert phase.look_up(table, 0.0, DAY, 0.0) == pytest.approx(2.0, abs=0.02)
    assert phase.look_up(table, 5 * DAY, DAY, 0.0) == pytest.approx(2.0, abs=0.02)


def test_recoding_equals_learning_in_the_new_unit() -> None:
    rng = np.random.default_rng(0)
    events = [
        (float(t), float(z)) for t, z in zip(np.cumsum(rng.exponential(5000, 300)), rng.normal(size=300), strict=True)
    ]
    table, twin = both(48, DAY, events, 0.6)
    other, _ = both(48, DAY, [(t, z * 0.3 - 2.0) for t, z in events], 0.6)
    phase.recode(table, 0.3, 2.0)
    twin.recode(0.3, 2.0)
    np.testing.assert_allclose(kept(table)[table["visits"] > 0], kept(other)[other["visits"] > 0], atol=2 / STEPS)
    np.testing.assert_allclose(kept(table), twin.value, atol=2 / STEPS)


def test_two_bytes_hold_a_value_to_a_thousandth() -> None:
    values = np.concatenate((np.linspace(-17, 17, 5001), np.geomspace(1e-4, 1e6, 300), [0.0, -0.0, -1e9, 1e9]))
    for z in values:
        kept = phase.decode(phase.encode(z))
        assert abs(kept - z) <= max(0.5 / STEPS, 0.00035 * abs(z)) or abs(z) > 1e5, z
    codes = [int(phase.encode(z)) for z in np.sort(values)]
    assert codes == sorted(codes)
    assert [phase.encode(z) for z in (-1e300, 0.0, 1e300)] == [-32767, 0, 32767]
