"""The tables, facts and picture on forecasts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path

import numpy as np

from benchmarks.quality import pictures
from benchmarks.quality.conformal import LEVELS
from benchmarks.quality.forecast_scores import LONG, Measured
from benchmarks.quality.methods import OURS
from benchmarks.quality.page import Table, number
from benchmarks.quality.scores import geometric

RANDOM_WALKS = ("sp500", "eurusd")


def of(name: str, key: str | float) -> Callable[[Measured], float | None]:
    """Reads one entry of a dict of Measured."""
    return lambda m: getattr(m, name).get(key)


def cells(found: Iterable[Measured], figure: Callable[[Measured], float | None]) -> float:
    """Geometric mean over cells of that over their series."""
    by_cell = defaultdict(list)
    for m in found:
        value = figure(m)
        if value is not None and np.isfinite(value):
            by_cell[m.cell].append(value)
    return geometric(geometric(values) for values in by_cell.values())


def mean_of_cells(found: Iterable[Measured], figure: Callable[[Measured], float | None]) -> float:
    """Mean over cells of that over their series."""
    by_cell = defaultdict(list)
    for m in found:
        value = figure(m)
        if value is not None and np.isfinite(value):
            by_cell[m.cell].append(value)
    return float(np.mean([np.mean(v) for v in by_cell.values()])) if by_cell else float("nan")


def tables(found: Sequence[Measured], names: Sequence[str], declared: Collection[str]) -> list[Table]:
    return [_methods(found, names, declared), _sets(found, names), _bands(found), _yardstick(found)]


def _methods(found: Sequence[Measured], names: Sequence[str], declared: Collection[str]) -> Table:
    season = [m for m in found if m.source in declared]
    other = [m for m in found if m.source not in declared]
    horizons = sorted({m.horizon for m in found})
    groups = [("declared sets", season), ("other sets", other)] if season and other else []
    groups = [*groups, ("all", list(found))]
    columns = [f"{title} ({len({m.cell for m in g})} cells)" for title, g in groups]
    table = Table(
        "rMAE: error over that of the last value",
        ["method", *columns, *(_horizon(k) for k in horizons), "our error / its", "worst long series", "µs a row"],
        strong={OURS},
    )
    count = {name: sum(name in m.rmae for m in found) for name in (OURS, *names)}
    for name in (OURS, *names):
        long = [m.rmae[name] for m in found if m.rows > LONG and name in m.rmae]
        table.add(
            name if count[name] == count[OURS] else f"{name} ({count[name] / max(count[OURS], 1):.0%} of the series)",
            *(number(cells(g, of("rmae", name))) for _, g in groups),
            *(number(cells((m for m in found if m.horizon == k), of("rmae", name))) for k in horizons),
            "" if name == OURS else number(cells(found, of("ours", name))),
            f"{max(long):.2f}" if long else "–",
            f"{np.median([m.us[name] for m in found if name in m.us]):.0f}" if count[name] else "–",
        )
    return table


def _sets(found: Sequence[Measured], names: Sequence[str]) -> Table:
    table = Table("rMAE by set", ["set", OURS, *names])
    for source in dict.fromkeys(m.source for m in found):
        own = [m for m in found if m.source == source]
        table.add(source, *(number(cells(own, of("rmae", name))) for name in (OURS, *names)))
    return table


def _bands(found: Sequence[Measured]) -> Table:
    horizons = sorted({m.horizon for m in found})
    table = Table(
        "Our forecasts and the share of values inside our intervals",
        ["set", "rMAE", *(_horizon(k) for k in horizons), *(f"{level:.0%} covers" for level in LEVELS)],
    )
    for source in dict.fromkeys(m.source for m in found):
        own = [m for m in found if m.source == source]
        at = [[m for m in own if m.horizon == k] for k in horizons]
        covers = [[[m.coverage[level] for m in a if level in m.coverage] for a in at] for level in LEVELS]
        table.add(
            source,
            number(cells(own, of("rmae", OURS))),
            *(number(cells(a, of("rmae", OURS))) for a in at),
            *(
                " ".join(number(np.mean(c)) if c else "–" for c in by_level) if any(by_level) else "too short"
                for by_level in covers
            ),
        )
    return table


def _yardstick(found: Sequence[Measured]) -> Table:
    columns = [f"{what} {level:.0%}" for level in LEVELS for what in ("off", "conformal off", "Winkler ratio")]
    table = Table(
        "Intervals: mean coverage error over windows of 1,000 rows, in points, ours and of the rolling-quantile "
        "conformal band around the same forecasts; our Winkler score over that of the band",
        ["", *columns],
        strong={"all"},
    )
    groups: list[tuple[str, list[Measured]]] = []
    groups += [(_horizon(k), [m for m in found if m.horizon == k]) for k in sorted({m.horizon for m in found})]
    groups += [(mode, [m for m in found if m.mode == mode]) for mode in dict.fromkeys(m.mode for m in found)]
    groups += [(source, [m for m in found if m.source == source]) for source in dict.fromkeys(m.source for m in found)]
    for title, own in [*groups, ("all", list(found))]:
        row = []
        for level in LEVELS:
            row.append(number(100 * mean_of_cells(own, of("off", level)), 2))
            row.append(number(100 * mean_of_cells(own, of("off_conformal", level)), 2))
            row.append(number(cells(own, of("winkler", level))))
        if any(cell != "–" for cell in row):
            table.add(title, *row)
    return table


def facts(found: Sequence[Measured], names: Sequence[str], declared: Collection[str]) -> list[str]:
    """Sentences with the figures that no table has."""
    out = []
    if names:
        best = cells(found, lambda m: max((m.ours[n] for n in names if n in m.ours), default=None))
        out.append(
            f"Our error over that of the best baseline of each series and horizon, known in hindsight: {number(best)}."
        )
    walks = [m for m in found if m.source in RANDOM_WALKS]
    if walks:
        out.append(f"Random walks (sp500, eurusd), over the last value: {number(cells(walks, of('rmae', OURS)))}.")
    long = [m for m in found if m.rows > LONG and OURS in m.rmae]
    if long:
        worst = max(long, key=lambda m: m.rmae[OURS])
        title = f"{worst.source} {worst.name}, {worst.mode}, {_horizon(worst.horizon)}"
        out.append(
            f"Our worst long series (over {LONG} scored rows): {title}, {worst.rmae[OURS]:.2f} times the last value."
        )
    for level in LEVELS:
        crossing = [m for m in found if level in m.off and m.off[level] == m.off[level]]
        if crossing:
            worst = max(crossing, key=lambda m: m.off[level])
            out.append(
                f"Largest mean coverage error at {level:.0%}: {100 * worst.off[level]:.1f} points "
                f"({worst.source} {worst.name}, {worst.mode}, {_horizon(worst.horizon)})."
            )
    return out


def picture(found: Sequence[Measured], names: Sequence[str], path: Path) -> None:
    sources = list(dict.fromkeys(m.source for m in found))
    heights = {
        name: [cells((m for m in found if m.source == s), of("rmae", name)) for s in sources]
        for name in (OURS, *names)
        if name != "last value"
    }
    pictures.bars(path, sources, heights, "MAE / MAE of the last value", reference=1.0, top=2.0)


def _horizon(k: int) -> str:
    return "next" if k == 0 else f"h{k}"
