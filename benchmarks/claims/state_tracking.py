"""State tracking: which cells can learn to follow an automaton, and go on for longer than they were trained.

    python -m benchmarks.claims.state_tracking [--seeds 5] [--quick] [--write] [--task NAME] [--cell NAME] [--updates N]

Every network (`tracking_models`) reads random symbols of every task (`tracking_tasks`) and names the state after each.
It is trained on new sequences in every update, at first of 4 samples, then 8, then 16: longer when it is right on 95 %
of the samples, at the latest after a fifth of the updates. It stops early when it makes no more mistakes. The tables
tell how often the state after 16, 64 and 256 samples is right, over 512 new sequences. Rates of learning were chosen
by cell, on a seed that is not in the tables. Results are kept in out/state_tracking, and not computed again while
the settings are the same. All of it takes about an hour of one core; tasks can run side by side before.
"""

from __future__ import annotations

import json
import time
from collections import deque
from dataclasses import asdict, dataclass, replace
from itertools import product
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from benchmarks.claims.common import Quick, Seeds, Table, Write, only, report
from benchmarks.claims.tracking_models import ENTRIES, LONGEST, Entry, network, start
from benchmarks.claims.tracking_tasks import TASKS, TITLES, Automaton
from liquid.cells import Params
from liquid.cells.params import Array
from liquid.training import AdamW, Cosine, Network, clip_norm, cross_entropy, loss_grad

KEPT = Path(__file__).parents[2] / "out" / "state_tracking"


@dataclass(frozen=True)
class Settings:
    """What all trainings share.

    Parameters
    ----------
    width, budget : channels, and parameters beside the readout.
    updates : at most.
    flawless : stop after so many updates at the full length without a mistake.
    lengths : of training, one after the other.
    tested : lengths after which the state is asked for, of `tests` sequences.
    """

    width: int = 16
    budget: int = 3000
    batch: int = 32
    updates: int = 1200
    flawless: int = 100
    lengths: tuple[int, ...] = (4, 8, 16)
    tested: tuple[int, ...] = (16, 64, LONGEST)
    tests: int = 512


USUAL = Settings()
LARGER = replace(USUAL, width=48, budget=18000, updates=2000)
"""For permutations: 120 states do not fit into few channels."""


def train(net: Network, params: Params, task: Automaton, entry: Entry, settings: Settings, seed: int) -> int:
    """Change `params`; returns the number of updates. One whose numbers overflow is the last, and is not made."""
    rng = np.random.default_rng([seed, 1])
    optimiser, schedule = AdamW(rate=entry.rate), Cosine(warmup=50, floor=0.1)
    moments = optimiser.start(params)
    stage, since, rights = 0, 0, deque[float](maxlen=settings.flawless)

    def judge(prediction: Array, target: Array, weight: Array | None) -> tuple[float, Array]:
        rights.append(float(np.mean(prediction.argmax(axis=-1) == target)))
        return cross_entropy(prediction, target, weight)

    for update in range(settings.updates):
        data = task.sequences(rng, settings.batch, settings.lengths[stage])
        try:
            gradient = loss_grad(net, params, data, judge)[1].params.flat
        except FloatingPointError:
            return update
        clip_norm(gradient, 1.0)
        optimiser.update(params.flat, gradient, moments, schedule.factor(update, settings.updates))
        if stage == len(settings.lengths) - 1:
            if len(rights) == settings.flawless and min(rights) == 1:
                return update + 1
        elif (np.mean(list(rights)[-20:]) >= 0.95 and update - since >= 20) or update - since >= settings.updates // 5:
            stage, since = stage + 1, update
            rights.clear()
    return settings.updates


def right(net: Network, params: Params, task: Automaton, settings: Settings, seed: int) -> dict[int, float]:
    """How often the state after each of the tested lengths is right; 0 where the network's numbers overflow."""
    data = task.sequences(np.random.default_rng([seed, 2]), settings.tests, max(settings.tested))
    found = {}
    for length in settings.tested:
        try:
            y, _ = net.run(params, data.x[:, :length], data.gaps[:, :length])
            found[length] = float(np.mean(y[:, -1].argmax(axis=-1) == data.target[:, length - 1]))
        except FloatingPointError:
            found[length] = 0.0
    return found


