"""The networks of state tracking: the same frame around every cell, at about equal parameters.

A frame is a linear layer from symbols to channels, then once or twice a cell and a gated layer (SwiGLU), pre-normed
with residuals, and a linear readout. The gated layers are as wide as brings the network to `budget` parameters.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from liquid.cells import GRU, LTC, S4D, Attention, Cell, CfC, LiquidS4, Mamba, Params, Stack
from liquid.cells.layers import Dense, SwiGLU
from liquid.training import Network

LONGEST = 256  # the window of attention


@dataclass(frozen=True)
class Entry:
    """A row of the tables.

    Parameters
    ----------
    make : the cell for so many channels, as many in as out.
    rate : of learning; the best of those tried, see `RATES` of the script.
    layers : cells with a gated layer each.
    bounded : the cell needs inputs between 0 and 1: no norm between the first layer, whose weights start there, and it.
    """

    make: Callable[[int], Cell]
    rate: float
    layers: int = 1
    bounded: bool = False


def gru(width: int) -> Cell:
    return GRU(inputs=width, units=width, time_feature="none", dtype="float32")


def cfc(width: int) -> Cell:
    return CfC(inputs=width, units=width, backbone_units=width, dtype="float32")


def ltc(width: int) -> Cell:
    return LTC(inputs=width, units=width, dtype="float32")


def mamba(width: int, modes: int = 8, expand: int = 2) -> Cell:
    return Mamba(inputs=width, modes=modes, expand=expand, dtype="float32")


def attention(width: int) -> Cell:
    return Attention(inputs=width, heads=2, window=LONGEST, dtype="float32")


def modes(width: int) -> int:
    """Of each channel, to make 32 or more altogether."""
    return max(1, 32 // width)


def s4d(width: int) -> Cell:
    return S4D(inputs=width, modes=modes(width), dtype="float32")


def liquid_s4(width: int) -> Cell:
    return LiquidS4(inputs=width, modes=modes(width), dtype="float32")


def turning(width: int) -> Cell:
    return LiquidS4(inputs=width, modes=modes(width), tracking=True, dt_min=1.0, dt_max=1.0, dtype="float32")


def flipping(width: int) -> Cell:
    return LiquidS4(
        inputs=width, modes=modes(width), recurrence="hadamard", measure="real", tracking=True, dt_min=1.0, dt_max=1.0,
        dtype="float32",
    )  # fmt: skip


ENTRIES = {
    "S4D": Entry(s4d, 0.01),
    "S4D, 2 layers": Entry(s4d, 0.01, layers=2),
    "Mamba": Entry(mamba, 0.01),
    "Mamba, 2 layers": Entry(partial(mamba, modes=4, expand=1), 0.01, layers=2),
    "attention": Entry(attention, 0.01),
    "attention, 2 layers": Entry(attention, 0.003, layers=2),
    "GRU": Entry(gru, 0.01),
    "CfC": Entry(cfc, 0.003),
    "LTC": Entry(ltc, 0.01),
    "Liquid-S4": Entry(liquid_s4, 0.01),
    "Liquid-S4 exact, tracking": Entry(turning, 0.001, bounded=True),
    "Liquid-S4 hadamard, tracking": Entry(flipping, 0.001, bounded=True),
}


def network(entry: Entry, symbols: int, states: int, width: int, budget: int) -> Network:
    """The frame around a cell, with at most about `budget` parameters beside the readout."""

    def framed(hidden: int) -> Stack:
        layers: list[Cell] = [Dense(inputs=symbols, units=width, bias=not entry.bounded, dtype="float32")]
        for _ in range(entry.layers):
            layers += [entry.make(width), SwiGLU(inputs=width, hidden=hidden, dtype="float32")]
        if entry.bounded:
            layers[:2] = [Stack(layers=tuple(layers[:2]))]
        return Stack(layers=tuple(layers), residual="add", norm=True)

    least, step = framed(1).param_count, 3 * width * entry.layers
    return Network(cell=framed(1 + max(0, (budget - least) // step)), outputs=states)


def start(entry: Entry, net: Network, seed: int) -> Params:
    params = net.init(seed)
    if entry.bounded:
        weight = params["cell.0.0.weight"]  # sees symbols as 0 and, for the norm before it, sqrt(symbols)
        weight[...] = np.random.default_rng([seed, 6]).integers(2, size=weight.shape) / np.sqrt(weight.shape[1])
    return params
