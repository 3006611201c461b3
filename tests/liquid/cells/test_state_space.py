import doctest
from pathlib import Path

import pytest

from benchmarks import state_space


def test_documented_examples() -> None:
    results = doctest.testfile(str(Path(__file__).parents[3] / "docs" / "state_space.md"), module_relative=False)
    assert results.attempted > 10
    assert results.failed == 0


@pytest.mark.slow
def test_benchmark_compares_equal_work(capsys: pytest.CaptureFixture[str]) -> None:
    """Each parallel form is first checked against the recurrence."""
    state_space.main(modes=4, batch=2, longest=256, rounds=1)
    printed = capsys.readouterr().out
    assert "S4D" in printed
    assert printed.count("256") == 3
