"""Looking inside a cell while it works: what its neurons do, how long they remember, what they look at, who matters.

All of it takes the arguments of `run` (``model, params, x, gaps, state``), for any cell or `Network`, and returns
arrays; `liquid.inspection.plots` draws them.

>>> import numpy as np
>>> from liquid.cells import make
>>> from liquid.wirings import AutoNCP
>>> cell = make("wired_cfc", inputs=2, wiring=AutoNCP(19, 4))
>>> x, gaps = np.random.default_rng(0).normal(size=(1, 30, 2)), np.ones((1, 30))
>>> found = ablation(cell, cell.init(0), x, gaps)
>>> found.effect.shape  # neurons, batch, length, outputs
(19, 1, 30, 4)
>>> found.names[0], found.names[-1]
('inter 10', 'motor 3')
"""

from __future__ import annotations

from liquid.inspection.ablation import Ablation, ablation
from liquid.inspection.activity import Activity, activity
from liquid.inspection.neurons import neuron_names
from liquid.inspection.saliency import Saliency, saliency
from liquid.inspection.time_constants import time_constants

__all__ = [
    "Ablation", "Activity", "Saliency", "ablation", "activity", "neuron_names", "saliency", "time_constants",
]  # fmt: skip
