import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liquid.learning import conformal
from liquid.learning.conformal import CONFORMAL, INPUTS, MISS
from tests.liquid.checks import not_finite, record
from tests.liquid.naive.conformal import Conformal
from tests.liquid.odd import relaxed
from tests.liquid.tolerances import ACCUMULATED


def fresh() -> np.void:
    mine = record(CONFORMAL)
    conformal.start(mine)
    return mine


def step(mine: np.void, raw: np.ndarray, error: float, pending: float = 1.0) -> tuple[np.ndarray, float, float]:
    """Promise, then learn; gives the half widths, the scale and the widening."""
    x = np.empty(INPUTS, np.float32)
    widening = conformal.inputs(mine, raw.astype(np.float32), x, True)
    scale = float(mine["scale"]) * widening
    half = np.array([conformal.quantile(mine, k) * scale for k in range(2)], np.float32)
    conformal.learn(mine, error, scale, widening, x, half, pending)
    return half, scale, widening


@pytest.mark.parametrize("pending", [1.0, 8.0])
def test_equals_twin(pending: float) -> None:
    rng = np.random.default_rng(0)
    mine, twin = fresh(), Conformal()
    for _ in range(1500):
        hard = rng.normal()
        error = abs(rng.standard_t(4)) * math.exp(0.5 * hard)
        raw = np.array([hard, rng.normal()], np.float32)
        x, widening = twin.inputs(raw.astype(float), True)
        scale = twin.scale * widening
        half = twin.quantiles() * scale
        twin.learn(error, scale, widening, x, half, int(pending))
        mine_half, *_ = step(mine, raw, error, pending)
        np.testing.assert_allclose(mine_half, half, rtol=1e-3)
    np.testing.assert_allclose(mine["alpha"], twin.alpha, atol=20 * ACCUMULATED)
    np.testing.assert_allclose(mine["theta"], twin.theta, atol=20 * ACCUMULATED)
    np.testing.assert_allclose(mine["mean"], twin.mean, atol=20 * ACCUMULATED)
    np.testing.assert_allclose(mine["deviation"], twin.deviation, atol=20 * ACCUMULATED)
    assert mine["scale"] == pytest.approx(twin.scale, rel=1e-3)


@pytest.mark.parametrize("law", ["normal", "laplace", "cauchy", "exponential"])
def test_coverage_is_what_is_promised(law: str) -> None:
    rng = np.random.default_rng(0)
    errors = np.abs(rng.standard_cauchy(6000) if law == "cauchy" else getattr(rng, law)(size=6000))
    mine = fresh()
    missed = np.array([e > step(mine, np.zeros(INPUTS), e)[0] for e in errors])[500:]
    np.testing.assert_allclose(missed.mean(0), MISS, atol=0.012)


def test_coverage_returns_after_the_errors_have_grown() -> None:
    rng = np.random.default_rng(1)
    errors = np.abs(rng.normal(size=4000)) * np.where(np.arange(4000) < 2000, 1, 6)
    mine = fresh()
    missed = np.array([e > step(mine, np.zeros(INPUTS), e)[0] for e in errors])
    np.testing.assert_allclose(missed[2500:].mean(0), MISS, atol=0.02)


def test_intervals_widen_where_the_inputs_say_it_is_hard() -> None:
    rng = np.random.default_rng(2)
    mine = fresh()
    hard = rng.normal(size=6000)
    for h in hard:
        step(mine, np.array([h, rng.normal()]), abs(rng.normal()) * math.exp(h))
    assert mine["theta"][0] > 0.4
    assert abs(mine["theta"][1]) < 0.2
    _, _, wide = step(mine, np.array([2.0, 0.0]), 1.0)
    _, _, narrow = step(mine, np.array([-2.0, 0.0]), 1.0)
    assert wide > 2 * narrow


def test_looking_without_learning_changes_nothing() -> None:
    mine = fresh()
    for k in range(40):
        step(mine, np.array([0.1 * k, 1.0]), 1.0)
    before = mine.tobytes()
    conformal.inputs(mine, np.ones(INPUTS, np.float32), np.empty(INPUTS, np.float32), False)
    assert mine.tobytes() == before


def test_pending_forecasts_damp_the_step() -> None:
    moved = []
    for pending in (1.0, 2.0, 8.0):
        mine = fresh()
        for _ in range(2):
            conformal.learn(mine, 1.0, 1.0, 1.0, np.zeros(INPUTS, np.float32), np.zeros(2, np.float32), pending)
        moved.append(MISS[0] - mine["alpha"][0])
    assert moved[0] == moved[1] == pytest.approx(4 * moved[2], rel=1e-3)


odd = st.sampled_from((0.0, 1e-30, 1.0, 8.0, 1e4, 1e5))


@relaxed
@given(
    st.lists(st.tuples(odd, st.sampled_from((-40.0, -9.2, 0.0, 9.2, 40.0)), odd, st.sampled_from((1.0, 8.0)))),
    st.sampled_from((0.0, 1e-9, 1e9)),
)
def test_odd_input_stays_finite(events: list[tuple[float, float, float, float]], factor: float) -> None:
    mine = fresh()
    for error, raw, half, pending in events:
        x = np.empty(INPUTS, np.float32)
        widening = conformal.inputs(mine, np.full(INPUTS, raw, np.float32), x, True)
        conformal.learn(mine, error, half, widening, x, np.full(2, half, np.float32), pending)
    conformal.recode(mine, factor)
    assert not_finite(mine) == []
    assert mine["scale"] > 0
    assert 0 < conformal.quantile(mine, 0) < 10
