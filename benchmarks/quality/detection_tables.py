"""The tables and the picture on detection."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np

from benchmarks.quality import pictures
from benchmarks.quality.detection_scores import LEVELS, Measured
from benchmarks.quality.methods import OURS
from benchmarks.quality.page import Table, number


def mean(values: Iterable[float]) -> float:
    """Mean of what is not nan."""
    known = [v for v in values if v == v]
    return float(np.mean(known)) if known else float("nan")


def macro(found: Sequence[Measured], figure: Callable[[Measured], float]) -> float:
    """Mean over sources of the mean over their series."""
    return mean(mean(figure(m) for m in found if m.source == s) for s in dict.fromkeys(m.source for m in found))


def tables(found: Sequence[Measured]) -> list[Table]:
    return [_scores(found), _alerts(found)]


def _scores(found: Sequence[Measured]) -> Table:
    full = [m for m in found if m.mode == "full"]
    sources = sorted({m.source for m in found})
    thinned = [mode for mode in dict.fromkeys(m.mode for m in found) if mode != "full"]
    table = Table(
        f"VUS-PR / event-F1 ({len([m for m in full if m.method == OURS])} series)",
        ["method", *sources, "macro", *(f"macro, {mode}" for mode in thinned), "µs a row"],
        strong={OURS},
    )
    for method in dict.fromkeys(m.method for m in found):
        own = [m for m in full if m.method == method]
        groups = [[m for m in own if m.source == s] for s in sources]
        groups += [own, *([m for m in found if m.method == method and m.mode == mode] for mode in thinned)]
        table.add(
            method,
            *(f"{number(macro(g, lambda m: m.vus_pr))} / {number(macro(g, lambda m: m.event_f1))}" for g in groups),
            f"{np.median([m.us for m in own]):.0f}" if own else "–",
        )
    return table


def _alerts(found: Sequence[Measured]) -> Table:
    full = [m for m in found if m.mode == "full"]
    sources = sorted({m.source for m in full})
    table = Table(
        "Alerts: events found / alerts right",
        ["method", *sources, "macro", "false alerts per 1,000 rows"],
    )
    for method in dict.fromkeys(m.method for m in full):
        own = [m for m in full if m.method == method]
        for level in LEVELS if method == OURS else (0.0,):
            cells = []
            for g in [*([m for m in own if m.source == s] for s in sources), own]:
                shares = (macro(g, lambda m, i=i, level=level: m.at[level][i]) for i in (0, 1))
                cells.append(" / ".join(number(x) for x in shares))
            title = f"{method}, from {level:g} on" if method == OURS else method
            table.add(title, *cells, number(macro(own, lambda m, level=level: m.at[level][2])))
    return table


def picture(found: Sequence[Measured], path: Path) -> None:
    full = [m for m in found if m.mode == "full"]
    sources = sorted({m.source for m in full})
    heights = {
        method: [mean(m.vus_pr for m in full if m.method == method and m.source == s) for s in sources]
        + [macro([m for m in full if m.method == method], lambda m: m.vus_pr)]
        for method in dict.fromkeys(m.method for m in full)
    }
    pictures.bars(path, [*sources, "macro"], heights, "VUS-PR", reference=None)
