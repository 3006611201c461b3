"""Small liquid neural networks that learn from every event as it arrives."""

from typing import TYPE_CHECKING, Any

from liquid.config import ModelConfig
from liquid.model import IncompatibleRow, Model, Result
from liquid.options import SeriesOptions
from liquid.results import EVIDENCE, LEVELS

if TYPE_CHECKING:
    from liquid.estimators import LiquidClassifier as LiquidClassifier
    from liquid.estimators import LiquidDetector as LiquidDetector
    from liquid.estimators import LiquidForecaster as LiquidForecaster
    from liquid.estimators import LiquidRegressor as LiquidRegressor

__all__ = ["EVIDENCE", "LEVELS", "IncompatibleRow", "Model", "ModelConfig", "Result", "SeriesOptions"]

# Not in __all__: `from liquid import *` must do without scikit-learn.
_ESTIMATORS = ("LiquidClassifier", "LiquidDetector", "LiquidForecaster", "LiquidRegressor")


def __getattr__(name: str) -> Any:
    """The estimators, loaded with scikit-learn when they are first asked for."""
    if name in _ESTIMATORS:
        from liquid import estimators

        return getattr(estimators, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_ESTIMATORS})
