"""Small liquid neural networks that learn from every event as it arrives."""

from liquid.config import ModelConfig
from liquid.model import IncompatibleRow, Model, Result
from liquid.results import EVIDENCE, LEVELS

__all__ = ["EVIDENCE", "LEVELS", "IncompatibleRow", "Model", "ModelConfig", "Result"]
