"""What came out of a folder: one row per file, the failures by name, and one line in the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

from liquid.verify.case import Case, Failure, Unusable, files, load
from liquid.verify.checks import KINDS, Check
from liquid.verify.modes import check_modes, is_table_of_modes
from liquid.verify.recurrent import check_recurrent, lacking, unknown_arrays
from liquid.verify.state_space import check_state_space, left_out
from liquid.verify.wirings import check_wirings


@dataclass
class FileReport:
    """Checks of one file; `failure` says why there are not more, `notes` what was left out."""

    name: str
    readable: bool = True
    checks: list[Check] = field(default_factory=list)
    failure: str = ""
    notes: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        return bool(self.checks) and not self.failure and all(c.passed for c in self.checks)

    def worst(self, kind: str) -> Check | None:
        """The largest error of a kind, among those that are off if there are any."""
        found = [c for c in self.checks if c.kind == kind]
        return max(found, key=lambda c: (not c.passed, c.error), default=None)


def share(check: Check) -> float:
    """The error in units of the tolerance."""
    if check.error == 0.0:
        return 0.0
    return check.error / check.tolerance if check.tolerance > 0 else float("inf")


def check_folder(folder: Path, progress: Callable[[list[Path]], Iterable[Path]] = iter) -> list[FileReport]:
    """Check every .npz file under a folder, or one file.

    Parameters
    ----------
    progress : shows where it is; passes its files on.

    Raises
    ------
    Unusable : there are no such files.
    """
    found = files(folder)
    return [check_file(path, "" if path == folder else str(path.relative_to(folder))) for path in progress(found)]


def check_file(path: Path, name: str = "") -> FileReport:
    """Check one file; what cannot be read or checked is said in the report."""
    report = FileReport(name or path.name)
    try:
        case = load(path)
    except Unusable as error:
        report.readable, report.failure = False, str(error)
        return report
    try:
        for found in _checks(case, report):
            report.checks.append(found)
    except (Failure, ValueError, TypeError, FloatingPointError) as error:
        report.failure = str(error)
    except KeyError as error:
        report.failure = f"the configuration lacks {error.args[0]!r}"
    except Exception as error:  # one file never keeps the others from being checked
        report.failure = f"cannot be checked: {type(error).__name__}: {error}"
    if not report.checks and not report.failure:
        report.failure = "there is nothing in it to check"
    return report


def _checks(case: Case, report: FileReport) -> Iterator[Check]:
    if isinstance(case.config, list):
        return check_wirings(case)
    if isinstance(case.config, dict) and "model" in case.config:
        if unknown := unknown_arrays(case):
            report.notes.append(f"{', '.join(unknown)}: not known, not checked")
        if missing := lacking(case):
            report.notes.append(f"without {', '.join(missing)}")
        return check_recurrent(case)
    if isinstance(case.config, dict) and "mode" in case.config:
        report.notes += left_out(case)
        return check_state_space(case)
    if is_table_of_modes(case):
        return check_modes(case)
    raise Failure("neither a model of ncps, a state space nor a table: the configuration has no such keys")


def table(reports: list[FileReport]) -> Table:
    found = Table(title="Largest error by kind, as a share of max(1, largest number)", title_justify="left")
    kinds = [kind for kind in KINDS if any(r.worst(kind) for r in reports)]
    for column in ("file", *kinds, "checks", ""):
        found.add_column(column, justify="left" if column == "file" else "right", overflow="fold")
    for report in reports:
        errors = []
        for kind in kinds:
            worst = report.worst(kind)
            text = "" if worst is None else f"{worst.error:.1e}"
            errors.append(text if worst is None or worst.passed else f"[red]{text}[/red]")
        result = "ok" if report.passed else "[red]FAIL[/red]"
        found.add_row(report.name, *errors, str(len(report.checks)), result)
    return found


def failures(reports: list[FileReport]) -> Iterator[str]:
    """One line for each array that is off, and for each file that cannot be checked."""
    for report in reports:
        for c in report.checks:
            if not c.passed:
                yield f"{report.name}: {c.name} is off by {c.error:.2g}, more than {c.tolerance:.2g}"
        if report.failure:
            yield f"{report.name}: {report.failure}"


def summary(reports: list[FileReport]) -> str:
    checks = [(share(c), c, r) for r in reports for c in r.checks]
    failed = sum(not r.passed for r in reports)
    worst = ""
    if checks:
        ratio, c, r = max(checks, key=lambda entry: entry[0])
        worst = f"worst {c.error:.1e} ({ratio:.2g} of what is allowed, {c.name} of {r.name}), "
    return f"{len(reports)} files, {len(checks)} checks, {worst}{failed} failures"


def show(reports: list[FileReport], console: Console) -> None:
    console.print(table(reports))
    notes = Counter(note for report in reports for note in report.notes)
    for note, count in notes.items():
        console.print(f"{count} files: {note}", style="dim", markup=False)
    for line in failures(reports):
        console.print(line, style="red", markup=False)
    console.print(summary(reports), markup=False)
