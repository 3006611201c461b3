"""The progress bar of a training: batches done, the losses of the last epoch, time left."""

from __future__ import annotations

from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn


class Bar:
    """A context; without a terminal, or if not `wanted`, it shows nothing."""

    def __init__(self, wanted: bool, epochs: int, batches: int, done: int, console: Console | None = None) -> None:
        console = console or Console(stderr=True)
        shown = wanted and (console.is_terminal or console.is_jupyter)
        self._progress = Progress(
            TextColumn("epoch"),
            TextColumn("{task.fields[epoch]}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[losses]}"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=console,
            disable=not shown,
        )
        self._epochs, self._epoch = epochs, done
        self._task = self._progress.add_task(
            "", total=epochs * batches, completed=done * batches, epoch=f"{done}/{epochs}", losses=""
        )

    def __enter__(self) -> Bar:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def batch(self) -> None:
        self._progress.advance(self._task)

    def epoch(self, losses: dict[str, float]) -> None:
        self._epoch += 1
        text = "  ".join(f"{name} {value:.4g}" for name, value in losses.items())
        self._progress.update(self._task, epoch=f"{self._epoch}/{self._epochs}", losses=text)
