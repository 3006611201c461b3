"""Training by mini-batches and backpropagation through time, with early stopping and checkpoints.

The same arguments give the same parameters, bit for bit, on the same machine; a training that was stopped and goes on
from its checkpoint gives those of one that never stopped. (The order of epoch e depends on `seed` and e alone, so
there is no state of a random generator to keep.)
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from liquid.cells.base import Gradients, Recurrent
from liquid.cells.checks import finite_result
from liquid.cells.params import Array, Params
from liquid.training.clip import clip_norm
from liquid.training.losses import Loss, loss_named
from liquid.training.optimisers import AdamW, Optimiser
from liquid.training.progress import Bar
from liquid.training.schedules import Constant, Schedule
from liquid.training.sequences import Sequences
from liquid.training.snapshot import Snapshot, load, save, setup_of

SAVE_SECONDS = 5.0
"""A checkpoint is written after an epoch if the last one is older than this, and always at the end."""


class Fitted(NamedTuple):
    """What a training leaves.

    params : those of the epoch `best`.
    history : per epoch, "loss" (mean over the epoch's batches, each before its step), "norm" (mean norm of the
        gradient before clipping), and with validation data "validation".
    best : with validation data the epoch of the lowest validation loss, else the last one (if the loss diverged: that
        of the lowest loss). From 1; 0 if there was none.
    stopped : why it ended: "epochs", "patience", "interrupted" or "diverged".
    """

    params: Params
    history: dict[str, Array]
    best: int
    stopped: str


def loss_grad(
    network: Recurrent, params: Mapping[str, ArrayLike], data: Sequences, loss: Loss
) -> tuple[float, Gradients]:
    """Mean loss over the data, and its gradients."""

    def judge(y: Array) -> tuple[float, Array]:
        value, dread = loss(data.read(y), data.target, data.counted())
        return value, data.spread(dread, y)

    return network.loss_grad(params, data.x, data.gaps, judge)


def predict(network: Recurrent, params: Mapping[str, ArrayLike], data: Sequences, batch_size: int = 256) -> Array:
    """Outputs where targets are: (n, length, outputs), 0 behind a sequence's last sample that counts; or (n, outputs)
    for data with one target for each sequence."""
    length = () if data.last else (data.gaps.shape[1],)
    found = np.zeros((len(data), *length, network.outputs), network.dtype)
    for start in range(0, len(data), batch_size):
        part = data.subset(np.arange(start, min(start + batch_size, len(data))))
        y, _ = network.run(params, part.x, part.gaps)
        if data.last:
            found[start : start + len(part)] = part.read(y)
        else:
            beyond = np.arange(y.shape[1]) > part.ends[:, None]
            found[start : start + len(part), : y.shape[1]] = np.where(beyond[..., None], 0, y)
    return found


def evaluate(
    network: Recurrent, params: Mapping[str, ArrayLike], data: Sequences, loss: str | Loss, batch_size: int = 256
) -> float:
    """Mean loss over the data."""
    judge, total, weight = loss_named(loss), 0.0, 0.0
    for part in data.batches(batch_size):
        y, _ = network.run(params, part.x, part.gaps)
        counted = part.counted()
        share = float(counted.sum())
        total += share * judge(part.read(y), part.target, counted)[0]
        weight += share
    return total / weight


@dataclass
class _Training:
    """The parts that do not change on the way."""

    network: Recurrent
    data: Sequences
    validation: Sequences | None
    loss: Loss
    batch_size: int
    optimiser: Optimiser
    schedule: Schedule
    clip: float | None
    seed: int
    epochs: int

    @property
    def batches(self) -> int:
        return -(-len(self.data) // self.batch_size)

    def epoch(self, before: Snapshot, bar: Bar) -> Snapshot:
        """One pass over the data; raises FloatingPointError if something overflows."""
        now = before.copy()
        number = before.epochs
        total, weight, norms = 0.0, 0.0, 0.0
        order = np.random.default_rng([self.seed, number])
        for i, batch in enumerate(self.data.batches(self.batch_size, order)):
            value, gradients = loss_grad(self.network, now.params, batch, self.loss)
            gradient = gradients.params.flat
            norms += clip_norm(gradient, self.clip)
            factor = self.schedule.factor(number * self.batches + i, self.epochs * self.batches)
            self.optimiser.update(now.params.flat, gradient, now.moments, factor)
            self.network.constrain(now.params)
            share = float(batch.counted().sum())
            total, weight = total + share * value, weight + share
            bar.batch()
        finite_result("the optimiser", now.params.flat)
        losses = {"loss": total / weight}
        if self.validation is not None:
            losses["validation"] = evaluate(self.network, now.params, self.validation, self.loss, 256)
        now.note({**losses, "norm": norms / self.batches}, monitored=list(losses)[-1])
        bar.epoch(losses)
        return now


def fit(
    network: Recurrent,
    params: Params,
    data: Sequences,
    *,
    loss: str | Loss = "mse",
    epochs: int = 100,
    batch_size: int = 32,
    optimiser: Optimiser | None = None,
    schedule: Schedule | None = None,
    clip: float | None = 1.0,
    validation: Sequences | None = None,
    patience: int | None = None,
    seed: int = 0,
    checkpoint: Path | str | None = None,
    progress: bool = True,
) -> Fitted:
    """Train a network (or a cell, if its outputs are the targets).

    Parameters
    ----------
    params : where to start; left alone.
    loss : a name of `LOSSES`, or a function with their arguments.
    optimiser, schedule : `AdamW()` and a constant rate by default.
    clip : largest norm of a batch's gradient; None for no limit.
    validation : data whose loss is taken after every epoch, and decides which epoch's parameters are returned.
    patience : stop after so many epochs without a lower loss (of the validation data, if there are any).
    checkpoint : a file that the training is saved to. If it exists, the training goes on from it; it must then be one
        of the same network, data and settings (`epochs` and `patience` may differ; schedules look at `epochs`).
    progress : show a bar on the terminal; elsewhere nothing is shown.

    An interrupt (Ctrl-C) ends the training with the last whole epoch, saved and returned. A loss that overflows ends
    it with a RuntimeWarning and the best epoch so far.

    Raises
    ------
    FloatingPointError : the loss overflowed in the first epoch.
    FileError : the checkpoint is damaged, or of another training.
    """
    for name, value in {"epochs": epochs, "batch_size": batch_size, "patience": patience, "seed": seed}.items():
        if value is not None and value < (0 if name == "seed" else 1):
            raise ValueError(f"{name} is {value}, but must be at least {0 if name == 'seed' else 1}")
    optimiser, schedule = optimiser or AdamW(), schedule or Constant()
    training = _Training(
        network, data, validation, loss_named(loss), batch_size, optimiser, schedule, clip, seed, epochs
    )
    start = network.pack(params)
    now = Snapshot(start, optimiser.start(start), start.copy(), {})
    keep = None
    if checkpoint is not None:
        setup = setup_of(network, start, data, validation, training.loss, optimiser, schedule, clip, batch_size, seed)
        now = load(checkpoint, network, setup, now) if Path(checkpoint).exists() else now
        keep = partial(save, checkpoint, network, setup)
    saved, stopped = time.monotonic(), "epochs"
    try:
        with Bar(progress, epochs, training.batches, now.epochs) as bar:
            while now.epochs < epochs:
                if patience is not None and now.epochs - now.best_epoch >= patience:
                    stopped = "patience"
                    break
                now = training.epoch(now, bar)
                if keep and time.monotonic() - saved > SAVE_SECONDS:
                    keep(now)
                    saved = time.monotonic()
    except KeyboardInterrupt:
        stopped = "interrupted"
    except FloatingPointError as error:
        if now.epochs == 0:
            raise FloatingPointError(f"the training diverged in its first epoch: {error}; try a lower rate") from error
        warnings.warn(
            f"the training diverged in epoch {now.epochs + 1} ({error}): what is returned is epoch {now.best_epoch}. "
            "Try a lower rate or a smaller clip",
            RuntimeWarning,
            stacklevel=2,
        )
        stopped = "diverged"
    if keep:
        keep(now)
    chosen = validation is not None or stopped == "diverged"
    best = now.best if chosen else now.params
    history = {name: np.array(values) for name, values in now.history.items()}
    return Fitted(best, history, now.best_epoch if chosen else now.epochs, stopped)
