"""Diagonal state space, S4D (Gu, Gupta, Goel, Ré, NeurIPS 2022, arXiv 2206.11893).

The linear recurrence of `liquid.cells.liquid_s4`, which has the formulas, parameters and state: x <- a x + b u with
a, b from lambda, B and the time since the last sample, y = 2 Re(C x) + D u, for each input a channel of its own.
`measure` gives S4D-Lin ("lin"), S4D-Inv ("inv"), S4D-LegS ("legsd") and the others of `liquid.cells.hippo`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from liquid.cells.liquid_s4 import LiquidS4


@dataclass(frozen=True, kw_only=True)
class S4D(LiquidS4, name="s4d"):
    """`LiquidS4` with the plain recurrence; the other fields are its."""

    recurrence: str = field(default="plain", init=False)
