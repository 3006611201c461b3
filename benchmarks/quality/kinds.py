"""Forecasts and alerts on series of other kinds than those that the model was made with.

    python -m benchmarks.quality.kinds [--seeds 3] [--write]

Streams made of known parts and series shipped in PyPI packages (`benchmarks.quality.kind_streams`), ours beside the
quick baselines of `benchmarks.quality.forecasters`. Horizons are the next event and 1, 6 and 24 median gaps; figures
are geometric means over seeds and horizons. "Best in hindsight" is the best baseline of each seed and horizon.

Anomalies of every kind (`benchmarks.quality.happenings`) are put into the shipped series that are long enough.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.progress import track

from benchmarks.quality import happenings, kind_streams, page, prequential
from benchmarks.quality.detectors import DETECTORS, Hints
from benchmarks.quality.folder import UNITS
from benchmarks.quality.forecast_scores import Measured, measured
from benchmarks.quality.forecasters import FORECASTERS
from benchmarks.quality.methods import OURS
from benchmarks.quality.scores import episodes, geometric
from benchmarks.quality.sets import cleaned
from liquid import Model, ModelConfig
from liquid.anomaly.line import EVERY, LEARNING
from liquid.results import OPENED

QUICK = [name for name, kind in FORECASTERS.items() if kind.origins is None]
SCORERS = ("rolling robust z", "river GaussianScorer")
RATE = 1 / EVERY


@dataclass
class Row:
    """One kind. cells : measured forecasts. events, opened, notified : after the learning state, over all seeds."""

    kind: str
    quiet: bool
    cells: list[Measured] = field(default_factory=list)
    events: int = 0
    opened: int = 0
    notified: int = 0

    def add(self, name: str, t: np.ndarray, v: np.ndarray) -> None:
        """Measure one series of this kind."""
        unit = float(np.median(np.diff(np.unique(t))))
        horizons = tuple(u * unit for u in UNITS)
        out = Model(ModelConfig(horizons=horizons), capacity=1).run(np.zeros(len(t), int), t, v)[LEARNING:]
        self.events += len(out)
        self.opened += int((out["alert"] == OPENED).sum())
        self.notified += int(out["notify"].sum())
        s = cleaned(self.kind, name, t, v, horizons, len(t) // 5)
        self.cells += measured(s, {method: prequential.run(s, method) for method in (OURS, *QUICK)})

    @property
    def best(self) -> float:
        """Our error over that of the best baseline."""
        return geometric(c.rmae[OURS] / min(c.rmae[b] for b in QUICK) for c in self.cells)

    def figures(self) -> list[str]:
        error = geometric(c.rmae[OURS] for c in self.cells)
        baselines = {b: geometric(c.rmae[b] for c in self.cells) for b in QUICK}
        name = min(baselines, key=baselines.__getitem__)
        held = [
            np.mean([c.coverage[level] for c in self.cells if level in c.coverage] or [np.nan]) for level in (0.8, 0.95)
        ]
        per = [EVERY * x / self.events if self.events >= EVERY else np.nan for x in (self.opened, self.notified)]
        return [
            page.number(error), page.number(self.best), f"{name} {page.number(baselines[name])}",
            *(page.number(float(x)) for x in held), *(page.number(x, 2) for x in per),
        ]  # fmt: skip


def rows(seeds: int, names: list[str] | None = None) -> Iterator[Row]:
    """All kinds, or those of these names."""
    for name, kind in kind_streams.MADE.items():
        if names is None or name in names:
            row = Row(name, kind.quiet)
            for seed in range(seeds):
                row.add(str(seed), *kind_streams.seeded(name, seed))
            yield row
    shipped: dict[str, Row] = {}
    for name, t, v in kind_streams.shipped() if names is None else ():
        kind = name.partition(", ")[0]
        shipped.setdefault(kind, Row(kind, False)).add(name, t, v)
    yield from shipped.values()


def found(t: np.ndarray, v: np.ndarray, happening: str, seed: int) -> dict[str, bool]:
    """Who opens an alert within happenings.NOTICED events after something happens in a part of a series."""
    rng = np.random.default_rng([seed, list(happenings.HAPPENINGS).index(happening)])
    begin = int(rng.integers(0, len(t) - happenings.EVENTS + 1))
    part = slice(begin, begin + happenings.EVENTS)
    t, v = happenings.HAPPENINGS[happening](rng, t[part].copy(), v[part].copy())
    seen = slice(happenings.AT, happenings.AT + happenings.NOTICED)
    out = Model(ModelConfig(horizons=(3600.0,)), capacity=1).run(np.zeros(len(t), int), t, v)[seen]
    opened = {OURS: bool((out["alert"] == OPENED).any()), f"{OURS}, notified": bool(out["notify"].any())}
    warm = happenings.AT // 2
    hints = Hints(warm, 100, float(v[:warm].min()), float(v[:warm].max()))
    for name in SCORERS:
        detector = DETECTORS[name](hints)
        score = np.array([detector.score(a, b) for a, b in zip(t.tolist(), v.tolist(), strict=True)])
        at = episodes(score, float(np.quantile(score[warm : happenings.AT], 1 - RATE)))
        opened[name] = bool(((at >= seen.start) & (at < seen.stop)).any())
    return opened


def main(
    seeds: Annotated[int, typer.Option(min=1)] = 3,
    write: Annotated[bool, typer.Option(help="put the tables into docs/quality.md")] = False,
) -> None:
    """Measure forecasts and alerts on series of other kinds."""
    console, errors = Console(), Console(stderr=True)
    forecasts = page.Table(
        f"Forecasts and intervals (next, 1, 6 and 24 gaps ahead), alerts per {EVERY:,.0f} events",
        ["kind", "rMAE", "over the best in hindsight", "best baseline", "in 80 %", "in 95 %", "alerts", "notified"],
    )
    all_rows = []
    for row in track(rows(seeds), "kinds", console=errors):
        all_rows.append(row)
        forecasts.add(row.kind + ("" if row.quiet else " *"), *row.figures())
    cells = [c for row in all_rows for c in row.cells]
    long = [c for c in cells if c.coverage]
    ratio = {True: [c.rmae[OURS] / min(c.rmae[b] for b in QUICK) for c in long]}
    ratio[False] = [c.rmae[OURS] / min(c.rmae[b] for b in QUICK) for c in cells]
    fact = (
        f"Over the best baseline in hindsight: {page.number(geometric(ratio[False]))} over all, "
        f"{page.number(geometric(ratio[True]))} over series of more than 1,000 scored rows."
    )
    long_series = [(t, v) for _, t, v in kind_streams.shipped() if len(t) >= happenings.EVENTS]
    shares = page.Table(
        f"Share of anomalies found in {len(long_series)} shipped series ({seeds} places each)",
        ["anomaly", OURS, f"{OURS}, notified", *SCORERS],
    )
    for happening in track(happenings.HAPPENINGS, "anomalies", console=errors):
        cases = [found(t, v, happening, seed) for t, v in long_series for seed in range(seeds)]
        shares.add(happening, *(page.number(float(np.mean([c[m] for c in cases])), 2) for m in shares.columns[1:]))
    for table in (forecasts, shares):
        table.show(console)
    console.print(fact)
    if write:
        page.write("kinds", [forecasts.markdown(), fact, shares.markdown()])


if __name__ == "__main__":
    typer.run(main)
