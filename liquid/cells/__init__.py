"""Liquid cells: small recurrent networks for samples at irregular times, trainable and exact.

>>> from liquid.cells import make
>>> cell = make("cfc", inputs=2, units=16)
>>> params = cell.init(0)
>>> y, state = cell.step(params, cell.zero_state(), u=[[0.5, -1.0]], gap=[0.25])
>>> y.shape
(1, 16)
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from liquid.cells._parts import set_threads, threads
from liquid.cells.attention import Attention
from liquid.cells.base import CELLS, Cell, Gradients
from liquid.cells.cfc import CfC
from liquid.cells.gated_conv import GatedConv
from liquid.cells.gru import GRU
from liquid.cells.gru_d import GRUD
from liquid.cells.gru_ode import GRUODE
from liquid.cells.hybrid import Hybrid
from liquid.cells.liquid_s4 import LiquidS4
from liquid.cells.lstm import LSTM
from liquid.cells.ltc import LTC
from liquid.cells.mamba import Mamba
from liquid.cells.neural_ode import NeuralODE
from liquid.cells.ode_rnn import ODERNN
from liquid.cells.params import Params
from liquid.cells.s4 import S4
from liquid.cells.s4d import S4D
from liquid.cells.stack import Stack
from liquid.cells.stepper import Stepper
from liquid.cells.wired_cfc import WiredCfC

__all__ = [
    "CELLS",
    "GRU",
    "GRUD",
    "GRUODE",
    "LSTM",
    "LTC",
    "ODERNN",
    "S4",
    "S4D",
    "Attention",
    "Cell",
    "CfC",
    "GatedConv",
    "Gradients",
    "Hybrid",
    "LiquidS4",
    "Mamba",
    "NeuralODE",
    "Params",
    "Stack",
    "Stepper",
    "WiredCfC",
    "make",
    "set_threads",
    "threads",
]


def make(name: str, **config: Any) -> Cell:
    """A cell by its name in `CELLS`, with the fields of its class."""
    if name not in CELLS:
        raise ValueError(f"there is no cell named {name!r}: choose one of {', '.join(CELLS)}")
    return CELLS[name](**config)


# Every file here that does not begin with an underscore, so that a cell in a new one is registered as well.
for _module in sorted(module.name for module in iter_modules(__path__)):
    if not _module.startswith("_"):
        import_module(f"{__name__}.{_module}")
