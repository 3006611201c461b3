"""Networks at about equal parameters, for comparisons of cells: `sized` makes each as wide as its budget allows.

Recurrent cells are read out directly. S4D, Liquid-S4, Mamba and attention mix samples but hardly channels, so they come
as they are used: a linear layer from the inputs to channels, then twice the cell and a gated layer (SwiGLU), each
pre-normed with a residual; the gated layers have the width that is left over. So few parameters are better spent on
units of the CfC than on a hidden layer in front of them; one row has it, as wide as the state. In the LTC all neurons
act on all, and its outputs have no mapping of their own, since a readout follows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from liquid.cells import (
    GRU,
    GRUD,
    GRUODE,
    LSTM,
    LTC,
    ODERNN,
    S4D,
    Attention,
    Cell,
    CfC,
    LiquidS4,
    Mamba,
    NeuralODE,
    Stack,
)
from liquid.cells.layers import Dense, SwiGLU
from liquid.training import Network

CHANNELS = 12  # of the cells in a frame
BLOCKS = 2
WINDOW = 128  # of attention, longer than all sequences of the tasks
UNFOLDS = 2  # steps of the ODE cells for each gap, of order 4
FASTEST, SLOWEST = 1.0, 0.01  # rates that state spaces start with, in 1 / unit of the gaps, which is the mean gap

Make = Callable[[int, int], Cell]  # inputs, width


def framed(mixer: Cell) -> Make:
    def make(inputs: int, width: int) -> Cell:
        gated = SwiGLU(inputs=CHANNELS, hidden=width)
        blocks = Stack(layers=(mixer, gated) * BLOCKS, residual="add", norm=True)
        return Stack(layers=(Dense(inputs=inputs, units=CHANNELS), blocks))

    return make


MAKES: dict[str, Make] = {
    "CfC": lambda inputs, width: CfC(inputs=inputs, units=width, backbone_layers=0),
    "CfC, backbone": lambda inputs, width: CfC(inputs=inputs, units=width, backbone_units=width),
    "CfC, no gate": lambda inputs, width: CfC(inputs=inputs, units=width, backbone_layers=0, mode="no_gate"),
    "CfC, pure": lambda inputs, width: CfC(inputs=inputs, units=width, backbone_layers=0, mode="pure"),
    "CfC, mixed memory": lambda inputs, width: CfC(inputs=inputs, units=width, backbone_layers=0, mixed_memory=True),
    "LTC": lambda inputs, width: LTC(inputs=inputs, units=width, output_mapping=None),
    "Liquid-S4": framed(LiquidS4(inputs=CHANNELS, modes=2, dt_min=SLOWEST, dt_max=FASTEST)),
    "S4D": framed(S4D(inputs=CHANNELS, modes=2, dt_min=SLOWEST, dt_max=FASTEST)),
    "GRU": lambda inputs, width: GRU(inputs=inputs, units=width),
    "LSTM": lambda inputs, width: LSTM(inputs=inputs, units=width),
    "GRU-D": lambda inputs, width: GRUD(inputs=inputs, units=width),
    "ODE-RNN": lambda inputs, width: ODERNN(inputs=inputs, units=width, hidden_units=width, unfolds=UNFOLDS),
    "GRU-ODE": lambda inputs, width: GRUODE(inputs=inputs, units=width, unfolds=UNFOLDS),
    "neural ODE": lambda inputs, width: NeuralODE(inputs=inputs, units=width, hidden_units=width, unfolds=UNFOLDS),
    "Mamba": framed(Mamba(inputs=CHANNELS, modes=8, expand=1, dt_min=SLOWEST, dt_max=FASTEST)),
    "attention": framed(Attention(inputs=CHANNELS, heads=2, window=WINDOW)),
}


def sized(name: str, inputs: int, outputs: int, budget: int) -> Network:
    """The network with the parameter count nearest to `budget`, readout included."""

    def network(width: int) -> Network:
        return Network(cell=replace(MAKES[name](inputs, width), dtype="float32"), outputs=outputs)

    width = 1
    while network(width + 1).param_count <= budget:
        width += 1
    return min(network(width), network(width + 1), key=lambda found: abs(found.param_count - budget))
