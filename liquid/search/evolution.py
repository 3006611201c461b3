"""The search itself: Optuna's NSGA-II over genomes, kept in a journal file from which it goes on."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from liquid.search.genome import WIRED_BLOCKS, Genome, Space
from liquid.search.objectives import Measured, Task, measure

POPULATION = 16
WORST = 1e9
"""Stands for an infinite error, which Optuna does not take."""


class Found(NamedTuple):
    """A genome and what was measured of it."""

    genome: Genome
    measured: Measured


def search(
    task: Task,
    space: Space | None = None,
    *,
    trials: int = 64,
    seed: int = 0,
    journal: Path | str | None = None,
    after_each: Callable[[Found], None] | None = None,
) -> list[Found]:
    """Evolve genomes until `trials` of them have been measured, and return them all (see `front`).

    Parameters
    ----------
    journal : a file that every trial is written to. If it exists, its trials count and the search goes on from them;
        they must be of the same space. An interrupt (Ctrl-C) loses only the trial that was running.
    after_each : called with every new result.

    Raises
    ------
    ImportError : Optuna is missing; ``pip install liquidstream[search]`` brings it.
    ValueError : the journal is of another space.
    """
    if trials < 1:
        raise ValueError(f"trials is {trials}, but must be at least 1")
    optuna, space = _optuna(), space or Space()
    study = _study(optuna, journal, seed, space)
    known = {found.genome: found.measured for found in _done(optuna, study)}

    def objective(trial: Any) -> tuple[float, float, float]:
        genome = suggest(trial, space)
        measured = known.get(genome)
        if measured is None:
            measured = known[genome] = measure(genome, task, seed)
        trial.set_user_attr("genome", _encoded(genome))
        trial.set_user_attr("params", measured.params)
        if after_each is not None:
            after_each(Found(genome, measured))
        return min(measured.error, WORST), measured.latency, float(measured.memory)

    missing = trials - len(_done(optuna, study))
    if missing > 0:
        study.optimize(objective, n_trials=missing)
    return _done(optuna, study)


def front(results: list[Found]) -> list[Found]:
    """Those that no other beats in one objective without losing in another, by latency."""
    unique = list({found.genome: found for found in results}.values())
    scores = [found.measured[:3] for found in unique]

    def beaten(mine: tuple[float, ...]) -> bool:
        return any(other != mine and all(o <= m for o, m in zip(other, mine, strict=True)) for other in scores)

    chosen = [found for found, mine in zip(unique, scores, strict=True) if not beaten(mine) and mine[0] < WORST]
    return sorted(chosen, key=lambda found: found.measured.latency)


def suggest(trial: Any, space: Space) -> Genome:
    """All genes are drawn always, also those of blocks that are not there, so that crossover finds every gene."""
    depth = trial.suggest_int("depth", 1, space.depth)
    blocks = []
    for i in range(space.depth):
        name = trial.suggest_categorical(f"block {i}", space.blocks)
        wiring = trial.suggest_categorical(f"wiring {i}", space.wirings)
        blocks.append((name, wiring if name in WIRED_BLOCKS else ""))
    return Genome(
        tuple(blocks[:depth]),
        trial.suggest_categorical("width", space.widths),
        trial.suggest_categorical("residual", space.residuals),
        trial.suggest_categorical("norm", [False, True]),
        trial.suggest_float("rate", *space.rates, log=True),
    )


def _study(optuna: Any, journal: Path | str | None, seed: int, space: Space) -> Any:
    storage = None
    if journal is not None:
        Path(journal).parent.mkdir(parents=True, exist_ok=True)
        storage = optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(str(journal)))
    study = optuna.create_study(
        storage=storage, study_name="liquid.search", load_if_exists=True, directions=["minimize"] * 3
    )
    shape = json.dumps([space.blocks, space.widths, space.depth, space.wirings, space.residuals, space.rates])
    if study.user_attrs.setdefault("space", shape) != shape:
        raise ValueError(f"{journal} is of another space: give another file, or the space it was begun with")
    study.set_user_attr("space", shape)
    # A search that goes on must not draw the same genomes again.
    study.sampler = optuna.samplers.NSGAIISampler(population_size=POPULATION, seed=seed + len(study.trials))
    return study


def _done(optuna: Any, study: Any) -> list[Found]:
    complete = [trial for trial in study.trials if trial.state == optuna.trial.TrialState.COMPLETE]
    return [Found(_decoded(t.user_attrs["genome"]), _measured(t.values, t.user_attrs["params"])) for t in complete]


def _measured(values: list[float], params: int) -> Measured:
    return Measured(values[0], values[1], int(values[2]), params)


def _encoded(genome: Genome) -> list[Any]:
    return [genome.blocks, genome.width, genome.residual, genome.norm, genome.rate]


def _decoded(genome: list[Any]) -> Genome:
    blocks, *rest = genome
    return Genome(tuple((name, wiring) for name, wiring in blocks), *rest)


def _optuna() -> Any:
    try:
        optuna = import_module("optuna")
    except ImportError as error:
        raise ImportError("the search needs Optuna: pip install liquidstream[search]") from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna
