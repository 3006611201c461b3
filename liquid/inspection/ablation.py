"""Who matters now: outputs with one neuron silenced, against those of the whole network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from liquid.cells.base import Recurrent
from liquid.cells.params import Array
from liquid.inspection.neurons import neuron_names, outlet_of, parts_of

HOLDS = ("zero", "mean")


class Ablation(NamedTuple):
    """effect : (neurons, batch, length, outputs), the outputs without a neuron less those with all. names : of the
    neurons. direct : whether a silenced neuron is missing from the outputs of the same sample too; if not, its effect
    begins one sample later (cells whose outputs are not simply numbers of their state)."""

    effect: Array
    names: tuple[str, ...]
    direct: bool

    def importance(self) -> Array:
        """(neurons, batch, length): mean absolute effect on the outputs at each moment."""
        return np.abs(self.effect).mean(axis=3)

    def ranking(self, at: int | None = None) -> list[tuple[str, float]]:
        """Neurons by importance, the greatest first: at a sample, or over all of them."""
        importance = self.importance()
        total = importance.mean(axis=(1, 2)) if at is None else importance[:, :, at].mean(axis=1)
        return [(self.names[i], float(total[i])) for i in np.argsort(-total, kind="stable")]


def ablation(
    model: Recurrent,
    params: Mapping[str, ArrayLike],
    x: ArrayLike,
    gaps: ArrayLike,
    state: ArrayLike | None = None,
    *,
    neurons: Sequence[int] | None = None,
    hold: str = "zero",
) -> Ablation:
    """Hold one number of the state after the other still, from the first sample on, and run the sequences again.

    Parameters
    ----------
    neurons : those to silence; default all.
    hold : at "zero", or at the "mean" it has over the whole run (of all sequences), which asks for what the neuron
        *says* rather than what its being there does.
    """
    if hold not in HOLDS:
        raise ValueError(f"hold is {hold!r}, but must be one of {', '.join(HOLDS)}")
    parts = parts_of(model, params)
    cell, own = parts.cell, parts.params
    y, _ = cell.run(own, x, gaps, state)
    states = cell.states(own, x, gaps, state)
    chosen = np.arange(cell.state_size) if neurons is None else np.asarray(neurons)
    if chosen.size == 0 or chosen.min() < 0 or chosen.max() >= cell.state_size:
        raise ValueError(f"neurons must be of 0 to {cell.state_size - 1}, at least one")
    outlet = outlet_of(cell, own, y, states)
    level = states.mean(axis=(0, 1)) if hold == "mean" else np.zeros(cell.state_size, states.dtype)

    batch, length = y.shape[:2]
    rows = np.arange(len(chosen) * batch)
    silent = np.repeat(chosen, batch)  # of each row
    many_x = np.tile(np.asarray(x, states.dtype), (len(chosen), 1, 1))
    many_gaps = np.tile(np.asarray(gaps, states.dtype), (len(chosen), 1))
    first = cell.zero_state(batch) if state is None else np.asarray(state, states.dtype)
    now = np.tile(first, (len(chosen), 1))
    without = np.empty((len(rows), length, cell.outputs), states.dtype)
    now[rows, silent] = level[silent]
    for t in range(length):
        without[:, t], now = cell.step(own, now, many_x[:, t], many_gaps[:, t])
        now[rows, silent] = level[silent]
        if outlet is not None:
            without[:, t] = outlet.read(now)
    effect = parts.readout(without).reshape(len(chosen), batch, length, -1) - parts.readout(y)
    names = neuron_names(model)
    return Ablation(effect, tuple(names[i] for i in chosen), outlet is not None)
