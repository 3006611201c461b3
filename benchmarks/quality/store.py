"""Results on disk, one file for each series and method, so that what is finished is not run again."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, fields
from hashlib import sha256
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

#: Git leaves this folder out.
RESULTS = Path("out") / "quality"


@dataclass(frozen=True)
class Task:
    """What to run and where its result goes. run(series, method) gives a dict of arrays."""

    run: Callable[[Any, str], dict[str, np.ndarray]]
    series: Any
    method: str
    path: Path


def task(
    results: Path, run: Callable[[Any, str], dict[str, np.ndarray]], series: Any, method: str, fingerprint: str
) -> Task:
    """A task whose file is named by all that its result depends on: the series, the method and its code."""
    digest = sha256(fingerprint.encode())
    for field in fields(series):
        value = getattr(series, field.name)
        digest.update(value.tobytes() if isinstance(value, np.ndarray) else repr(value).encode())
    name = "-".join((series.source, series.name, series.mode, method, digest.hexdigest()[:12]))
    return Task(run, series, method, results / f"{re.sub(r'[^A-Za-z0-9.]+', '-', name)}.npz")


def thinned_out(tasks: Sequence[tuple[Any, str]], slow: Collection[str], most: int | None) -> list[tuple[Any, str]]:
    """Pairs of series and method, the slow methods last, each on at most `most` series of a source and mode."""
    seen: Counter[tuple[str, str, str]] = Counter()
    out = []
    for series, method in sorted(tasks, key=lambda pair: pair[1] in slow):
        seen[series.source, series.mode, method] += 1
        if method not in slow or most is None or seen[series.source, series.mode, method] <= most:
            out.append((series, method))
    return out


def load(t: Task) -> dict[str, np.ndarray]:
    """The arrays of a finished task."""
    with np.load(t.path) as data:
        return dict(data)


def run_all(tasks: Sequence[Task], jobs: int, console: Console | None = None) -> None:
    """Run what is not finished yet, `jobs` at a time, with a bar."""
    missing = [t for t in tasks if not t.path.exists()]
    progress = Progress(
        TextColumn("{task.description:40}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console or Console(stderr=True),
    )
    with progress:
        bar = progress.add_task("finished before" if not missing else "", total=len(tasks))
        progress.advance(bar, len(tasks) - len(missing))

        def done(t: Task) -> None:
            progress.update(bar, advance=1, description=f"{t.method}: {t.series.source} {t.series.name}"[:40])

        if jobs == 1:
            for t in missing:
                finish(t)
                done(t)
        elif missing:
            # Fresh processes: neither Numba's nor stumpy's threads survive a fork.
            with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
                futures = {pool.submit(finish, t): t for t in missing}
                for future in as_completed(futures):
                    future.result()
                    done(futures[future])


def finish(t: Task) -> None:
    """Run one task; its file is there whole or not at all."""
    arrays = t.run(t.series, t.method)
    t.path.parent.mkdir(parents=True, exist_ok=True)
    part = t.path.with_suffix(f".{os.getpid()}.part")
    with part.open("wb") as f:
        np.savez_compressed(f, **arrays)
    part.replace(t.path)
