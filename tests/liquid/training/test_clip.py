import numpy as np
import pytest

from liquid.training import clip_norm


def test_long_gradients_become_shorter() -> None:
    gradient = np.array([3.0, -4.0])
    assert clip_norm(gradient, 1.0) == pytest.approx(5.0)
    np.testing.assert_allclose(gradient, [0.6, -0.8], rtol=1e-15)


@pytest.mark.parametrize("limit", [5.0001, None])
def test_short_ones_stay(limit: float | None) -> None:
    gradient = np.array([3.0, -4.0])
    assert clip_norm(gradient, limit) == 5
    assert gradient.tolist() == [3, -4]


@pytest.mark.parametrize(("dtype", "large"), [("float64", 1e300), ("float32", 1e38), ("float64", 1e-300)])
def test_squares_may_overflow(dtype: str, large: float) -> None:
    gradient = np.array([large, large], dtype)
    assert clip_norm(gradient, large) == pytest.approx(np.sqrt(2) * large, rel=1e-6)
    np.testing.assert_allclose(gradient, np.sqrt(0.5) * large, rtol=1e-6)
    assert gradient.dtype == dtype


def test_nothing_to_clip() -> None:
    zero = np.zeros(3)
    assert clip_norm(zero, 1.0) == 0
    assert not zero.any()
    with pytest.raises(ValueError, match="limit is 0"):
        clip_norm(zero, 0)
