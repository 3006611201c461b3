"""Where a training stands after an epoch, in memory and in a file."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from liquid.cells.base import Recurrent
from liquid.cells.describe import to_dict
from liquid.cells.params import Array, Params
from liquid.training.checkpoint import KINDS, FileError, read, write
from liquid.training.losses import Loss
from liquid.training.optimisers import Moments, Optimiser
from liquid.training.schedules import Schedule
from liquid.training.sequences import Sequences


@dataclass
class Snapshot:
    """All that a training goes on from.

    best : parameters of the epoch with the lowest monitored loss (`best_epoch`, from 1; 0 before the first).
    history : per epoch, numbers by name.
    """

    params: Params
    moments: Moments
    best: Params
    history: dict[str, list[float]]
    best_epoch: int = 0

    @property
    def epochs(self) -> int:
        return len(self.history.get("loss", ()))

    def copy(self) -> Snapshot:
        moments = {name: m.copy() for name, m in self.moments.items()}
        history = {name: list(h) for name, h in self.history.items()}
        return Snapshot(self.params.copy(), moments, self.best, history, self.best_epoch)

    def note(self, losses: dict[str, float], monitored: str) -> None:
        """Add an epoch."""
        lowest = min(self.history.get(monitored, ()), default=np.inf)
        for name, value in losses.items():
            self.history.setdefault(name, []).append(value)
        if losses[monitored] < lowest:
            self.best, self.best_epoch = self.params.copy(), self.epochs


def setup_of(
    network: Recurrent, start: Params, data: Sequences, validation: Sequences | None, loss: Loss,
    optimiser: Optimiser, schedule: Schedule, clip: float | None, batch_size: int, seed: int,
) -> dict[str, Any]:  # fmt: skip
    """What must be the same for a training to go on, as JSON reads it back."""
    setup = {
        "network": to_dict(network, KINDS),
        "start": _digest(start.flat),
        "data": _digest_of(data),
        "validation": _digest_of(validation),
        "loss": _name(loss),
        "optimiser": [type(optimiser).__name__, asdict(optimiser)],
        "schedule": [type(schedule).__name__, asdict(schedule)],
        "clip": clip,
        "batch_size": batch_size,
        "seed": seed,
    }
    return json.loads(json.dumps(setup))


def save(path: Path | str, network: Recurrent, setup: dict[str, Any], now: Snapshot) -> None:
    arrays = {f"history/{name}": np.array(values) for name, values in now.history.items()}
    vectors = {"params": now.params.flat, "best": now.best.flat}
    for name, moment in now.moments.items():
        if moment.size == network.param_count and name != "steps":
            vectors[f"moments/{name}"] = moment
        else:
            arrays[f"moments/{name}"] = moment
    for prefix, vector in vectors.items():  # by name: the order in a vector is the kernels' own business
        arrays |= {f"{prefix}/{name}": view for name, view in network.views(vector).items()}
    write(path, "training", {"setup": setup, "best_epoch": now.best_epoch}, arrays)


def load(path: Path | str, network: Recurrent, setup: dict[str, Any], like: Snapshot) -> Snapshot:
    """The snapshot in a file, which must be of the same `setup`; `like` is one of the same training."""
    facts, arrays = read(path, "training")
    if facts.get("setup") != setup:
        found = facts.get("setup") or {}
        other = [name for name in setup if found.get(name) != setup[name]]
        raise FileError(f"{path} is a checkpoint of another training ({', '.join(other)} differ): remove or rename it")
    try:
        now = like.copy()
        now.params, now.best = network.pack(_section(arrays, "params")), network.pack(_section(arrays, "best"))
        for name, moment in now.moments.items():
            if (key := f"moments/{name}") in arrays:
                moment[:] = arrays[key]
            else:
                moment[:] = network.pack(_section(arrays, key)).flat
        now.history = {name: values.tolist() for name, values in _section(arrays, "history").items()}
        now.best_epoch = int(facts["best_epoch"])
    except (KeyError, TypeError, ValueError) as error:
        raise FileError(f"{path} is damaged: {error}") from error
    return now


def _section(arrays: dict[str, Array], name: str) -> dict[str, Array]:
    return {key.removeprefix(f"{name}/"): value for key, value in arrays.items() if key.startswith(f"{name}/")}


def _name(loss: Loss) -> str:
    if isinstance(loss, partial):
        return f"{_name(loss.func)} {loss.args} {sorted(loss.keywords.items())}"
    return f"{loss.__module__}.{getattr(loss, '__qualname__', type(loss).__qualname__)}"


def _digest_of(data: Sequences | None) -> str:
    if data is None:
        return ""
    return _digest(data.x, data.gaps, data.target, data.counted(), data.ends)


def _digest(*arrays: Array) -> str:
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.dtype} {array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()
