"""What a genome is judged by: error, latency and memory, all measured."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from liquid.cells.base import Recurrent
from liquid.cells.params import Array
from liquid.search.genome import Genome
from liquid.training import AdamW, Cosine, Sequences, evaluate, fit
from liquid.training.losses import loss_named

ROUNDS = 7


class Measured(NamedTuple):
    """error : mean loss on the validation data, relative to `Task.reference`. latency : microseconds per event.
    memory : bytes of state per series. params : numbers to train."""

    error: float
    latency: float
    memory: int
    params: int


@dataclass(frozen=True)
class Task:
    """Data, and how long a genome may train on them.

    Parameters
    ----------
    train, validation : see `Sequences`.
    loss : a name of `liquid.training.LOSSES`. Classes are counted from `outputs`.
    outputs : numbers that the network puts out: targets, or classes.
    reference : what errors are divided by, such as the loss of the last value; 1 for plain losses.
    epochs, batch_size : of each training.
    """

    train: Sequences
    validation: Sequences
    loss: str = "mae"
    outputs: int = 1
    reference: float = 1.0
    epochs: int = 15
    batch_size: int = 32

    def __post_init__(self) -> None:
        loss_named(self.loss)
        if not self.reference > 0:
            raise ValueError(f"reference is {self.reference}, but must be more than 0")


def measure(genome: Genome, task: Task, seed: int = 0) -> Measured:
    """Train the genome's network and measure it. A training that diverges leaves an infinite error."""
    network = genome.network(task.train.x.shape[2], task.outputs)
    params = network.init(seed)
    latency = microseconds(network, params, task.validation.x, task.validation.gaps)
    memory = network.state_size * np.dtype(network.dtype).itemsize
    try:
        fitted = fit(
            network, params, task.train, loss=task.loss, epochs=task.epochs, batch_size=task.batch_size,
            optimiser=AdamW(rate=genome.rate), schedule=Cosine(), validation=task.validation, seed=seed,
            progress=False,
        )  # fmt: skip
        error = evaluate(network, fitted.params, task.validation, task.loss) / task.reference
    except FloatingPointError:
        error = float("inf")
    return Measured(error, latency, memory, network.param_count)


def microseconds(network: Recurrent, params: Mapping[str, ArrayLike], x: Array, gaps: Array) -> float:
    """Of one event in a running service: a compiled pass over one sequence, per sample; the best of several rounds,
    which is what a busy machine disturbs least."""
    one, gap = x[:1].astype(network.dtype), gaps[:1].astype(network.dtype)
    repeats = max(1, 512 // gap.shape[1])
    one, gap = np.tile(one, (1, repeats, 1)), np.tile(gap, (1, repeats))
    network.run(params, one, gap)  # compiles
    found = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        network.run(params, one, gap)
        found.append(time.perf_counter() - start)
    return 1e6 * min(found) / gap.shape[1]
