import numpy as np
import pytest

from liquid.features import hours
from tests.liquid.checks import not_finite, record
from tests.liquid.naive.hours import Hours


def test_equals_twin_and_stays_finite() -> None:
    rng = np.random.default_rng(0)
    table, twin = record(hours.HOURS), Hours()
    for k in range(9000):
        hour, ratio = int(rng.integers(24)), float(rng.choice([0.0, 1e300, np.exp(rng.normal())]))
        hours.learn(table, hour, ratio, k)
        twin.learn(hour, ratio, k)
    np.testing.assert_allclose(table["size"], twin.size, atol=1e-5)
    assert not_finite(table) == []


def test_tells_hard_hours_from_easy_ones() -> None:
    rng = np.random.default_rng(1)
    table = record(hours.HOURS)
    for k in range(24 * 60):
        hours.learn(table, k % 24, abs(rng.normal()) * (3.0 if k % 24 < 8 else 1.0), k)
    assert table["size"][:8].mean() - table["size"][8:].mean() == pytest.approx(np.log(3.0), abs=0.2)
