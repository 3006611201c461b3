"""Compile the model's kernels, with something to look at meanwhile."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

if TYPE_CHECKING:
    from stream.config import Settings

#: Loading from the cache is faster than this: no need to say anything.
QUIET_SECONDS = 1.5


def warm_up(settings: Settings | None, console: Console) -> float:
    """Compile, or load from the cache, what the feeds will need; gives the seconds it took."""
    began = time.monotonic()
    failure: list[BaseException] = []

    def compile_all() -> None:
        try:
            from liquid import model

            configs = {settings.model.config(feed.horizons) for feed in settings.feeds} if settings else {None}
            for config in configs:
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
