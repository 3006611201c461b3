"""Genomes: what can be built, and the network that a genome stands for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields

from liquid.cells import Cell, make
from liquid.cells.layers import Dense, SwiGLU
from liquid.cells.stack import RESIDUALS, Stack
from liquid.training.network import Network
from liquid.wirings import AutoNCP, FullyConnected, Random, Spec

Block = Callable[[int, str, str], Cell]  # width, wiring, dtype -> a cell with as many inputs as outputs


def _wired(name: str) -> Block:
    return lambda width, wiring, dtype: make(name, inputs=width, wiring=WIRED[wiring](width), dtype=dtype)


def _plain(name: str, **config: int | str) -> Block:
    return lambda width, wiring, dtype: make(name, inputs=width, units=width, dtype=dtype, **config)


def _modes(name: str, modes: int) -> Block:
    """State spaces keep channels apart, so a layer that mixes them follows."""

    def block(width: int, wiring: str, dtype: str) -> Cell:
        layer = make(name, inputs=width, modes=modes, dtype=dtype)
        return Stack(layers=(layer, SwiGLU(inputs=width, hidden=width, dtype=dtype)))

    return block


def _same_width(name: str, **config: int) -> Block:
    return lambda width, wiring, dtype: make(name, inputs=width, dtype=dtype, **config)


#: Wirings of `width` outputs by name.
WIRED: dict[str, Callable[[int], Spec]] = {
    "full": lambda width: FullyConnected(width, width),
    "random": lambda width: Random(width, width, sparsity=0.5),
    "ncp": lambda width: AutoNCP(2 * width + 4, width, sparsity=0.5),
    "sparse_ncp": lambda width: AutoNCP(2 * width + 4, width, sparsity=0.8),
}

BLOCKS: dict[str, Block] = {
    "cfc": _plain("cfc", backbone_layers=0),
    "cfc_backbone": lambda w, _, dtype: make("cfc", inputs=w, units=w, backbone_units=2 * w, dtype=dtype),
    "wired_cfc": _wired("wired_cfc"),
    "ltc": _wired("ltc"),
    "liquid_s4": _modes("liquid_s4", 8),
    "s4d": _modes("s4d", 8),
    "gru": _plain("gru"),
    "lstm": _plain("lstm"),
    "mamba": _same_width("mamba", modes=8),
    "attention": _same_width("attention", heads=2, kv_heads=1, window=32),
    "gated_conv": _same_width("gated_conv"),
}
#: Blocks for which the wiring makes a difference.
WIRED_BLOCKS = ("wired_cfc", "ltc")


@dataclass(frozen=True)
class Space:
    """What the search chooses from.

    Parameters
    ----------
    blocks, wirings : names of `BLOCKS` and `WIRED`. widths : channels between blocks. depth : most blocks.
    residuals : ways around the blocks (`liquid.cells.stack`): "none", "add", or "gate", a trained mix per channel.
    rates : lowest and highest learning rate.
    """

    blocks: tuple[str, ...] = tuple(BLOCKS)
    widths: tuple[int, ...] = (4, 8, 16, 32)
    depth: int = 3
    wirings: tuple[str, ...] = tuple(WIRED)
    residuals: tuple[str, ...] = RESIDUALS
    rates: tuple[float, float] = (1e-3, 3e-2)

    def __post_init__(self) -> None:
        for name, known in (("blocks", BLOCKS), ("wirings", WIRED), ("residuals", RESIDUALS)):
            given = getattr(self, name)
            if unknown := set(given) - set(known):
                raise ValueError(f"{name} has {', '.join(sorted(unknown))}, but known are {', '.join(known)}")
        for field in fields(self):
            if field.name != "depth" and not getattr(self, field.name):
                raise ValueError(f"{field.name} is empty: there is nothing to choose from")
        if self.depth < 1 or min(self.widths) < 2:
            raise ValueError("depth must be at least 1 and widths at least 2")
        if not 0 < self.rates[0] <= self.rates[1]:
            raise ValueError(f"rates are {self.rates}, but 0 < lowest <= highest is needed")


@dataclass(frozen=True)
class Genome:
    """Blocks one after the other, each a pair (block, wiring; "" if it has none); their width; the way around them,
    with a norm before each or not; and the learning rate it trains with."""

    blocks: tuple[tuple[str, str], ...]
    width: int
    residual: str
    norm: bool
    rate: float

    def network(self, inputs: int, outputs: int, dtype: str = "float32") -> Network:
        """A linear layer to `width` channels, the blocks, and a linear readout."""
        layers = tuple(BLOCKS[name](self.width, wiring, dtype) for name, wiring in self.blocks)
        core = Stack(layers=layers, residual=self.residual, norm=self.norm)
        entrance = Dense(inputs=inputs, units=self.width, dtype=dtype)
        return Network(cell=Stack(layers=(entrance, core)), outputs=outputs)

    def __str__(self) -> str:
        names = " > ".join(f"{name}({wiring})" if wiring else name for name, wiring in self.blocks)
        around = "" if self.residual == "none" else f" {self.residual}"
        return f"{names} x{self.width}{around}{' norm' if self.norm else ''}"
