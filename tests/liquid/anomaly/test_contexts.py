import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liquid.anomaly import contexts
from liquid.anomaly.contexts import _COUNT, CONTEXTS, FIRST, habits_dtype
from tests.liquid.checks import not_finite, record
from tests.liquid.naive.contexts import EXACT, FULL, Habits, halved, raised
from tests.liquid.odd import STREAMS, relaxed, stream
from tests.liquid.tolerances import DOUBLE

BINS = 16


class Kernel:
    def __init__(self) -> None:
        self.habits = record(habits_dtype(BINS, 24))
        self.out = np.zeros(CONTEXTS)

    def observe(self, time: float, value: float) -> np.ndarray:
        contexts.observe(self.habits, time, value, self.out)
        return self.out.copy()


@pytest.mark.parametrize("name", STREAMS)
def test_equals_twin(name: str) -> None:
    kernel, twin = Kernel(), Habits()
    for time, value in zip(*stream(name, 1500), strict=True):
        np.testing.assert_allclose(kernel.observe(time, value), twin.observe(time, value), atol=DOUBLE)


def test_counts_beyond_a_byte_equal_twin() -> None:
    """Long enough for coins and for the halving of full rows."""
    kernel, twin = Kernel(), Habits()
    rng = np.random.default_rng(0)
    for k, value in enumerate(rng.choice([0.0, 1.0, 16.0], 25_000, p=[0.9, 0.09, 0.01])):
        np.testing.assert_allclose(kernel.observe(60.0 * k, value), twin.observe(60.0 * k, value), atol=DOUBLE)


def test_codes_are_counts() -> None:
    """The table of the code equals what raising without a coin gives: 0, 1, ..., 64, 66, ..., 4032."""
    count, codes = 0, []
    while count <= FULL:
        codes.append(count)
        count += max(1, 2 ** (count.bit_length() - 6))
    assert _COUNT.tolist() == codes
    assert len(codes) == 256
    assert codes[EXACT] == EXACT
    for code in range(64, 256):
        assert _COUNT[code - 32] == halved(codes[code])


def test_counting_is_right_on_average() -> None:
    """Event numbers of one bin come at any stride; the hashed coin must be fair for all."""
    for stride in (1, 2, 3, 7, 24, 64, 1000):
        counts = []
        for start in range(40):
            code, count = 0, 0
            for k in range(1000):
                n = start * 100_003 + k * stride
                code, count = contexts._raise(code, n), raised(count, n)
            assert _COUNT[code] == count
            counts.append(count)
        assert np.mean(counts) == pytest.approx(1000, rel=0.1), stride


def test_evidence_is_the_share_of_what_happened_before() -> None:
    kernel = Kernel()
    rng = np.random.default_rng(0)
    values = rng.choice([0.0, 1.0], 2000)
    values[:2] = 0, 16  # the range
    for k, value in enumerate(values):
        a = kernel.observe(60.0 * k, value)
    assert a[0] < 0.2
    # a jump to the empty end of the range: only the one value at the start came near
    a = kernel.observe(60.0 * len(values), 12.0)
    assert a[0] == pytest.approx(np.log10((2000 / 4 + 1) / 0.1), abs=0.1)


def test_habit_of_the_hour() -> None:
    """A value that is common at noon is unusual at midnight."""
    rng = np.random.default_rng(0)
    t = 3600.0 * np.arange(24 * 60)
    v = np.where((t % 86400 > 8 * 3600) & (t % 86400 < 18 * 3600), 10.0, 0.0) + rng.normal(size=len(t))
    at = {}
    for hour in (0, 12):
        kernel = Kernel()
        for time, value in zip(t, v, strict=True):
            kernel.observe(time, value)
        at[hour] = kernel.observe(t[-1] + 3600.0 * (hour + 1), 10.0)[2]
    assert at[0] > at[12] + 0.8


def test_says_nothing_in_the_first_events() -> None:
    kernel = Kernel()
    for k in range(FIRST + 1):
        assert not kernel.observe(60.0 * k, k % 2).any()
    assert kernel.observe(60.0 * (FIRST + 1), 0.0).any()


@relaxed
@given(
    st.lists(st.sampled_from((0.0, -0.0, 5e-324, 1e-300, 1.0, -1.0, 1e100, -1e100)), min_size=1, max_size=10),
    st.sampled_from((0.0, 1e-12, 1800.0, -1e9, 1e12)),
    st.integers(1, 400),
)
def test_odd_input_stays_finite(values: list[float], gap: float, n: int) -> None:
    kernel = Kernel()
    for k, value in enumerate(np.resize(values, n)):
        a = kernel.observe(k * gap, value)
        assert np.isfinite(a).all()
        assert (a >= 0).all()
    assert not_finite(kernel.habits) == []
    assert 0 <= kernel.habits["last"] < BINS
