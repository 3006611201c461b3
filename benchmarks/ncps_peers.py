"""CfC and LTC of ncps on torch, with cells of ours that have the same weights. Needs the extra `peers`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ncps.torch
import ncps.wirings
import numpy as np
import torch

from liquid.cells import Cell, Params
from liquid.interop import from_ncps, rename

INPUTS = 2
MOTORS = 4


def version() -> str:
    return f"torch {torch.__version__}"


def model_of(name: str, units: int) -> torch.nn.Module:
    torch.manual_seed(0)
    if name == "CfC":
        return ncps.torch.CfC(INPUTS, units, batch_first=True)
    return ncps.torch.LTC(INPUTS, ncps.wirings.AutoNCP(units, MOTORS), batch_first=True)


def ours(model: torch.nn.Module) -> tuple[Cell, Params]:
    return from_ncps(model, dtype="float32")


def outputs(model: Any, x: np.ndarray, gaps: np.ndarray) -> np.ndarray:
    """Of one sequence (length, inputs), sample by sample."""
    h, found = torch.zeros(1, model.state_size), []
    with torch.inference_mode():
        for u, gap in zip(torch.from_numpy(x), torch.from_numpy(gaps), strict=True):
            y, h = model.rnn_cell(u[None], h, gap.reshape(1, 1))
            found.append(y[0].numpy().copy())
    return np.array(found)


def steps(model: Any, x: np.ndarray, gaps: np.ndarray, count: int) -> dict[str, Callable[[], None]]:
    """`count` samples one by one with one thread: by the inner cell alone, and by the model as a user calls it."""
    inputs = [torch.from_numpy(u)[None] for u in x[:count]]
    times = [torch.tensor([[gap]]) for gap in gaps[:count]]
    sequences = [u[None] for u in inputs]

    def cell() -> None:
        torch.set_num_threads(1)
        with torch.inference_mode():
            h = torch.zeros(1, model.state_size)
            for u, gap in zip(inputs, times, strict=True):
                _, h = model.rnn_cell(u, h, gap)

    def whole() -> None:
        torch.set_num_threads(1)
        with torch.inference_mode():
            h = torch.zeros(1, model.state_size)
            for u, gap in zip(sequences, times, strict=True):
                _, h = model(u, h, timespans=gap)

    return {"cell": cell, "model": whole}


def training(model: Any, x: np.ndarray, gaps: np.ndarray, threads: int) -> Callable[[], dict[str, np.ndarray]]:
    """A step of AdamW on the mean square of all outputs; returns the gradient by our names.

    The samples go through the inner cell: ncps 1.0.1's own loop takes the gaps of a batch for those of units.
    """
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-4, fused=True)
    inputs, times = torch.from_numpy(x).unbind(1), torch.from_numpy(gaps)[..., None].unbind(1)

    def step() -> dict[str, np.ndarray]:
        torch.set_num_threads(threads)
        h, found = torch.zeros(len(x), model.state_size), []
        for u, gap in zip(inputs, times, strict=True):
            y, h = model.rnn_cell(u, h, gap)
            found.append(y)
        optimiser.zero_grad(set_to_none=True)
        torch.stack(found, 1).square().mean().backward()
        optimiser.step()
        return rename({name: p.grad.numpy() for name, p in model.named_parameters() if p.grad is not None})

    return step
