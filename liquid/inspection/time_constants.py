"""How long each neuron remembers, at each moment: the time constant that liquid networks are named after."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from liquid.cells import LTC
from liquid.cells.base import Recurrent
from liquid.cells.params import Array
from liquid.inspection.neurons import parts_of

CHUNK = 512
"""Samples whose Jacobians are taken at once."""


def time_constants(
    model: Recurrent, params: Mapping[str, ArrayLike], x: ArrayLike, gaps: ArrayLike, state: ArrayLike | None = None
) -> Array:
    """Effective time constants (batch, length, neurons), in the unit of the gaps.

    Of LTC the conductance gives them, tau = cm / D (`LTC.time_constants`), at the state and the sample. Other cells
    have none in their equations; what is measured is how much of a small change of a neuron is left after the gap d,
    J_ii = dh_i(t) / dh_i(t - d), as the time constant of an exponential decay, tau = -d / log |J_ii|. It is 0 where
    nothing is left, and infinite where nothing is forgotten (also: where the gap is 0).
    """
    cell, own, _, _ = parts_of(model, params)
    states = cell.states(own, x, gaps, state)
    first = cell.zero_state(len(states)) if state is None else np.asarray(state, states.dtype)
    before = np.concatenate([first[:, None], states[:, :-1]], axis=1).reshape(-1, cell.state_size)
    u, gap = np.asarray(x, states.dtype).reshape(len(before), -1), np.asarray(gaps, states.dtype).reshape(-1)
    if isinstance(cell, LTC) and not cell.mixed_memory:
        return cell.time_constants(own, before, u).reshape(*states.shape[:2], -1)
    kept = np.empty(before.shape)
    for start in range(0, len(before), CHUNK):
        part = slice(start, start + CHUNK)
        kept[part] = np.diagonal(cell.jacobian(own, before[part], u[part], gap[part]), axis1=1, axis2=2)
    with np.errstate(divide="ignore", invalid="ignore"):
        tau = np.where(np.abs(kept) >= 1, np.inf, -gap[:, None] / np.log(np.abs(kept)))
    tau = np.where(gap[:, None] == 0, np.inf, tau)
    return tau.reshape(states.shape)
