import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liquid.anomaly import tails
from liquid.anomaly.tails import CAP, FIRST, FORGET, TAIL
from tests.liquid.checks import not_finite, record
from tests.liquid.naive.tails import Tail
from tests.liquid.odd import relaxed
from tests.liquid.tolerances import ACCUMULATED

PLAIN = (1, 10, 30, 0.0, False)  # samples each, together, longest, floor, body
SHAPES = [(2**level, 24, 48, 0.0, True) for level in range(5)]


class Kernel:
    def __init__(self, *settings: float) -> None:
        self.settings = settings or PLAIN
        self.tail = record(TAIL)
        tails.start(self.tail)

    def evidence(self, x: float) -> float:
        return tails.evidence(self.tail, x, *self.settings)

    def all(self, x: np.ndarray) -> np.ndarray:
        return np.array([self.evidence(v) for v in x])


LAWS = {
    "normal": lambda rng, n: rng.normal(size=n),
    "cauchy": lambda rng, n: rng.standard_cauchy(n),
    "clustered": lambda rng, n: np.convolve(rng.normal(size=n), np.ones(8), "same"),
    "growing": lambda rng, n: rng.normal(size=n) + np.arange(n) / 500,
    "shrinking": lambda rng, n: rng.normal(size=n) * np.exp(-np.arange(n) / 1000),
    "few values": lambda rng, n: rng.integers(0, 4, n).astype(float),
    "constant": lambda rng, n: np.full(n, -2.995),
    "spikes": lambda rng, n: rng.normal(size=n) + 100.0 * (rng.random(n) < 0.01),
}


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("settings", [PLAIN, (1, 10, 30, 0.5, False), SHAPES[0], SHAPES[3]], ids=str)
def test_equals_twin(law: str, settings: tuple[int, int, int, float, bool]) -> None:
    kernel, twin = Kernel(*settings), Tail(*settings)
    x = LAWS[law](np.random.default_rng(0), 6000 if settings[0] == 1 else 2000)
    expected = [twin.evidence(v) for v in x]
    np.testing.assert_allclose(kernel.all(x), expected, atol=1e-3)
    np.testing.assert_allclose(kernel.tail["peak"], [p.height for p in twin.peaks], rtol=ACCUMULATED)
    assert kernel.tail["median"] == pytest.approx(twin.median, abs=1e-3)
    assert kernel.tail["count"] == twin.count


@pytest.mark.parametrize("law", ["normal", "exponential", "laplace", "logistic"])
def test_evidence_is_calibrated(law: str) -> None:
    """Peaks with A >= 2 come about once in 100 samples at most, and not ten times more seldom; A >= 3 likewise."""
    counts = np.zeros(2)
    for seed in range(10):
        a = Kernel().all(getattr(np.random.default_rng(seed), law)(size=8000))
        counts += [(a >= 2).sum(), (a >= 3).sum()]
    assert 80_000 / 100 / 30 < counts[0] < 80_000 / 100 * 2
    assert 80_000 / 1000 / 20 < counts[1] < 80_000 / 1000 * 2


@given(st.sampled_from((2.0, 0.25, 1024.0)), st.sampled_from((0.0, 8.0, -64.0)), st.booleans())
@relaxed
def test_shift_and_scale_of_the_statistic_do_not_matter(scale: float, shift: float, body: bool) -> None:
    x = np.float32(np.random.default_rng(0).normal(size=1500))
    settings = (1, 10, 30, 0.0, body)
    np.testing.assert_allclose(Kernel(*settings).all(shift + scale * x), Kernel(*settings).all(x), atol=1e-2)


def test_says_nothing_before_there_are_samples_and_peaks() -> None:
    kernel = Kernel()
    assert not kernel.all(np.append(np.random.default_rng(0).normal(size=FIRST), 1e6)).any()
    assert Kernel(*SHAPES[4]).all(np.random.default_rng(0).normal(size=FIRST // 16)).max() == 0


def test_more_unusual_is_more_evidence() -> None:
    x = np.random.default_rng(0).normal(size=3000)
    evidence = []
    for last in (0.0, 3.0, 4.0, 6.0, 10.0, 100.0, 1e6):
        kernel = Kernel()
        kernel.all(x)
        evidence.append(kernel.evidence(last))
    assert evidence == sorted(evidence)
    assert evidence[0] == 0
    assert evidence[-1] == CAP


def test_one_huge_peak_does_not_hide_the_next() -> None:
    rng = np.random.default_rng(0)
    kernel = Kernel()
    kernel.all(rng.normal(size=2000))
    assert kernel.evidence(1e4) == CAP
    kernel.all(rng.normal(size=500))
    assert kernel.evidence(12.0) > 4


def test_a_cluster_counts_as_one_peak() -> None:
    rng = np.random.default_rng(0)
    kernel = Kernel()
    kernel.all(rng.normal(size=2000))
    kernel.all(np.linspace(10, 20, 11))
    assert (kernel.tail["peak"] > 5).sum() == 1
    kernel.all(np.zeros(30))
    kernel.evidence(15.0)
    assert (kernel.tail["peak"] > 5).sum() == 2


def test_a_long_cluster_is_cut() -> None:
    kernel = Kernel()
    kernel.all(np.random.default_rng(0).normal(size=2000))
    kernel.all(np.linspace(10, 20, 31))
    assert (kernel.tail["peak"] > 5).sum() == 2


def test_the_largest_peak_is_forgotten_in_the_end() -> None:
    rng = np.random.default_rng(0)
    kernel = Kernel()
    kernel.all(rng.normal(size=1000))
    kernel.evidence(1e4)
    kernel.all(rng.normal(size=FORGET))
    assert kernel.tail["peak"][0] < 10


def test_body_ranks_what_lies_between_median_and_peaks() -> None:
    x = np.random.default_rng(0).normal(size=3000)
    body, plain = Kernel(*SHAPES[0]), Kernel(1, 24, 48, 0.0, False)
    body.all(x)
    plain.all(x)
    a = [body.evidence(v) for v in (-1.0, 0.5, 1.0, 2.0)]
    assert a[0] == 0
    assert 0 < a[1] < a[2] < a[3] < math.log10(3000 / 5) + 0.01
    assert plain.evidence(2.0) == 0


@relaxed
@given(
    st.lists(st.sampled_from((0.0, 1e-30, 1.0, -1.0, 200.0, -200.0, 27.6, 1e30, -1e30)), min_size=1, max_size=12),
    st.integers(100, 600),
    st.sampled_from((PLAIN, *SHAPES)),
)
def test_odd_input_stays_finite(values: list[float], n: int, settings: tuple[int, int, int, float, bool]) -> None:
    kernel = Kernel(*settings)
    a = kernel.all(np.resize(values, n))
    assert np.isfinite(a).all()
    assert (a >= 0).all()
    assert (a <= CAP).all()
    assert not_finite(kernel.tail) == []
