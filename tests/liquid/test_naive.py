from pathlib import Path

import pytest

from tests.liquid import naive

TWINS = sorted(Path(naive.__file__).parent.glob("*.py"))


@pytest.mark.parametrize("twin", TWINS, ids=lambda path: path.stem)
def test_twins_call_no_kernel(twin: Path) -> None:
    """A twin that called a kernel, or its Python source, would agree with any mistake in it."""
    text = twin.read_text()
    assert "py_func" not in text
    assert "njit" not in text
    assert "kernel." not in text
