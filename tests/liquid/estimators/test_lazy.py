"""`import liquid` does without scikit-learn, and says what is missing where it is needed."""

import subprocess
import sys

import pytest

import liquid

PROGRAM = """
import sys
import liquid
from liquid import *
assert not [name for name in sys.modules if name.startswith("sklearn")]
assert "LiquidRegressor" in dir(liquid)
sys.modules["sklearn"] = None
from liquid import LiquidRegressor
"""


def test_without_scikit_learn() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=120)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "ImportError: the estimators need scikit-learn, which is not installed: pip install 'liquidstream[sklearn]'"
    )


def test_unknown_names_are_attribute_errors() -> None:
    with pytest.raises(AttributeError, match="module 'liquid' has no attribute 'LiquidClusterer'"):
        _ = liquid.LiquidClusterer  # type: ignore[attr-defined]