def guess(task: Automaton, settings: Settings, seed: int) -> dict[int, float]:
    """How often the most frequent state is right."""
    target = task.sequences(np.random.default_rng([seed, 2]), 20 * settings.tests, max(settings.tested)).target
    return {n: float(np.bincount(target[:, n - 1]).max() / len(target)) for n in settings.tested}


def result(task_name: str, row: str, seed: int, settings: Settings) -> dict[str, float]:
    """Accuracy by length, and "parameters", "updates", "seconds"; from the file if there is one."""
    entry = ENTRIES[row]
    key = json.loads(json.dumps({**asdict(settings), "rate": entry.rate, "layers": entry.layers}))
    path = KEPT / f"{task_name}, {row}, {seed}, {settings.updates}.json"
    if path.exists():
        kept = json.loads(path.read_text())
        if kept["settings"] == key:
            return dict(kept["result"])
    task = TASKS[task_name](seed)
    net = network(entry, task.symbols, task.states, settings.width, settings.budget)
    params, begin = start(entry, net, seed), time.process_time()
    updates = train(net, params, task, entry, settings, seed)
    found: dict[str, float] = {str(n): share for n, share in right(net, params, task, settings, seed).items()}
    found |= {"parameters": net.param_count, "updates": updates, "seconds": time.process_time() - begin}
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(json.dumps({"settings": key, "result": found}))
    part.replace(path)  # so that an interrupt leaves no half of a file
    return found


def settings_of(task_name: str, quick: bool = False, updates: int = 0) -> Settings:
    settings = LARGER if task_name == "permutations" else USUAL
    if quick:
        settings = replace(settings, updates=4, tests=16, tested=(16, 32))
    return replace(settings, updates=updates) if updates else settings


def described(seeds: int, quick: bool, updates: int) -> str:
    usual, larger = settings_of("parity", quick, updates), settings_of("permutations", quick, updates)
    return (
        f"seeds: {seeds}; trained on {usual.batch} sequences of up to {usual.lengths[-1]} samples in each of up to "
        f"{usual.updates} updates (permutations: {larger.updates}); columns are the length after which the state was "
        "asked for"
    )


def main(
    seeds: Seeds = 5,
    quick: Quick = False,
    write: Write = False,
    task: Annotated[str, typer.Option(help=f"Only one of {', '.join(TASKS)}.")] = "",
    cell: Annotated[str, typer.Option(help=f"Only one of {', '.join(ENTRIES)}.")] = "",
    updates: Annotated[int, typer.Option(min=0, help="Longest training, instead of the usual one.")] = 0,
) -> None:
    tasks, rows = only(task, TASKS), only(cell, ENTRIES)
    if write and (task or cell or quick or updates):
        raise typer.BadParameter("--write is for whole tables")
    accuracy = {name: Table(TITLES[name], "cell") for name in tasks}
    parameters = Table("Parameters", "cell", ".0f")
    made = Table("Updates made", "cell", ".0f")
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns) as bar:
        work = bar.add_task("", total=seeds * len(tasks) * len(rows))
        for seed, name in product(range(seeds), tasks):
            settings = settings_of(name, quick, updates)
            for row in rows:
                bar.update(work, description=f"seed {seed}, {name}, {row}")
                found = result(name, row, seed, settings)
                for length in settings.tested:
                    accuracy[name].add(row, str(length), found[str(length)])
                if seed == 0:
                    parameters.add(row, name, found["parameters"])
                made.add(row, name, found["updates"])
                bar.advance(work)
            for length, share in guess(TASKS[name](seed), settings, seed).items():
                accuracy[name].add("the most frequent state", str(length), share)
    report("state_tracking", described(seeds, quick, updates), [*accuracy.values(), parameters, made], write)


if __name__ == "__main__":
    typer.run(main)
