"""`liquidstream backtest`: files of past events through the engine of the live service, row for row."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from liquid.tiers import TIERS
from stream import backtest_setup as setups
from stream import backtest_summary as summary
from stream import units
from stream.backtest_layout import ANYTHING, Asked, find
from stream.backtest_run import Runner, passes
from stream.backtest_setup import DEFAULT, Setup
from stream.backtest_summary import Evaluation, FileSummary
from stream.backtest_write import Writer
from stream.config import Settings
from stream.files import Columns, FileError, Format, Table, format_of
from stream.warmup import warm_up

_WIDE = 160  # of tables that go into a file
CELLS = 100_000  # values in one call of the engine: bounds the memory of wide files


@dataclass(frozen=True)
class Choice:
    """What was asked for. horizons : as written, to seconds."""

    horizons: dict[str, float]
    columns: Asked = ANYTHING
    setup: Setup = DEFAULT

    @property
    def seconds(self) -> tuple[float, ...]:
        """The distinct horizons, ascending."""
        return tuple(sorted(set(self.horizons.values())))


def backtest_file(
    source: Path, target: Path, choice: Choice, advance: Callable[[int], None] = lambda position: None
) -> FileSummary:
    """Run one file and write what came out.

    Parameters
    ----------
    advance : told, from time to time, how many bytes of the file are read.

    Raises FileError.
    """
    seconds = choice.seconds
    indices = {name: seconds.index(value) for name, value in choice.horizons.items()}
    with Table(source) as table:
        layout = find(table, choice.columns)
        runner = Runner(layout, seconds, choice.setup)
        evaluation = Evaluation(source.name, seconds)
        with _writing(target), Writer(target, format_of(target), layout, indices) as writer:
            for block in _pieces(table, max(1, CELLS // len(layout.values))):
                scored = runner.run(block)
                writer.write(block, scored)
                evaluation.add(scored, layout.numbers(block, layout.label) if layout.label else None)
                advance(table.position)
    return evaluation.summary()


@contextmanager
def _writing(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise FileError(f"cannot write: {error.strerror}", str(target), "make room or choose another --out") from None


def _pieces(table: Table, rows: int) -> Iterator[Columns]:
    for block in table.blocks():
        for start in range(0, len(block[table.names[0]]) or 1, rows):
            yield {name: cells[start : start + rows] for name, cells in block.items()}


def targets(files: Sequence[Path], out: Path, form: Format | None = None) -> dict[Path, Path]:
    """Where each file's output goes: under its own name, or, when two share one, mirrored below their common parent."""
    files = list(dict.fromkeys(path.absolute() for path in files))
    found = {path: out / _named(path, form) for path in files}
    if len(set(found.values())) < len(files):
        common = Path(os.path.commonpath([path.parent for path in files]))
        found = {path: out / path.parent.relative_to(common) / _named(path, form) for path in files}
    taken: dict[Path, Path] = {}
    for path, target in found.items():
        if target.resolve() in {file.resolve() for file in files}:
            raise FileError("the output would replace an input", str(path), "choose another folder with --out")
        if target in taken:
            raise FileError("two inputs would be written to one file", f"{taken[target]} and {path}", "rename one")
        taken[target] = path
    return found


def _named(path: Path, form: Format | None) -> str:
    """The input's name, with the ending of the wanted form where it is another one."""
    if form is None or form == format_of(path):
        return path.name
    packed = path.suffix == ".gz"
    plain = Path(path.stem) if packed else path
    return plain.with_suffix(f".{form}").name + (".gz" if packed else "")


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("backtest", epilog=EXAMPLES)(command)


EXAMPLES = """Examples:

  liquidstream backtest data/*.csv --out results --horizon 1h --horizon 1d --json > summary.json

  liquidstream backtest load.csv --out results --option minimum=0 --option maximum=100"""


