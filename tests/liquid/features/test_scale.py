import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liquid.features.scale import SCALE, observe
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
