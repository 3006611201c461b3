import doctest
import importlib
import pkgutil

import pytest

import liquid

MODULES = sorted(m.name for m in pkgutil.walk_packages(liquid.__path__, "liquid."))


def test_what_is_public_is_this_list() -> None:
    assert liquid.__all__ == [
        "EVIDENCE", "LEVELS", "IncompatibleRow", "Model", "ModelConfig", "Result", "SeriesOptions",
    ]  # fmt: skip
    assert all(hasattr(liquid, name) for name in liquid.__all__)


@pytest.mark.parametrize("module", ["liquid", *MODULES])
def test_docstring_examples_run(module: str) -> None:
    assert doctest.testmod(importlib.import_module(module)).failed == 0


def test_there_are_examples() -> None:
    assert doctest.testmod(importlib.import_module("liquid.model")).attempted > 0