def command(
    files: Annotated[
        list[Path], typer.Argument(help="CSV (.csv, .tsv, .txt) or JSON lines (.jsonl, .ndjson), also with .gz.")
    ],
    out: Annotated[Path, typer.Option(help="Folder for one file per input, of the same name.")],
    horizon: Annotated[list[str], typer.Option(help="How far ahead to forecast, e.g. 1h; may be repeated.")] = [],  # noqa: B006
    form: Annotated[Format | None, typer.Option("--format", help="Of the output; default: as the input.")] = None,
    time_column: Annotated[
        str | None, typer.Option(help="Default: timestamp, time, date or what looks like it.")
    ] = None,
    time_format: Annotated[
        str, typer.Option(help="How times are written, e.g. '%d/%m/%Y %H:%M'; default: found.")
    ] = "",
    values: Annotated[str, typer.Option(help="Value columns, with commas; default: every column of numbers.")] = "",
    series: Annotated[str | None, typer.Option(help="Column that tells series apart; default: series.")] = None,
    label: Annotated[str | None, typer.Option(help="Column of 0/1 that only the summary sees; default: label.")] = None,
    config: Annotated[Path | None, typer.Option("--config", "-c", help="Take model and options from it.")] = None,
    feed: Annotated[str | None, typer.Option(help="Which feed of --config; needed when it has several.")] = None,
    tier: Annotated[str | None, typer.Option(help=f"Size of a series' state: {', '.join(TIERS)}.")] = None,
    option: Annotated[
        list[str],
        typer.Option(metavar="KEY=VALUE", help="Declare it of all series, e.g. minimum=0; may be repeated."),
    ] = [],  # noqa: B006
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """Run past events through the live engine: scores, alerts and forecasts for every row of every file."""
    errors = Console(stderr=True, highlight=False, soft_wrap=True)
    try:
        names = tuple(name for name in values.split(",") if name)
        setup = setups.read(config, feed, tier, option)
        choice = Choice(_horizons(horizon), Asked(time_column, names, label, series, time_format), setup)
        plan = targets(files, out, form)
    except FileError as error:
        errors.print(str(error), style="red", markup=False)
        raise typer.Exit(2) from None
    good, failed = _checked(plan, choice)
    summaries: list[FileSummary] = []
    if good:
        warm_up(Settings(feeds=passes(choice.seconds, setup), model=setup.model), errors)
        summaries, late = _run(good, choice, errors)
        failed += late
    if as_json:
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(summary.as_json(summaries, choice.horizons))).decode())
        sys.stdout.write("\n")
    elif summaries:
        console = Console(width=None if sys.stdout.isatty() else _WIDE)
        console.print(*summary.as_tables(summaries, choice.horizons))
    for note in summary.notes(summaries, choice.horizons):
        errors.print(note, style="yellow", markup=False)
    for failure in failed:
        errors.print(str(failure), style="red", markup=False)
    if failed:
        raise typer.Exit(2)


def _horizons(texts: Sequence[str]) -> dict[str, float]:
    try:
        found = {text: units.seconds(text) for text in texts}
    except ValueError as error:
        raise FileError("a horizon that cannot be read", "--horizon", str(error)) from None
    if short := [text for text, seconds in found.items() if not seconds > 0]:
        raise FileError("a horizon must be longer than zero", f"--horizon {short[0]}", "write it like 30s, 1h or 1d")
    return found


def _checked(plan: Mapping[Path, Path], choice: Choice) -> tuple[dict[Path, Path], list[FileError]]:
    """The files whose columns are clear, and what is wrong with the others, before anything takes long."""
    good: dict[Path, Path] = {}
    failed: list[FileError] = []
    for source, target in plan.items():
        try:
            with Table(source) as table:
                find(table, choice.columns)
            good[source] = target
        except FileError as error:
            failed.append(error)
    return good, failed


def _run(plan: Mapping[Path, Path], choice: Choice, console: Console) -> tuple[list[FileSummary], list[FileError]]:
    """Every file that can be read, with a progress bar; the others' errors."""
    summaries, failed = [], []
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        sizes = {path: path.stat().st_size for path in plan}
        bar = progress.add_task("", total=sum(sizes.values()))
        for number, (source, target) in enumerate(plan.items(), start=1):
            progress.update(bar, description=f"{source.name} ({number} of {len(plan)})")
            before = progress.tasks[0].completed
            try:
                summaries.append(backtest_file(source, target, choice, partial(_advance, progress, bar, before)))
            except FileError as error:
                failed.append(error)
            progress.update(bar, completed=before + sizes[source])
    return summaries, failed


def _advance(progress: Progress, bar: TaskID, before: float, position: int) -> None:
    progress.update(bar, completed=before + position)
