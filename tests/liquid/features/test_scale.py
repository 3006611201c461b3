import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liquid.features.scale import FOLLOW, SCALE, followed, observe
from liquid.kernel import LARGEST
from tests.liquid.checks import not_finite, record
from tests.liquid.naive.scale import Scale
from tests.liquid.odd import STREAMS, VALUES, relaxed, stream
from tests.liquid.tolerances import DOUBLE

FINITE = [v for v in VALUES if abs(v) <= LARGEST]


def assert_alike(scale: np.void, twin: Scale) -> None:
    reach = abs(twin.centre) + twin.step
    assert scale["centre"] == pytest.approx(twin.centre, rel=DOUBLE)
    assert scale["mean"] == pytest.approx(twin.mean, rel=1e-6, abs=DOUBLE * reach)
    assert scale["step"] == pytest.approx(twin.step, rel=1e-6, abs=DOUBLE * reach)


@pytest.mark.parametrize("name", STREAMS)
def test_equals_twin(name: str) -> None:
    scale, twin = record(SCALE), Scale()
    recodings = 0
    for n, value in enumerate(stream(name, 1000)[1]):
        recode, factor, shift, deviation = observe(scale, value, n)
        change = twin.observe(value, n)
        assert recode == change.recode
        assert (factor, deviation) == pytest.approx((change.factor, change.deviation), rel=1e-6)
        assert shift == pytest.approx(change.shift, rel=1e-6, abs=1e-6)
        recodings += recode
    assert_alike(scale, twin)
    assert 1 <= recodings < 60


@relaxed
@given(st.lists(st.sampled_from(FINITE), min_size=1, max_size=30), st.integers(1, 6))
def test_odd_values_stay_finite(values: list[float], times: int) -> None:
    scale = record(SCALE)
    for n, value in enumerate(np.repeat(values, times)):
        _, factor, shift, deviation = observe(scale, value, n)
        assert deviation > 0
        assert all(map(math.isfinite, (factor, shift, deviation)))
        assert n < 2 or scale["step"] > 0
    assert not_finite(scale) == []


@pytest.mark.parametrize("name", ["daily", "walk", "scales", "swelling", "offset"])
def test_recoding_moves_stored_values_to_the_new_scale(name: str) -> None:
    scale = record(SCALE)
    kept = None  # (value, z) of some earlier event
    for n, value in enumerate(stream(name, 800)[1]):
        recode, factor, shift, _ = observe(scale, value, n)
        if kept and recode:
            kept = kept[0], kept[1] * factor - shift
            z = (kept[0] - scale["centre"]) / scale["step"]
            assert kept[1] == pytest.approx(z, rel=1e-6, abs=1e-6)
        if scale["step"] > 0 and n % 50 == 5:
            kept = value, (value - scale["centre"]) / scale["step"]


def test_one_outlier_moves_the_scale_little() -> None:
    rng = np.random.default_rng(0)
    scale = record(SCALE)
    for n in range(1000):
        observe(scale, rng.normal(), n)
    *_, before = observe(scale, 0.0, 1000)
    *_, after = observe(scale, 1e6, 1001)
    assert after < 1.05 * before


def follow(values: list[float]) -> tuple[np.void, list[bool], list[tuple[bool, float, float, float]]]:
    """The scale after the values, where it followed another unit, and what it said of each."""
    scale, twin, said = record(SCALE), Scale(), []
    jumps = []
    for n, value in enumerate(values):
        said.append(observe(scale, value, n))
        jumps.append(twin.observe(value, n).followed)
        assert followed(scale, n) == jumps[-1]
        assert said[-1][0] == (said[-1][0] or jumps[-1])
    assert_alike(scale, twin)
    return scale, jumps, said


@pytest.mark.parametrize("unit", [1e3, 1e6, 1e-3, -1e4])
def test_another_unit_is_followed_at_once(unit: float) -> None:
    values = 50 + np.random.default_rng(0).normal(size=700)
    values[500:] *= unit
    scale, jumps, said = follow(values.tolist())
    assert np.flatnonzero(jumps).tolist() == [500 + FOLLOW - 1]
    assert scale["centre"] + scale["mean"] == pytest.approx(50 * unit, rel=0.02)
    assert scale["step"] == pytest.approx(abs(unit), rel=0.5)
    kept = said[500 + FOLLOW - 1][1:3] == (1.0, 0.0)
    assert kept == (abs(unit) < 1)


@pytest.mark.parametrize(
    "late",
    [
        lambda x: np.where(np.arange(200) < FOLLOW - 1, 1e4 * x, x),  # too short
        lambda x: x + 100,  # another level
        lambda x: np.zeros(200),  # stuck within what it was
        lambda x: np.where(np.arange(200) % 5 == 0, x, 1e4 * x),  # now and then
    ],
)
def test_what_is_no_other_unit_is_not(late) -> None:
    values = 3 + np.random.default_rng(1).normal(size=700)
    values[500:] = late(values[500:])
    assert not any(follow(values.tolist())[1])
