"""Our forecasts against baselines, on regular and thinned series: prequential, with strictly delayed feedback.

    python -m benchmarks.quality.forecasts FOLDER [--baselines all] [--jobs 2] [--write]

FOLDER holds CSVs, each with a column of times and columns of numbers (and `series`, where a file has several). Files of
the names in `benchmarks.quality.sets` are read as said there. Finished series are kept in --results and not run again.

A cell is a set in a mode at a horizon: the geometric mean over its series of MAE / MAE(last value), rMAE; figures are
geometric means of cells. The truth is the series before thinning. Baselines that are slow (river's) learn from every
row but are asked at 200 rows of each series; they are compared there only. Intervals are compared with a
rolling-quantile conformal band around the same forecasts.
"""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from benchmarks.quality import forecast_tables, page, prequential, store
from benchmarks.quality.folder import of_folder
from benchmarks.quality.forecast_scores import measured
from benchmarks.quality.forecasters import FORECASTERS
from benchmarks.quality.methods import OURS, chosen, fingerprint, of_ours
from benchmarks.quality.sets import CYCLIC_MODES, SETS, Series, in_modes, present, series
from stream.units import seconds


def main(
    folder: Path,
    sets: Annotated[list[str] | None, typer.Option("--set", help="only these sets")] = None,
    modes: Annotated[
        list[str] | None, typer.Option("--mode", help="full, drop:0.5, drop:0.8, delta:0.25 (deviations)")
    ] = None,
    horizons: Annotated[str, typer.Option(help="like 1h,6h,1d; else as the set has them, or 1, 6, 24 gaps")] = "",
    baselines: Annotated[str, typer.Option(help="all, none, or names with commas between")] = "all",
    jobs: Annotated[int, typer.Option(min=1, help="series at a time")] = 1,
    results: Annotated[Path, typer.Option(help="where finished series are kept")] = store.RESULTS / "forecasts",
    write: Annotated[bool, typer.Option(help="put tables and picture into docs/quality.md")] = False,
    finished: Annotated[bool, typer.Option("--finished", help="run nothing, report what is finished")] = False,
    slow: Annotated[int | None, typer.Option(min=0, help="slow baselines on at most so many series a set")] = None,
    tiers: Annotated[list[str] | None, typer.Option("--tier", help="also our model in these tiers")] = None,
    bank: str = "liquid_s4",
    decoder: str = "cfc",
) -> None:
    """Measure errors and intervals, and those of the baselines."""
    names = chosen(baselines, FORECASTERS)
    all_series = list(_series(folder, sets, modes, tuple(seconds(h) for h in horizons.split(",") if h)))
    runs = of_ours(prequential.run, tiers or (), bank=bank, decoder=decoder)
    code = inspect.getsource(prequential)
    pairs = [(s, name) for s in all_series for name in (*runs, *names)]
    tasks = {
        (id(s), name): store.task(results, runs[name], s, name, fingerprint(None, bank, decoder, code))
        if name in runs
        else store.task(results, prequential.run, s, name, fingerprint(FORECASTERS[name], code))
        for s, name in store.thinned_out(pairs, [n for n in names if FORECASTERS[n].origins], slow)
    }
    if finished:
        tasks = {key: t for key, t in tasks.items() if t.path.exists()}
    else:
        store.run_all(list(tasks.values()), jobs)
    found = []
    for s in all_series:
        done = {name: tasks[id(s), name] for name in (*runs, *names) if (id(s), name) in tasks}
        if OURS in done:
            found += measured(s, {name: store.load(t) for name, t in done.items()})
    if not found:
        raise typer.BadParameter("nothing to report: no finished series that could be measured")
    tables = forecast_tables.tables(found, [*list(runs)[1:], *names], set(SETS))
    console = Console()
    for table in tables:
        table.show(console)
    facts = forecast_tables.facts(found, names, set(SETS))
    console.print(*facts, sep="\n")
    if write:
        picture = page.PAGE.with_name("quality-forecasts.png")
        forecast_tables.picture(found, names, picture)
        page.write(
            "forecasts",
            [f"![MAE of every method over that of the last value, by set]({picture.name})"]
            + [t.markdown() for t in tables]
            + ["\n".join(f"- {fact}" for fact in facts)],
        )
        console.print(f"written: {page.PAGE}")


def _series(folder: Path, sets: list[str] | None, modes: list[str] | None, horizons: tuple[float, ...]):
    """The declared sets that the folder holds, else whatever its CSVs hold."""
    asked: list[tuple[str, float]] = []
    for text in modes or ():
        mode, _, amount = text.partition(":")
        if mode not in ("full", "drop", "delta"):
            raise typer.BadParameter(f"no mode {mode!r}; there are full, drop:SHARE and delta:DEVIATIONS")
        asked.append((mode, float(amount or 0)))
    declared = [] if horizons else present(folder)
    if declared:
        for name in sets or declared:
            yield from series(folder, name, asked)
    else:
        own: list[Series] = [s for s in of_folder(folder, horizons) if not sets or s.source in sets]
        yield from in_modes(own, asked or CYCLIC_MODES)


if __name__ == "__main__":
    typer.run(main)
