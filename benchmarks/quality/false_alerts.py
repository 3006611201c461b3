"""How often an alert opens where nothing ever happens, beside the stated rate.

    python -m benchmarks.quality.false_alerts [--seeds 16] [--events 8500] [--write]

Synthetic streams (`benchmarks.quality.quiet`), counted from the end of the learning state on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.progress import track

from benchmarks.quality import page, quiet
from benchmarks.quality.methods import known_tier
from liquid import Model, ModelConfig
from liquid.anomaly.line import EVERY, LEARNING, QUIET
from liquid.results import OPENED

YOUNG = LEARNING + int(EVERY)


@dataclass(frozen=True)
class Rates:
    """Per EVERY events: alerts opened by young series, by older ones, by all; alerts notified; runs of a score of 1."""

    young: float
    old: float
    opened: float
    notified: float
    score: float


def rates(name: str, seeds: int, events: int, tier: str = "full") -> Rates:
    """Of one stream of `quiet.STREAMS`, over seeds 0.. and `events` events each."""
    opened, notified, score = (np.zeros((seeds, events), bool) for _ in range(3))
    for seed in range(seeds):
        model = Model(ModelConfig(horizons=(3600.0,), tier=tier), capacity=1)
        out = model.run(np.zeros(events, int), *quiet.seeded(name, seed, events))
        opened[seed] = out["alert"] == OPENED
        notified[seed] = out["notify"]
        high = np.flatnonzero(out["score"] >= 1.0)
        score[seed, high[np.diff(high, prepend=-1000) > QUIET]] = True

    def per(happened: np.ndarray, a: int, b: int | None = None) -> float:
        return float(EVERY * happened[:, a:b].mean())

    return Rates(
        per(opened, LEARNING, YOUNG),
        per(opened, YOUNG),
        per(opened, LEARNING),
        per(notified, LEARNING),
        per(score, LEARNING),
    )


def main(
    seeds: Annotated[int, typer.Option(min=1)] = 16,
    events: Annotated[int, typer.Option(min=YOUNG + 1, help="of each stream and seed")] = 8500,
    tier: Annotated[str, typer.Option(help="of our model")] = "full",
    write: Annotated[bool, typer.Option(help="put the table into docs/quality.md")] = False,
) -> None:
    """Count the alerts on streams in which nothing happens."""
    known_tier(tier)
    console = Console()
    table = page.Table(
        f"Alerts per {EVERY:,.0f} events of quiet streams, {seeds} seeds of {events - LEARNING:,} events (stated: 1)",
        ["stream", f"events {LEARNING}-{YOUNG}", "later", "all", "score from 1 on", "notified"],
    )
    for name in track(quiet.STREAMS, "quiet streams", console=Console(stderr=True)):
        r = rates(name, seeds, events, tier)
        figures = (r.young, r.old, r.opened, r.score, r.notified)
        table.add(name, *(page.number(x, 2) for x in figures))
    table.show(console)
    if write:
        page.write("false alerts", [table.markdown()])


if __name__ == "__main__":
    typer.run(main)
