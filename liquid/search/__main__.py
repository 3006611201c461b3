"""python -m liquid.search [FILE.csv] ..."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from liquid.search.data import oscillation, read_csv, series_task
from liquid.search.evolution import Found, front, search
from liquid.search.genome import BLOCKS, Space
from liquid.search.report import front_table, plot_front


def main(
    file: Annotated[
        Path | None, typer.Argument(help="CSV with a header; without it, an irregular oscillation.", exists=True)
    ] = None,
    time: Annotated[str, typer.Option(help="Column of times: numbers, or ISO dates.")] = "time",
    value: Annotated[str, typer.Option(help="Column to forecast.")] = "value",
    inputs: Annotated[list[str] | None, typer.Option(help="A further column the network sees (repeatable).")] = None,
    trials: Annotated[int, typer.Option(min=1, help="Genomes to measure, those in the journal included.")] = 64,
    epochs: Annotated[int, typer.Option(min=1, help="Passes over the data in each training.")] = 15,
    length: Annotated[int, typer.Option(min=2, help="Samples of a window.")] = 64,
    blocks: Annotated[list[str] | None, typer.Option(help=f"Of {', '.join(BLOCKS)} (repeatable).")] = None,
    widths: Annotated[list[int] | None, typer.Option(help="Channels between blocks (repeatable).")] = None,
    depth: Annotated[int, typer.Option(min=1, help="Most blocks.")] = 3,
    seed: Annotated[int, typer.Option(help="Of the search and the trainings.")] = 0,
    journal: Annotated[Path | None, typer.Option(help="Keep the search here; run again to go on with it.")] = None,
    plot: Annotated[Path | None, typer.Option(help="Write the front as a picture (.png, .svg).")] = None,
) -> None:
    """Search small networks that forecast the next value of a series: error, latency and memory at once."""
    console = Console()
    try:
        t, values = oscillation() if file is None else read_csv(file, time, [value, *(inputs or [])])
        task = series_task(t, values, length=length, epochs=epochs)
        default = Space()
        space = Space(tuple(blocks or default.blocks), tuple(widths or default.widths), depth)
        columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
        with Progress(*columns, console=console) as progress:
            bar = progress.add_task("searching", total=None)
            best = float("inf")

            def show(found: Found) -> None:
                nonlocal best
                best = min(best, found.measured.error)
                progress.update(bar, advance=1, description=f"best error {best:.3f}, last {found.genome}")

            results = search(task, space, trials=trials, seed=seed, journal=journal, after_each=show)
    except (ValueError, ImportError) as error:
        console.print(f"[red]{error}[/]")
        raise typer.Exit(2) from None
    chosen = front(results)
    console.print(front_table(chosen, len(results)))
    console.print("errors are relative to those of the last value, on the last 30 % of the series")
    if plot is not None:
        figure = plot_front(results, chosen).get_figure(root=True)
        assert figure is not None
        figure.savefig(plot, dpi=150)
        console.print(f"picture: {plot}")


if __name__ == "__main__":
    typer.run(main)
