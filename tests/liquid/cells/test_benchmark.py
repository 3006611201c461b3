import pytest

from benchmarks import cells


@pytest.mark.slow
def test_compares_equal_work(capsys: pytest.CaptureFixture[str]) -> None:
    """Each cell is first checked against its numpy loop."""
    cells.main(samples=20, rounds=1)
    assert "Liquid-S4 64 modes" in capsys.readouterr().out
