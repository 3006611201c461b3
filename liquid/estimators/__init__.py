"""Liquid networks as scikit-learn estimators; `liquid` offers them by the same names."""

from __future__ import annotations

try:
    import sklearn  # noqa: F401
except ImportError as error:
    raise ImportError(
        "the estimators need scikit-learn, which is not installed: pip install 'liquidstream[sklearn]'"
    ) from error

from liquid.estimators.classifier import LiquidClassifier
from liquid.estimators.detector import LiquidDetector
from liquid.estimators.forecaster import LiquidForecaster
from liquid.estimators.regressor import LiquidRegressor

__all__ = ["LiquidClassifier", "LiquidDetector", "LiquidForecaster", "LiquidRegressor"]
