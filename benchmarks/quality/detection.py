"""Our detector against baselines on labelled series: VUS-PR and event-F1 of the score, alerts against events.

    python -m benchmarks.quality.detection FOLDER [--baselines all] [--jobs 2] [--write]

FOLDER holds CSVs (timestamp, value, label) and perhaps a manifest.csv (file, source, score_from, vus_window). Means are
taken per source first, then over sources ("macro"). Labels are never shown to a detector. Finished series are kept in
--results and not run again.

An alert is right where it opens inside an event or up to max(10, period / 4) rows after. Ours are the episodes that
reach a level of `alert_score`, the same for all series, and those that are notified. The baselines have no line of
their own: theirs is what one in 2,000 of their own scores exceeded on the second half of the rows before scoring
starts, and an alert lasts 75 rows.
"""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from benchmarks.quality import detection_tables, page, scoring, store
from benchmarks.quality.detection_scores import measured
from benchmarks.quality.detectors import DETECTORS
from benchmarks.quality.labelled import Labelled, dropped, labelled
from benchmarks.quality.methods import OURS, chosen, fingerprint, of_ours


def main(
    folder: Path,
    modes: Annotated[list[str] | None, typer.Option("--mode", help="full, drop:0.4")] = None,
    baselines: Annotated[str, typer.Option(help="all, none, or names with commas between")] = "all",
    jobs: Annotated[int, typer.Option(min=1, help="series at a time")] = 1,
    results: Annotated[Path, typer.Option(help="where finished series are kept")] = store.RESULTS / "detection",
    write: Annotated[bool, typer.Option(help="put tables and picture into docs/quality.md")] = False,
    finished: Annotated[bool, typer.Option("--finished", help="run nothing, report what is finished")] = False,
    slow: Annotated[int | None, typer.Option(min=0, help="slow baselines on at most so many series a source")] = None,
    tiers: Annotated[list[str] | None, typer.Option("--tier", help="also our model in these tiers")] = None,
    bank: str = "liquid_s4",
    decoder: str = "cfc",
) -> None:
    """Score the detector, and the baselines, on labelled series."""
    names = chosen(baselines, DETECTORS)
    runs = of_ours(scoring.run, tiers or (), bank=bank, decoder=decoder)
    pairs = [
        (s, name)
        for s in _series(folder, modes or ["full", "drop:0.4"])
        for name in (*runs, *names)
        if name in runs or s.mode == "full" or not DETECTORS[name].slow
    ]
    pairs = store.thinned_out(pairs, [n for n in names if DETECTORS[n].slow], slow)
    code = inspect.getsource(scoring)
    tasks = [
        store.task(results, runs[name], s, name, fingerprint(None, bank, decoder, code))
        if name in runs
        else store.task(results, scoring.run, s, name, fingerprint(DETECTORS[name], code))
        for s, name in pairs
    ]
    if not finished:
        store.run_all(tasks, jobs)
    found = [measured(s, name, store.load(t)) for (s, name), t in zip(pairs, tasks, strict=True) if t.path.exists()]
    if not any(m.method == OURS for m in found):
        raise typer.BadParameter("nothing to report: no finished series of ours")
    tables = detection_tables.tables(found)
    console = Console()
    for table in tables:
        table.show(console)
    if write:
        picture = page.PAGE.with_name("quality-detection.png")
        detection_tables.picture(found, picture)
        page.write(
            "detection",
            [f"![VUS-PR of every method, by source]({picture.name})", *(t.markdown() for t in tables)],
        )
        console.print(f"written: {page.PAGE}")


def _series(folder: Path, modes: list[str]) -> list[Labelled]:
    out = []
    for s in labelled(folder):
        for text in modes:
            mode, _, amount = text.partition(":")
            if mode not in ("full", "drop"):
                raise typer.BadParameter(f"no mode {mode!r}; there are full and drop:SHARE")
            out.append(s if mode == "full" else dropped(s, float(amount)))
    return out


if __name__ == "__main__":
    typer.run(main)
