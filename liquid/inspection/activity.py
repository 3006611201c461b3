"""What every neuron does over time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from liquid.cells.base import Recurrent
from liquid.cells.params import Array
from liquid.inspection.neurons import neuron_names


class Activity(NamedTuple):
    """states : (batch, length, state_size) after each sample. y : (batch, length, outputs). times : (batch, length),
    gaps summed up. names : of the neurons."""

    states: Array
    y: Array
    times: Array
    names: tuple[str, ...]


def activity(
    model: Recurrent, params: Mapping[str, ArrayLike], x: ArrayLike, gaps: ArrayLike, state: ArrayLike | None = None
) -> Activity:
    """Run the model as `Recurrent.run` does, and keep everything."""
    states = model.states(params, x, gaps, state)
    y, _ = model.run(params, x, gaps, state)
    return Activity(states, y, np.cumsum(np.asarray(gaps, np.float64), axis=1), neuron_names(model))
