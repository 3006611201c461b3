"""Training of cells and networks.

>>> import numpy as np
>>> from liquid.cells import make
>>> from liquid.training import AdamW, Network, Sequences, fit
>>> rng = np.random.default_rng(0)
>>> x, gaps = rng.normal(size=(40, 12, 1)), rng.exponential(size=(40, 12))
>>> data = Sequences(x, gaps, target=x * gaps[..., None])
>>> network = Network(cell=make("cfc", inputs=1, units=8, backbone_units=16), outputs=1)
>>> optimiser = AdamW(rate=0.01)
>>> fitted = fit(network, network.init(0), data, batch_size=8, epochs=30, optimiser=optimiser, progress=False)
>>> bool(fitted.history["loss"][-1] < 0.1 * fitted.history["loss"][0])
True
"""

from __future__ import annotations

from liquid.training.checkpoint import FileError, load_model, save_model
from liquid.training.clip import clip_norm
from liquid.training.fitting import Fitted, evaluate, fit, loss_grad, predict
from liquid.training.losses import LOSSES, Loss, cross_entropy, huber, mae, mse
from liquid.training.network import Network
from liquid.training.online import Online
from liquid.training.optimisers import OPTIMISERS, SGD, AdamW, Optimiser, RMSprop
from liquid.training.schedules import Constant, Cosine, Exponential, Schedule, Staircase
from liquid.training.sequences import Sequences

__all__ = [
    "LOSSES", "OPTIMISERS", "SGD", "AdamW", "Constant", "Cosine", "Exponential", "FileError", "Fitted", "Loss",
    "Network", "Online", "Optimiser", "RMSprop", "Schedule", "Sequences", "Staircase", "clip_norm", "cross_entropy",
    "evaluate", "fit", "huber", "load_model", "loss_grad", "mae", "mse", "predict", "save_model",
]  # fmt: skip
