import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liquid.anomaly import predictor
from liquid.anomaly.predictor import predictor_dtype, size
from tests.liquid.checks import not_finite, record, unpack
from tests.liquid.naive.predictor import Predictor
from tests.liquid.odd import STREAMS, relaxed, stream
from tests.liquid.tolerances import LEAST_SQUARES, SINGLE

MEANS = 8
SIZE = size(MEANS)


class Kernel:
    def __init__(self) -> None:
        self.p = record(predictor_dtype(MEANS))
        self.row, self.gain = np.zeros((2, SIZE), np.float32)
        self.n = 0
        predictor.start(self.p)

    def take(self, time: float, value: float, gap: float) -> tuple[float, float, float]:
        """Relative gap, standardised value, residual."""
        relative = predictor.relative_gap(self.p, gap, self.n)
        x = predictor.standardise(self.p, value, self.n)
        e = predictor.residual(self.p, x, time, self.n, self.row, self.gain)
        predictor.learn(self.p, x, value, relative, self.n)
        self.n += 1
        return relative, x, e


@pytest.mark.parametrize("name", STREAMS)
def test_equals_twin(name: str) -> None:
    kernel, twin = Kernel(), Predictor()
    times, values = stream(name, 800)
    for n, (time, value) in enumerate(zip(times, values, strict=True)):
        gap = max(0.0, time - times[n - 1]) if n else 0.0
        mine = kernel.take(time, value, gap)
        relative, x = twin.relative_gap(gap, n), twin.standardise(value, n)
        expected = (relative, x, twin.residual(x, time, n))
        twin.learn(x, value, relative, n)
        np.testing.assert_allclose(mine, expected, rtol=1e-6, atol=5 * LEAST_SQUARES)
    np.testing.assert_allclose(kernel.p["ewma"], twin.ewma, atol=100 * SINGLE)
    assert kernel.p["mean"] == pytest.approx(twin.mean, rel=1e-9)
    assert kernel.p["variance"] == pytest.approx(twin.variance, rel=1e-6)


def residuals(values: np.ndarray, gap: float = 3600.0) -> tuple[np.ndarray, np.ndarray]:
    kernel = Kernel()
    out = np.array([kernel.take(gap * k, v, gap * (k > 0))[1:] for k, v in enumerate(values)])
    return out[:, 0], out[:, 1]


def test_foresees_a_walk_better_than_its_mean_and_not_worse_than_its_last_value() -> None:
    rng = np.random.default_rng(0)
    v = np.zeros(3000)
    for k in range(1, 3000):
        v[k] = 0.95 * v[k - 1] + rng.normal()
    x, e = residuals(v)
    assert np.square(e[500:]).mean() < 0.3 * np.square(x[500:]).mean()
    assert np.square(e[500:]).mean() < 1.1 * np.square(np.diff(x[499:])).mean()


def test_foresees_a_day() -> None:
    t = 3600.0 * np.arange(2000)
    x, e = residuals(np.sin(2 * np.pi * t / 86400) + 0.1 * np.random.default_rng(0).normal(size=2000))
    assert np.square(e[500:]).mean() < 0.05 * np.square(x[500:]).mean()


def test_one_outlier_hardly_changes_what_is_foreseen() -> None:
    rng = np.random.default_rng(0)
    v = np.cumsum(rng.normal(size=1500)) * 0.1
    disturbed = v.copy()
    disturbed[1000] += 1e6
    _, e = residuals(v)
    _, after = residuals(disturbed)
    assert np.abs(e[1030:]).mean() == pytest.approx(np.abs(after[1030:]).mean(), rel=0.3)


def test_first_change_of_a_constant_series() -> None:
    x, _ = residuals(np.append(np.full(50, 3.0), [4.0]))
    assert not x[:50].any()
    assert x[50] == 10


@pytest.mark.parametrize("equal", [1, 3])
def test_usual_gap_comes_from_the_first_gap_not_from_equal_times(equal: int) -> None:
    kernel = Kernel()
    for _ in range(1 + equal):
        kernel.take(0.0, 1.0, 0.0)
    relative = [kernel.take(60.0 * (k + 1), 1.0, 60.0)[0] for k in range(20)]
    assert relative == pytest.approx([1.0] * 20)


def test_usual_gap_follows_the_gaps() -> None:
    kernel = Kernel()
    rng = np.random.default_rng(0)
    relative = [kernel.take(0.0, 0.0, float(gap))[0] for gap in rng.exponential(30.0, 2000)]
    assert 0.5 < np.median(relative[500:]) < 1.5


@relaxed
@given(
    st.lists(
        st.tuples(
            st.sampled_from((0.0, 5e-324, 1.0, -1.0, 1e-300, 1e100, -1e100)),
            st.sampled_from((0.0, 5e-324, 1e-12, 1.0, 1e15)),
        ),
        min_size=1,
        max_size=20,
    ),
    st.integers(1, 10),
)
def test_odd_input_stays_finite(events: list[tuple[float, float]], times: int) -> None:
    kernel = Kernel()
    time = 0.0
    for value, gap in events * times:
        time = min(time + gap, 1e15)
        relative, x, e = kernel.take(time, value, gap)
        assert 0 <= relative < np.inf
        assert abs(x) <= 200
        assert abs(e) <= 250
    assert not_finite(kernel.p) == []
    assert (np.diag(unpack(kernel.p["p"], SIZE)) > 0).all()
    assert len(kernel.p["ewma"]) == MEANS
