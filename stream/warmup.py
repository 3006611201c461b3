"""Compile the model's kernels, with something to look at meanwhile."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

if TYPE_CHECKING:
    from liquid import ModelConfig
    from stream.config import Settings

#: Loading from the cache is faster than this: no need to say anything.
QUIET_SECONDS = 1.5

SOURCES = Path(__file__).parents[1]


def fill_cache(config: ModelConfig) -> None:
    """Let another process compile the kernels, unless one did before.

    The last bits of a result depend on whether a process compiled the kernels or loaded them: a worker that compiled
    them, was killed and started again would not repeat itself exactly. So every worker loads them.
    """
    from liquid._jit import CACHE

    if CACHE is None:
        return
    done = CACHE / f"{hashlib.sha256(config.fingerprint().encode()).hexdigest()[:16]}.warm"
    if done.exists():
        return
    code = f"from liquid import ModelConfig, model; model.warm(ModelConfig(**{asdict(config)!r}))"
    # The same files as ours, whatever lies in the working directory: the cache goes by their path.
    path = os.pathsep.join([str(SOURCES), *filter(None, [os.environ.get("PYTHONPATH")])])
    child = subprocess.run(
        [sys.executable, "-P", "-c", code], env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True
    )
    if child.returncode:
        raise RuntimeError(f"the kernels cannot be compiled: {child.stderr[-2000:]}")
    done.touch()


def warm_up(settings: Settings | None, console: Console) -> float:
    """Compile, or load from the cache, what the feeds will need; gives the seconds it took."""
    began = time.monotonic()
    failure: list[BaseException] = []

    def compile_all() -> None:
        try:
            from liquid import ModelConfig, model

            configs = {settings.model.config(feed.horizons) for feed in settings.feeds} if settings else {None}
            for config in configs:
                fill_cache(config or ModelConfig())
                model.warm(config)
        except BaseException as error:
            failure.append(error)

    # In a thread, so that the clock keeps moving.
    thread = threading.Thread(target=compile_all, name="warm", daemon=True)
    thread.start()
    thread.join(QUIET_SECONDS)
    if thread.is_alive():
        words = "Compiling the model's kernels (about a minute, only the first time)"
        if console.is_terminal:
            with Progress(
                SpinnerColumn(), TextColumn(words), TimeElapsedColumn(), console=console, transient=True
            ) as bar:
                bar.add_task(words, total=None)
                thread.join()
        else:
            console.print(words)
            thread.join()
    if failure:
        raise failure[0]
    return time.monotonic() - began
