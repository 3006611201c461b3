"""The tables and the picture on detection."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np

from benchmarks.quality import pictures
from benchmarks.quality.detection_scores import LEVELS, NOTIFIED, Measured
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


def rows(found: Sequence[Measured]) -> list[tuple[str, list[Measured]]]:
    """Title and measurements of each row: the methods, and ours once more on the series that slow ones were run on."""
    by_method: dict[str, list[Measured]] = {}
    for m in found:
        by_method.setdefault(m.method, []).append(m)
    every = {m.name for m in by_method.get(OURS, found)}
    out, shown = [], [every]
    for method, own in by_method.items():
        names = {m.name for m in own}
        out.append((method if names == every else f"{method} ({len(names)} series)", own))
        if names not in shown:
            shown.append(names)
            out.append((f"{OURS} on these {len(names)}", [m for m in by_method[OURS] if m.name in names]))
    return out


def _scores(found: Sequence[Measured]) -> Table:
    full = [m for m in found if m.mode == "full"]
    sources = sorted({m.source for m in found})
    thinned = [mode for mode in dict.fromkeys(m.mode for m in found) if mode != "full"]
    table = Table(
        f"VUS-PR / event-F1 ({len([m for m in full if m.method == OURS])} series)",
        ["method", *sources, "macro", *(f"macro, {mode}" for mode in thinned), "µs a row"],
        strong={OURS},
    )
    for title, measured in rows(found):
        own = [m for m in measured if m.mode == "full"]
        groups = [[m for m in own if m.source == s] for s in sources]
        groups += [own, *([m for m in measured if m.mode == mode] for mode in thinned)]
        table.add(
            title,
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
    for title, own in rows(full):
        ours = title.startswith(OURS)
        for level in _levels(title):
            cells = []
            for g in [*([m for m in own if m.source == s] for s in sources), own]:
                shares = (macro(g, lambda m, i=i, level=level: m.at[level][i]) for i in (0, 1))
                cells.append(" / ".join(number(x) for x in shares))
            read_at = ", notified" if level == NOTIFIED else f", from {level:g} on"
            table.add(
                title + read_at if ours else title,
                *cells,
                number(macro(own, lambda m, level=level: m.at[level][2])),
            )
    return table


def _levels(title: str) -> tuple[float, ...]:
    """The levels at which the alerts of a row are read: all of ours, a tier's first, a baseline's own."""
    if title == OURS:
        return (*LEVELS, NOTIFIED)
    if title.startswith(OURS):
        return LEVELS[0], NOTIFIED
    return (0.0,)


def picture(found: Sequence[Measured], path: Path) -> None:
    full = [m for m in found if m.mode == "full"]
    sources = sorted({m.source for m in full})
    heights = {
        method: [mean(m.vus_pr for m in full if m.method == method and m.source == s) for s in sources]
        + [macro([m for m in full if m.method == method], lambda m: m.vus_pr)]
        for method in dict.fromkeys(m.method for m in full)
    }
    pictures.bars(path, [*sources, "macro"], heights, "VUS-PR", reference=None)
