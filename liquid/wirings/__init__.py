"""Wirings: which neurons of a liquid cell are connected, and with what sign.

A spec such as ``AutoNCP(19, 4)`` is a small hashable recipe; ``spec.build(inputs)`` makes the `Wiring`, the same one
every time. `draw` (in `liquid.wirings.draw`) makes a picture of it.
"""

from __future__ import annotations

from typing import Any

from liquid.wirings.base import Spec, Wiring
from liquid.wirings.explicit import Explicit, explicit
from liquid.wirings.fully_connected import FullyConnected
from liquid.wirings.ncp import NCP, AutoNCP
from liquid.wirings.random import Random

__all__ = [
    "NCP", "WIRINGS", "AutoNCP", "Explicit", "FullyConnected", "Random", "Spec", "Wiring", "explicit", "make_wiring",
]  # fmt: skip

WIRINGS: dict[str, type[Spec]] = {
    "auto_ncp": AutoNCP,
    "explicit": Explicit,
    "fully_connected": FullyConnected,
    "ncp": NCP,
    "random": Random,
}


def make_wiring(name: str, **spec: Any) -> Spec:
    """A wiring by its name in `WIRINGS`, with the fields of its class."""
    if name not in WIRINGS:
        raise ValueError(f"there is no wiring named {name!r}: choose one of {', '.join(WIRINGS)}")
    return WIRINGS[name](**spec)
