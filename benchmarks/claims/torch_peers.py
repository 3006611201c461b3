"""ODE-RNN and GRU-ODE in torch, as a user of torch would write them, with steps of their own or torchdiffeq's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

UNFOLDS = 4


def rk4(field: Callable[[Tensor], Tensor], h: Tensor, gap: Tensor) -> Tensor:
    """`UNFOLDS` steps of the classical method over gaps (batch, 1)."""
    d = gap / UNFOLDS
    for _ in range(UNFOLDS):
        k1 = field(h)
        k2 = field(h + 0.5 * d * k1)
        k3 = field(h + 0.5 * d * k2)
        k4 = field(h + d * k3)
        h = h + d / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    return h


def dopri5(field: Callable[[Tensor], Tensor], h: Tensor, gap: Tensor) -> Tensor:
    """Adaptive steps at the tolerances of Latent ODE's code; the gaps of a batch are scaled to one time span."""
    from torchdiffeq import odeint

    ends = torch.tensor([0.0, 1.0], dtype=h.dtype)
    moved: Tensor = odeint(lambda _, state: field(state) * gap, h, ends, rtol=1e-3, atol=1e-4, method="dopri5")
    return moved[-1]


class ODERNN(nn.Module):
    """Rubanova et al. 2019: an MLP field between samples, a GRU at each."""

    def __init__(self, inputs: int, units: int, solver: Callable[..., Tensor]) -> None:
        super().__init__()
        self.field = nn.Sequential(nn.Linear(units, units), nn.Tanh(), nn.Linear(units, units), nn.Tanh())
        self.cell = nn.GRUCell(inputs, units)
        self.solver = solver

    def forward(self, x: Tensor, h: Tensor, gap: Tensor) -> tuple[Tensor, Tensor]:
        h = self.cell(x, self.solver(self.field, h, gap))
        return h, h


class GRUODE(nn.Module):
    """De Brouwer et al. 2019: a GRU as a field between samples, another at each."""

    def __init__(self, inputs: int, units: int, solver: Callable[..., Tensor]) -> None:
        super().__init__()
        self.gates, self.candidate = nn.Linear(units, 2 * units), nn.Linear(units, units)
        self.cell = nn.GRUCell(inputs, units)
        self.solver = solver

    def field(self, h: Tensor) -> Tensor:
        r, z = torch.sigmoid(self.gates(h)).chunk(2, dim=1)
        return (1 - z) * (torch.tanh(self.candidate(r * h)) - h)

    def forward(self, x: Tensor, h: Tensor, gap: Tensor) -> tuple[Tensor, Tensor]:
        h = self.cell(x, self.solver(self.field, h, gap))
        return h, h


def cfc(inputs: int, units: int, **config: Any) -> nn.Module:
    """The reference library's cell."""
    from ncps.torch import CfCCell

    return CfCCell(inputs, units, **config)  # type: ignore[no-any-return]


def ltc(inputs: int, units: int) -> nn.Module:
    from ncps.torch import LTCCell
    from ncps.wirings import FullyConnected

    wiring = FullyConnected(units)
    wiring.build(inputs)
    return LTCCell(wiring, inputs, implicit_param_constraints=True)  # type: ignore[no-any-return]


def over(cell: nn.Module, x: Tensor, gaps: Tensor, units: int) -> Tensor:
    """Outputs (batch, length, units), sample by sample, as the gaps of irregular sequences demand."""
    h, found = x.new_zeros(len(x), units), []
    for t in range(x.shape[1]):
        y, h = cell(x[:, t], h, gaps[:, t : t + 1])
        found.append(y)
    return torch.stack(found, dim=1)
