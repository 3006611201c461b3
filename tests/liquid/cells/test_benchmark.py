from typing import Any

import numpy as np
import pytest

from benchmarks import cells
from benchmarks.claims.common import Table
from benchmarks.multiply_adds import count, peak
from liquid.cells import CELLS, LTC, CfC, LiquidS4, NeuralODE
from liquid.wirings import FullyConnected


@pytest.mark.slow
def test_runs_and_says_what_is_missing(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Each cell is first checked against its numpy loop."""
    monkeypatch.setattr(cells, "PEERS", False)
    monkeypatch.setenv("COLUMNS", "200")
    cells.main(samples=4, rounds=1)
    out = capsys.readouterr().out
    for name in ("Liquid-S4 64 modes", "CfC 16", *CELLS, "pip install -e '.[peers]'"):
        assert name in out


def test_different_work_is_not_compared() -> None:
    cells.same("equal", 1e-6, 1.0)
    for difference in (0.01, np.nan):
        with pytest.raises(AssertionError, match="CfC: outputs differ by"):
            cells.same("CfC", difference, 1.0)


def test_page() -> None:
    table = Table("Title", "cell")
    table.add("CfC 16", "run", 1.0)
    page = cells.written(cells.PAGE.read_text(), "settings", [table])
    assert "settings\n\n**Title**" in page
    assert "| CfC 16 | 1.000 |" in page
    assert cells.written(page, "settings", [table]) == page


@pytest.mark.parametrize(
    ("cell", "least"),
    [
        (CfC(inputs=2, units=16), 18 * 128 + 128 * 64),
        (LTC(inputs=2, wiring=FullyConnected(3, 1)), 3 * (6 * 9 + 6)),
        (LiquidS4(inputs=1, modes=64), 768),
        (NeuralODE(inputs=2, units=4, hidden_units=8), 16 * (8 * 6 + 4 * 8)),
    ],
)
def test_multiply_adds(cell: Any, least: int) -> None:
    assert count(cell) == least


def test_single_precision_does_more() -> None:
    assert peak("float32", 5) > 1.2 * peak("float64", 5) > 0
