"""Trainings of several networks by seed: one rate of learning chosen for each, results kept in out/, a progress bar.

What is kept is not computed again while the settings are the same, so that an interrupted script goes on where it was.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zlib import crc32

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from liquid.cells import Params
from liquid.training import AdamW, Cosine, Fitted, Network, Sequences, fit

OUT = Path(__file__).parents[2] / "out"
RATE_SEED = 1000  # the rate is chosen on this seed, which is not in the tables


@dataclass(frozen=True)
class Training:
    """What all trainings of a script share. budget : about so many parameters. batch : sequences of an update."""

    budget: int = 2500
    epochs: int = 30
    patience: int = 10
    batch: int = 16
    rates: tuple[float, ...] = (0.01, 0.03)


def trained(
    settings: Training, network: Network, params: Params, train: Sequences, validation: Sequences, loss: str,
    rate: float, seed: int,
) -> Fitted:  # fmt: skip
    return fit(
        network, params, train, loss=loss, epochs=settings.epochs, batch_size=settings.batch,
        optimiser=AdamW(rate=rate, decay=0.01), schedule=Cosine(warmup=30, floor=0.05), clip=1.0,
        validation=validation, patience=settings.patience, seed=seed, progress=False,
    )  # fmt: skip


Result = dict[str, float]
Trial = Callable[[str, float, int], Result]  # name, rate, seed -> figures, "validation" among them, the less the better


def trials(
    script: str, trial: Trial, names: Sequence[str], rates: Sequence[float], seeds: int, settings: Any
) -> Iterator[tuple[str, Result]]:
    """Results by name, for seed after seed, with the "rate" that did best for the name.

    Parameters
    ----------
    settings : all that results depend on beside name, rate and seed; anything with a `repr`.
    """
    folder = OUT / script / f"{crc32(repr(settings).encode()):08x}"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "settings.txt").write_text(f"{settings!r}\n")

    def once(name: str, rate: float, seed: int) -> Result:
        path = folder / f"{name} {rate} {seed}.json"
        if not path.exists():
            partial = path.with_suffix(f".{os.getpid()}")  # its own, if two run at once
            partial.write_text(json.dumps(trial(name, rate, seed)))
            partial.replace(path)
        return dict(json.loads(path.read_text()))

    columns = (
        TextColumn("{task.description:24}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("left"),
        TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns) as bar:
        work = bar.add_task(script, total=len(names) * (len(rates) + seeds))
        chosen: dict[str, float] = {}
        for name in names:
            found = {}
            for rate in rates:
                bar.update(work, description=f"{name}, rate {rate}")
                found[rate] = once(name, rate, RATE_SEED)["validation"]
                bar.advance(work)
            chosen[name] = min(found, key=found.__getitem__)
        for seed in range(seeds):
            for name in names:
                bar.update(work, description=f"{name}, seed {seed}")
                result = once(name, chosen[name], seed)
                bar.advance(work)
                yield name, {**result, "rate": chosen[name]}
