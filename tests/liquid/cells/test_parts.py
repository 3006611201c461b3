from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from liquid.cells import CfC, _parts, cfc

BATCH, LENGTH = 37, 5  # two parts and a rest that fills no tile


@pytest.fixture(autouse=True)
def _restore(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(_parts, "WORTH", 0)
    yield
    _parts.set_threads(None)


def arrays(cell: CfC) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {
        "x": rng.normal(size=(BATCH, LENGTH, 2)).astype(cell.dtype),
        "gaps": rng.lognormal(size=(BATCH, LENGTH)).astype(cell.dtype),
        "dy": rng.normal(size=(BATCH, LENGTH, cell.outputs)).astype(cell.dtype),
    }


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(
    "config",
    [
        {"units": 21},
        {"units": 3, "backbone_layers": 2, "projection": 2, "mixed_memory": True},
        {"units": 5, "mode": "pure"},
    ],
)
def test_one_by_one_and_with_any_number_of_threads(config: dict[str, Any], dtype: str) -> None:
    cell = CfC(inputs=2, backbone_units=19, dtype=dtype, **config)
    params, given = cell.init(0), arrays(cell)
    x, gaps, dy = given.values()
    found = []
    for count in (1, 2, 5):
        _parts.set_threads(count)
        found.append((*cell.run(params, x, gaps), *cell.grad(params, x, gaps, dy)))
    for other in found[1:]:
        for got, want in zip(other, found[0], strict=True):
            np.testing.assert_array_equal(getattr(got, "flat", got), getattr(want, "flat", want))

    y, last, whole = found[0][0], found[0][1], found[0][2]
    total = np.zeros_like(whole.flat)
    for b in range(BATCH):
        alone = slice(b, b + 1)
        own, end = cell.run(params, x[alone], gaps[alone])
        np.testing.assert_array_equal(own, y[alone])
        np.testing.assert_array_equal(end, last[alone])
        total += cell.grad(params, x[alone], gaps[alone], dy[alone]).params.flat
    close = 1e-11 if dtype == "float64" else 2e-4
    np.testing.assert_allclose(whole.flat, total, rtol=close, atol=close)


@pytest.mark.parametrize("longest", [0, cfc.LONGEST_TAPE])
def test_loss_and_gradient_at_once(longest: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether the tapes are kept or not."""
    monkeypatch.setattr(cfc, "LONGEST_TAPE", longest)
    cell = CfC(inputs=2, units=3, backbone_units=19, projection=2)
    params = cell.init(0)
    x, gaps, _ = arrays(cell).values()
    y, _ = cell.run(params, x, gaps)
    want = cell.grad(params, x, gaps, 2 * y)
    loss, got = cell.loss_grad(params, x, gaps, lambda y: (float(np.sum(y * y)), 2 * y))
    assert loss == np.sum(y * y)
    for a, b in ((got.params.flat, want.params.flat), (got.x, want.x), (got.gaps, want.gaps), (got.state, want.state)):
        np.testing.assert_array_equal(a, b)


def test_an_error_in_a_thread_is_ours() -> None:
    _parts.set_threads(3)
    with pytest.raises(ZeroDivisionError):
        _parts.each_part(BATCH, 1.0, lambda part: 1 // (part.start - 16))


def test_number_of_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    assert _parts.threads() == 7
    monkeypatch.setenv("LIQUIDSTREAM_THREADS", "3")
    assert _parts.threads() == 3
    for strange in ("0", "two", "-1"):
        monkeypatch.setenv("LIQUIDSTREAM_THREADS", strange)
        assert _parts.threads() == 7
    _parts.set_threads(2)
    assert _parts.threads() == 2
    with pytest.raises(ValueError, match="number of threads is 0"):
        _parts.set_threads(0)
