import numpy as np
import pytest

from liquid.features.origin import CONSTANT, LEVEL, ROW
from liquid.learning import correction, rls
from liquid.learning.correction import CORRECTION, SIZE
from tests.liquid.checks import not_finite, record, unpack
from tests.liquid.naive.rls import LeastSquares
from tests.liquid.tolerances import LEAST_SQUARES


def learned(n: int) -> tuple[np.void, LeastSquares]:
    """A correction and its twin after n rows."""
    rng = np.random.default_rng(0)
    mine, twin = record(CORRECTION), LeastSquares(SIZE, correction.PRIOR)
    correction.start(mine)
    gain = np.zeros(SIZE, np.float32)
    for _ in range(n):
        row = rng.normal(size=SIZE).astype(np.float32)
        error = float(0.5 - 0.3 * row[1] + 0.1 * rng.normal())
        rest = (correction.FORGETTING, correction.MOST, correction.PRIOR)
        rls.update(mine["w"], mine["p"], row, gain, SIZE, error - float(mine["w"] @ row), *rest)
        twin.update(row.astype(float), error - float(twin.w @ row), *rest)
    return mine, twin


def test_its_row_is_made_of_the_features_and_of_the_forecast_it_corrects() -> None:
    x = np.arange(ROW, dtype=np.float32)
    row = np.zeros(SIZE, np.float32)
    correction.fill(x, 0.25, row)
    assert row.tolist() == [CONSTANT, 0.25, LEVEL, LEVEL + 2]


@pytest.mark.parametrize(("factor", "shift"), [(0.6, -1.7), (1.0, 0.0), (2.0, 3.0)])
def test_recoding_equals_twin(factor: float, shift: float) -> None:
    mine, twin = learned(300)
    T = np.eye(SIZE)
    T[0, 0], T[0, 2] = factor, shift
    twin.transform(T)
    correction.recode(mine, factor, shift)
    np.testing.assert_allclose(mine["w"], twin.w, atol=1e-4)
    np.testing.assert_allclose(unpack(mine["p"], SIZE), twin.P, atol=LEAST_SQUARES * np.abs(twin.P).max())


def test_any_recoding_leaves_it_finite() -> None:
    mine, _ = learned(50)
    for factor, shift in [(1e-3, 1e3)] * 20 + [(1e3, -1e3)] * 20:
        correction.recode(mine, factor, shift)
    assert not_finite(mine) == []
    assert (np.diag(unpack(mine["p"], SIZE)) > 0).all()
