from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liquid.learning import mixture
from liquid.learning.mixture import mixture_dtype
from tests.liquid.checks import not_finite, record
from tests.liquid.naive.mixture import Mixture
from tests.liquid.odd import relaxed
from tests.liquid.tolerances import ACCUMULATED

K = 4
EVEN = np.zeros(K)


def fresh(prior: np.ndarray = EVEN) -> np.void:
    mine = record(mixture_dtype(K))
    mixture.start(mine, prior)
    return mine


def feed(mine: np.void, errors: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """The mixture's errors on experts with these errors."""
    out = []
    for e, y in zip(errors, targets, strict=True):
        experts = (y + e).astype(np.float32)
        mixed = mixture.blend(mine, experts)
        out.append(mixed - y)
        mixture.learn(mine, EVEN, experts, mixed, y)
    return np.array(out)


@pytest.mark.parametrize("outliers", [0.0, 0.02])
@pytest.mark.parametrize("prior", [EVEN, np.log([1.0, 1.0, 0.1, 0.3])])
def test_equals_twin(outliers: float, prior: np.ndarray) -> None:
    rng = np.random.default_rng(0)
    mine, twin = fresh(prior), Mixture(prior)
    for _ in range(800):
        y = rng.normal()
        experts = (y + rng.normal(size=K) * [1, 0.5, 0.7, 2]).astype(np.float32)
        if rng.random() < outliers:
            y += 1000
        mixed = mixture.blend(mine, experts)
        assert mixed == pytest.approx(twin.blend(experts), abs=100 * ACCUMULATED)
        mine_says, twin_says = (m(experts[0], mixed) for m in (partial(mixture.cautious, mine), twin.cautious))
        assert mine_says == pytest.approx(twin_says, abs=100 * ACCUMULATED)
        mixture.learn(mine, prior, experts, mixed, y)
        twin.learn(experts.astype(float), mixed, y)
    np.testing.assert_allclose(mine["weight"], twin.weight, atol=20 * ACCUMULATED)
    np.testing.assert_allclose(mine["regret"], twin.regret, rtol=1e-3, atol=1e-3)
    assert mine["error"] == pytest.approx(twin.error, rel=1e-4)
    assert mine["recent"] == pytest.approx(twin.recent, rel=1e-4)
    assert mine["recent_last"] == pytest.approx(twin.recent_last, rel=1e-4)


def test_weights_are_a_distribution_and_equal_at_the_start() -> None:
    mine = fresh()
    assert mine["weight"].tolist() == [0.25] * K
    feed(mine, np.random.default_rng(0).normal(size=(100, K)), np.zeros(100))
    assert mine["weight"].sum() == pytest.approx(1, abs=1e-6)
    assert (mine["weight"] >= 0).all()


def test_starts_with_the_prior() -> None:
    assert fresh(np.log([1.0, 1.0, 1.0, 0.1]))["weight"] == pytest.approx(np.array([10, 10, 10, 1]) / 31)


@pytest.mark.parametrize(("of_last", "trust"), [(2.0, 1.0), (1.06, 1.0), (1.0, 0.8), (0.85, 0.094), (0.5, 0.0)])
def test_is_drawn_back_to_the_last_value_where_that_was_better_lately(of_last: float, trust: float) -> None:
    mine = fresh()
    for _ in range(200):
        mixture.learn(mine, EVEN, np.array([of_last, 1.0, 1.0, 1.0]), 1.0, 0.0)
    assert mixture.cautious(mine, 3.0, 7.0) == pytest.approx(3 + 4 * trust, abs=0.02)


def test_is_believed_before_it_has_been_seen_to_fail() -> None:
    mine = fresh()
    for _ in range(4):
        mixture.learn(mine, EVEN, np.array([0.0, 1.0, 1.0, 1.0]), 1.0, 0.0)
        assert mixture.cautious(mine, 0.0, 1.0) == 1.0


def test_the_best_expert_takes_over() -> None:
    rng = np.random.default_rng(0)
    mine = fresh()
    errors = rng.normal(size=(1000, K)) * [1, 0.2, 1, 1]
    mixed = feed(mine, errors, rng.normal(size=1000))
    assert mine["weight"].argmax() == 1
    assert np.square(mixed[200:]).mean() <= 1.1 * np.square(errors[200:, 1]).mean()


def test_complementary_experts_beat_the_best_one() -> None:
    rng = np.random.default_rng(1)
    mine = fresh()
    common = rng.normal(size=2000)
    errors = np.stack((common, -common, 3 * rng.normal(size=2000), 3 * rng.normal(size=2000)), 1)
    mixed = feed(mine, errors + 0.1 * rng.normal(size=errors.shape), rng.normal(size=2000))
    assert np.square(mixed[500:]).mean() < 0.5


def test_another_expert_can_take_over_later() -> None:
    rng = np.random.default_rng(2)
    mine = fresh()
    before = rng.normal(size=(500, K)) * [1, 0.2, 1, 1]
    after = rng.normal(size=(3000, K)) * [1, 1, 0.2, 1]
    feed(mine, np.concatenate((before, after)), np.zeros(3500))
    assert mine["weight"].argmax() == 2


def test_one_outlier_does_not_decide() -> None:
    rng = np.random.default_rng(3)
    mine = fresh()
    feed(mine, rng.normal(size=(500, K)) * [1, 0.2, 1, 1], rng.normal(size=500))
    feed(mine, np.array([[0.0, 1e4, 0, 0]]), np.zeros(1))
    assert mine["weight"].argmax() == 1


def test_only_relative_size_matters() -> None:
    """The same errors in another unit give the same weights, once the running error has forgotten its start."""
    rng = np.random.default_rng(4)
    errors, targets = rng.normal(size=(400, K)) * [1, 0.5, 0.7, 2], rng.normal(size=400)
    a, b = fresh(), fresh()
    feed(a, errors, targets)
    feed(b, 64 * errors, 64 * targets)
    np.testing.assert_allclose(a["weight"], b["weight"], atol=0.02)


def test_recoding_goes_with_the_square() -> None:
    mine = fresh()
    feed(mine, np.ones((50, K)), np.zeros(50))
    before = float(mine["error"])
    mixture.recode(mine, 0.5)
    assert mine["error"] == pytest.approx(before / 4, rel=1e-6)
    assert (mine["recent"], mine["recent_last"]) == pytest.approx((0.5, 0.5))


odd = st.sampled_from((0.0, 1.0, -1.0, 1e-30, 1e4, -1e4, 12.5))


@relaxed
@given(st.lists(st.tuples(st.lists(odd, min_size=K, max_size=K), odd), max_size=80), st.sampled_from((0.0, 1e-6, 1e6)))
def test_odd_input_stays_finite(events: list[tuple[list[float], float]], factor: float) -> None:
    mine = fresh()
    for experts, target in events:
        e = np.array(experts, np.float32)
        mixture.learn(mine, EVEN, e, mixture.blend(mine, e), target)
    mixture.recode(mine, factor)
    assert not_finite(mine) == []
    assert mine["weight"].sum() == pytest.approx(1, abs=1e-5)
