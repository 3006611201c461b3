"""The examples of docs/estimators.md run, in order, and give what their comments promise."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path
from typing import Any

import pytest

from tests.liquid.estimators.test_contract import EXCEPTIONS

PAGE = (Path(__file__).parents[3] / "docs" / "estimators.md").read_text()
PROMISE = re.compile(r"^print\((?P<said>.*)\)  # above (?P<least>[\d.]+)$", re.MULTILINE)


@pytest.mark.slow
def test_examples() -> None:
    names: dict[str, Any] = {}
    kept = 0
    for block in re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL):
        with contextlib.redirect_stdout(io.StringIO()):
            exec(compile(block, "docs/estimators.md", "exec"), names)
            for promise in PROMISE.finditer(block):
                assert eval(promise["said"], names) > float(promise["least"]), promise[0]
                kept += 1
    assert kept == 6


def test_exceptions_are_those_of_the_tests() -> None:
    rows = re.findall(r"^\| `(\w+)` \| `(check_\w+)` \|", PAGE, re.MULTILINE)
    assert {name for _, name in rows} == set(EXCEPTIONS)
    assert {name for name, _ in rows} == {"LiquidDetector"}
