"""Our tests of drift against river's ADWIN, KSWIN and Page-Hinkley: delay of finding a shift, at equal false alarms.

    python -m benchmarks.quality.drift [--jobs 2] [--write]

Every method's threshold is the least strict one of its grid at which it gives at most one false alarm in 10,000 quiet
events: one threshold for all backgrounds, as for series nobody looks at one by one; and one for each background alone,
as if somebody did. A delay is the median over seeds of the events from the shift to the first alarm, 2,000 where there
is none. KSWIN is slow and asked on a third of the streams. Finished streams are kept in --results and not run again.
"""

from __future__ import annotations

import inspect
import math
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console

from benchmarks.quality import drift_methods, drift_streams, page, store
from benchmarks.quality.drift_methods import NEVER, OURS, RIVER
from benchmarks.quality.drift_streams import AFTER, BACKGROUNDS, BEFORE, QUIET, SHIFTS, START, Case
from liquid import drift

RATE = 1e-4
_SLOW = "KSWIN"
_QUIET_EVENTS = BEFORE + AFTER - START

Found = dict[tuple[Case, str], dict[str, np.ndarray]]


def main(
    quiet: Annotated[int, typer.Option(min=1, help="quiet streams of each background")] = 60,
    seeds: Annotated[int, typer.Option(min=1, help="streams of each shift")] = 16,
    kinds: Annotated[str, typer.Option(help="all, or names with commas between")] = "all",
    jobs: Annotated[int, typer.Option(min=1, help="cases at a time")] = 1,
    results: Annotated[Path, typer.Option(help="where finished streams are kept")] = store.RESULTS / "drift",
    finished: Annotated[bool, typer.Option("--finished", help="run nothing, report methods that are finished")] = False,
    write: Annotated[bool, typer.Option(help="put the tables into docs/quality.md")] = False,
) -> None:
    """Compare tests of drift."""
    chosen = list(SHIFTS) if kinds == "all" else kinds.split(",")
    if unknown := set(chosen) - set(SHIFTS):
        raise typer.BadParameter(f"no {', '.join(sorted(unknown))}; known are: {', '.join(SHIFTS)}")
    cases = [
        Case(kind, background, shift, quiet if shift == QUIET else seeds)
        for kind in chosen
        for background in BACKGROUNDS[kind]
        for shift in (QUIET, *SHIFTS[kind])
    ]
    pairs = [(case, method) for method in (OURS, *RIVER) for case in cases if _applies(case, method)]
    tasks = [store.task(results, drift_methods.run, case, method, _fingerprint(method)) for case, method in pairs]
    if not finished:
        store.run_all(tasks, jobs)
    missing = {(pair[0].kind, pair[1]) for pair, t in zip(pairs, tasks, strict=True) if not t.path.exists()}
    found = {
        pair: store.load(t) for pair, t in zip(pairs, tasks, strict=True) if (pair[0].kind, pair[1]) not in missing
    }
    if any((kind, OURS) in missing for kind in chosen):
        raise typer.BadParameter("nothing to report: no finished streams of ours")
    tables = [t for kind in chosen for t in _tables(kind, found)]
    console = Console()
    for table in tables:
        table.show(console)
    console.print(_quiet(found, chosen))
    if write:
        page.write("drift", [*(t.markdown() for t in tables), _quiet(found, chosen)])
        console.print(f"written: {page.PAGE}")


def _applies(case: Case, method: str) -> bool:
    """Whitening is for values that depend on the previous one."""
    return case.kind == "input" or "whitened" not in method


def _fingerprint(method: str) -> str:
    code = inspect.getsource(drift_streams) + inspect.getsource(drift_methods)
    if method == OURS:
        code += "".join(path.read_text() for path in sorted(Path(drift.__file__).parent.glob("*.py")))
    return code


def _methods(kind: str, found: Found) -> list[str]:
    return [m for m in (OURS, *RIVER) if any(c.kind == kind and method == m for c, method in found)]


def _alarming(kind: str, background: str, method: str, found: Found) -> np.ndarray:
    """Share of quiet streams with an alarm, at every threshold."""
    (case,) = (c for c, m in found if (c.kind, c.background, c.shift, m) == (kind, background, QUIET, method))
    return (found[case, method]["first"] < NEVER).mean(0)


def _threshold(shares: np.ndarray) -> int | None:
    allowed = np.flatnonzero(shares <= 1 - math.exp(-RATE * _QUIET_EVENTS))
    return int(allowed[0]) if len(allowed) else None


def _delay(kind: str, background: str, shift: str, method: str, threshold: int | None, found: Found) -> float:
    if threshold is None:
        return math.nan
    (case,) = (c for c, m in found if (c.kind, c.background, c.shift, m) == (kind, background, shift, method))
    first = found[case, method]["first"][:, threshold]
    return float(np.median(np.minimum(first[first > 0], AFTER))) if (first > 0).any() else math.nan


def _geometric(delays: list[float]) -> float:
    return math.exp(np.mean(np.log(delays))) if delays else math.nan


def _tables(kind: str, found: Found) -> list[page.Table]:
    shifts, backgrounds = SHIFTS[kind], BACKGROUNDS[kind]
    one = page.Table(
        f"Drift of the {kind}: events until it is found, one threshold for all series (geometric means over "
        f"{', '.join(backgrounds)})",
        ["method", *shifts, "all"],
        strong={OURS},
    )
    own = page.Table(
        f"Drift of the {kind}: the same with a threshold for each background (geometric means over the shifts)",
        ["method", *backgrounds, "all"],
        strong={OURS},
    )
    for method in _methods(kind, found):
        shares = {b: _alarming(kind, b, method, found) for b in backgrounds}
        common = _threshold(np.mean(list(shares.values()), 0))
        by_shift = [_geometric([_delay(kind, b, s, method, common, found) for b in backgrounds]) for s in shifts]
        name = f"{method} (a third of the streams)" if _SLOW in method else method
        one.add(name, *map(_events, by_shift), _events(_geometric(by_shift)))
        by_background = [
            _geometric([_delay(kind, b, s, method, _threshold(shares[b]), found) for s in shifts]) for b in backgrounds
        ]
        own.add(name, *map(_events, by_background), _events(_geometric(by_background)))
    return [one, own] if len(backgrounds) > 1 else [one]


def _events(delay: float) -> str:
    return "–" if math.isnan(delay) else f"{delay:.0f}"


def _quiet(found: Found, kinds: list[str]) -> str:
    """What the line of 1.0 itself gives."""
    said = []
    for kind in kinds:
        begun = {c.background: f["begun"] for (c, m), f in found.items() if (c.kind, c.shift, m) == (kind, QUIET, OURS)}
        rates = [f"{b} {1e4 * x.mean() / _QUIET_EVENTS:.1f}" for b, x in begun.items()]
        said.append(f"{kind}: {', '.join(rates)}")
    return f"False alarms of ours at the line of 1.0, in 10,000 quiet events: {'; '.join(said)}."


if __name__ == "__main__":
    typer.run(main)
