"""The command ``python -m liquid.verify``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track

from liquid.verify.case import Unusable, absent
from liquid.verify.report import check_folder, show

EXIT_FAILED = 1
EXIT_UNUSABLE = 2
WIDTH = 160  # where it is not a terminal that says

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def verify(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of .npz files, subfolders too, or one file.")],
) -> None:
    """Check golden vectors of ncps (CfC, LTC, wirings) and of the Liquid-S4 research code.

    Outputs, states, gradients, Jacobians, step matrices, kernels and wirings are computed from the parameters and the
    inputs in each file and compared with what it holds. Exit status: 0 if all are within tolerance, 1 if any is not or
    a file cannot be checked, 2 if the folder is missing or empty or a file in it cannot be read.
    """
    errors = Console(stderr=True, highlight=False, soft_wrap=True)
    try:
        reports = check_folder(
            folder, lambda paths: track(paths, description="checking", console=errors, transient=True)
        )
    except Unusable as error:
        errors.print(str(error), style="red", markup=False)
        raise typer.Exit(EXIT_UNUSABLE) from None
    output = Console(highlight=False, soft_wrap=False)
    if not output.is_terminal:
        output = Console(highlight=False, width=WIDTH)
    show(reports, output)
    if missing := absent(folder):
        errors.print(f"listed in index.json, but not there: {', '.join(missing)}", style="yellow", markup=False)
    if not all(report.readable for report in reports):
        raise typer.Exit(EXIT_UNUSABLE)
    if not all(report.passed for report in reports):
        raise typer.Exit(EXIT_FAILED)


if __name__ == "__main__":
    app(prog_name="python -m liquid.verify")
