"""Which tests of cells are left to the whole suite."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

#: Kernels of a second type, and of the explicit solvers, compile for minutes where nothing is cached yet.
_COMPILES = re.compile(r"float32|ltc-[234]|rk4|dopri5|euler")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents and _COMPILES.search(item.name):
            item.add_marker(pytest.mark.slow)
