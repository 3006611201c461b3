"""Small liquid neural networks that learn from every event as it arrives."""

from liquid.model import IncompatibleRow, Model, ModelConfig, Result
from liquid.results import EVIDENCE, LEVELS

__all__ = ["EVIDENCE", "LEVELS", "IncompatibleRow", "Model", "ModelConfig", "Result"]
