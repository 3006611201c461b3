"""A batch in parts of a few sequences, which may run at the same time: the kernels let go of Python's lock.

The parts are the same for any number of threads, and so are the bits of the results.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from liquid.cells.params import Array

PART = 16  # sequences: few enough for what they leave behind to stay in the cache
WORTH = 2e7  # multiply-adds that take much longer than to start a thread

_chosen: int | None = None


def threads() -> int:
    """How many a batch may use: as set, else `LIQUIDSTREAM_THREADS`, `OMP_NUM_THREADS`, or all our processors."""
    if _chosen is not None:
        return _chosen
    for name in ("LIQUIDSTREAM_THREADS", "OMP_NUM_THREADS"):
        value = os.environ.get(name, "")
        if value.isdecimal() and int(value) > 0:
            return int(value)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def set_threads(count: int | None) -> None:
    """How many threads a batch may use from now on; None for the default."""
    global _chosen
    if count is not None and count < 1:
        raise ValueError(f"the number of threads is {count}, but must be at least 1")
    _chosen = count


def each_part(batch: int, cost: float, work: Callable[[slice], object]) -> None:
    """Call ``work(part)`` for all parts of a batch; `cost` in multiply-adds per sequence."""
    parts = _parts(batch)
    _share(len(parts), batch * cost, lambda i: work(parts[i]))


def sum_of_parts(batch: int, cost: float, dtheta: Array, work: Callable[[slice, Array], object]) -> None:
    """Call ``work(part, dtheta)``, which adds to a gradient, for all parts of a batch."""
    parts = _parts(batch)
    if len(parts) == 1:
        work(parts[0], dtheta)
        return
    own = np.zeros((len(parts), dtheta.size), dtheta.dtype)
    _share(len(parts), batch * cost, lambda i: work(parts[i], own[i]))
    for gradient in own:
        dtheta += gradient


def _parts(batch: int) -> list[slice]:
    return [slice(first, min(first + PART, batch)) for first in range(0, batch, PART)]


def _share(count: int, cost: float, work: Callable[[int], object]) -> None:
    workers = min(threads(), count)
    if workers == 1 or cost < WORTH:
        for i in range(count):
            work(i)
        return
    with ThreadPoolExecutor(workers) as pool:  # made anew: a kept one would not survive a fork
        for done in pool.map(work, range(count)):
            del done
