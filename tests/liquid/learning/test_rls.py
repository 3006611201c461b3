import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liquid.learning import rls
from tests.liquid.checks import unpack
from tests.liquid.naive.rls import LeastSquares
from tests.liquid.odd import relaxed
from tests.liquid.tolerances import ACCUMULATED, LEAST_SQUARES

SIZE = 6


class Rls:
    """The kernel with its arrays."""

    def __init__(self, size: int = SIZE, prior: float = 1.0) -> None:
        self.size = size
        self.w = np.zeros(size, np.float32)
        self.p = np.zeros(rls.packed(size), np.float32)
        self.gain = np.zeros(size, np.float32)
        rls.reset(self.p, size, prior)

    def update(self, x: np.ndarray, target: float, forgetting: float = 1.0, limit: float = 1e9) -> None:
        x = x.astype(np.float32)
        error = target - rls.predict(self.w, x, self.size)
        rls.update(self.w, self.p, x, self.gain, self.size, error, forgetting, limit, 1.0)

    @property
    def P(self) -> np.ndarray:  # noqa: N802
        return unpack(self.p, self.size)


def rows(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    mix = rng.normal(size=(SIZE, SIZE))
    x = rng.normal(size=(n, SIZE)) @ mix
    return x, x @ rng.normal(size=SIZE) + 0.1 * rng.normal(size=n)


@pytest.mark.parametrize("forgetting", [1.0, 0.9999, 0.99])
def test_equals_twin(forgetting: float) -> None:
    mine, twin = Rls(), LeastSquares(SIZE, 1.0)
    for x, y in zip(*rows(2000), strict=True):
        mine.update(x, y, forgetting, limit=SIZE)
        x = x.astype(np.float32).astype(float)
        twin.update(x, y - twin.w @ x, forgetting, SIZE, 1.0)
    np.testing.assert_allclose(mine.w, twin.w, atol=LEAST_SQUARES)
    np.testing.assert_allclose(mine.P, twin.P, atol=LEAST_SQUARES * np.abs(twin.P).max())


def test_equals_ridge_regression() -> None:
    """Without forgetting the weights are those that minimise the squared errors plus |w|^2 / prior."""
    x, y = rows(300)
    mine = Rls(prior=0.5)
    for row, target in zip(x, y, strict=True):
        mine.update(row, target)
    ridge = x.T @ x + np.eye(SIZE) / 0.5
    np.testing.assert_allclose(mine.w, np.linalg.solve(ridge, x.T @ y), atol=LEAST_SQUARES)
    np.testing.assert_allclose(mine.P, np.linalg.inv(ridge), atol=LEAST_SQUARES * 0.1)


def test_forgets_at_the_pace_of_lambda() -> None:
    """With lambda = .99, rows count .99^age."""
    x, y = rows(600)
    y[:300] *= -1
    mine = Rls()
    for row, target in zip(x, y, strict=True):
        mine.update(row, target, 0.99)
    weight = 0.99 ** np.arange(599, -1, -1)
    # the prior is forgotten like any row
    expected = np.linalg.solve((x * weight[:, None]).T @ x + 0.99**600 * np.eye(SIZE), (x * weight[:, None]).T @ y)
    np.testing.assert_allclose(mine.w, expected, atol=LEAST_SQUARES)


def test_without_excitation_p_does_not_wind_up() -> None:
    mine = Rls()
    x = np.zeros(SIZE)
    x[0] = 1.0
    for _ in range(20_000):
        mine.update(x, 1.0, 0.99, limit=10.0 * SIZE)
    assert rls.trace(mine.p, SIZE) < 11 * SIZE
    assert mine.w[0] == pytest.approx(1.0, abs=1e-3)


def test_packed_lower_triangle() -> None:
    mine = Rls()
    for x, y in zip(*rows(20), strict=True):
        mine.update(x, y)
    P = mine.P
    for a in range(SIZE):
        for b in range(a + 1):
            assert mine.p[a * (a + 1) // 2 + b] == P[a, b] == P[b, a]
    assert rls.trace(mine.p, SIZE) == pytest.approx(np.trace(P), rel=1e-6)
    assert rls.packed(SIZE) == len(mine.p) == 21


@pytest.mark.parametrize(("a", "b"), [(0, 3), (3, 0), (2, 5), (4, 4)])
def test_transform_is_a_change_of_weights(a: int, b: int) -> None:
    """P becomes T P T' for w becoming T w."""
    mine = Rls()
    for x, y in zip(*rows(50), strict=True):
        mine.update(x, y)
    factor, share = 0.7, (0.0 if a == b else -1.3)
    T = np.eye(SIZE)
    T[a, b] = share
    T[a, a] = factor
    expected = T @ mine.P @ T.T
    rls.transform(mine.p, SIZE, a, factor, b, share)
    np.testing.assert_allclose(mine.P, expected, atol=ACCUMULATED)


@pytest.mark.parametrize("factor", [1e-3, 1e3])
def test_transforming_again_and_again_leaves_weights_able_to_learn(factor: float) -> None:
    mine = Rls()
    for _ in range(30):
        rls.transform(mine.p, SIZE, 2, factor, 2, 0.0)
    assert np.float32(rls.CERTAIN) <= mine.P[2, 2] <= rls.UNCERTAIN


@relaxed
@given(
    st.lists(
        st.tuples(
            st.lists(st.sampled_from((0.0, 1.0, -1.0, 1e-20, 1e4, -1e7, 1e12)), min_size=SIZE, max_size=SIZE),
            st.sampled_from((0.0, 1.0, -1e4, 1e9)),
            st.sampled_from((None, (2, 1e-3, 5, -1e3), (2, 1e3, 2, 0.0))),
        ),
        max_size=40,
    )
)
def test_odd_rows_leave_p_positive_and_finite(events: list) -> None:
    mine = Rls()
    for x, error, change in events:
        x32 = np.array(x, np.float32)
        rls.update(mine.w, mine.p, x32, mine.gain, SIZE, error, 0.9999, 100.0, 1.0)
        if change:
            rls.transform(mine.p, SIZE, *change)
        assert np.isfinite(mine.w).all()
        assert np.isfinite(mine.p).all()
        assert (np.diag(mine.P) > 0).all()
