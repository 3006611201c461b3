"""Which kinds of anomaly are found, and how many events after they began.

    python -m benchmarks.quality.synthetic [--seeds 12] [--write]

Synthetic anomalies in seven kinds of quiet streams (`benchmarks.quality.happenings`). One counts as found when an alert
opens within 400 events of its beginning; so do false alerts, whose share is the row in which nothing happens. Left out
are streams in which an alert is open already, and cells in which there is nothing to find.
"""

from __future__ import annotations

from itertools import count
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.progress import track

from benchmarks.quality import happenings, page
from liquid import Model, ModelConfig
from liquid.results import OPENED


def delays(background: str, happening: str, seeds: int) -> tuple[np.ndarray, np.ndarray]:
    """Events until an alert opens, and until somebody is told, in each stream; infinite where that does not happen."""
    out: list[list[float]] = [[], []]
    for seed in count():
        if len(out[0]) == seeds:
            break
        model = Model(ModelConfig(horizons=(3600.0,)), capacity=1)
        result = model.run(np.zeros(happenings.EVENTS, int), *happenings.happened(background, happening, seed))
        if result["alert_begin"][happenings.AT - 1] > 0:
            continue
        seen = result[happenings.AT : happenings.AT + happenings.NOTICED]
        for known, happened in zip(out, (seen["alert"] == OPENED, seen["notify"] > 0), strict=True):
            known.append(float(happened.argmax()) if happened.any() else np.inf)
    return np.array(out[0]), np.array(out[1])


def main(
    seeds: Annotated[int, typer.Option(min=1)] = 12,
    write: Annotated[bool, typer.Option(help="put the table into docs/quality.md")] = False,
) -> None:
    """Look for synthetic anomalies of every kind."""
    console = Console()
    table = page.Table(
        f"Share of synthetic anomalies found ({seeds} seeds each), median delay in events, and share notified",
        ["anomaly", *happenings.BACKGROUNDS, "all", "delay", "notified"],
    )
    for happening in track(happenings.HAPPENINGS, "anomalies", console=Console(stderr=True)):
        found = [
            delays(background, happening, seeds) if happenings.changes(background, happening) else None
            for background in happenings.BACKGROUNDS
        ]
        opened, told = (np.concatenate([f[k] for f in found if f]) for k in (0, 1))
        known = opened[np.isfinite(opened)]
        table.add(
            happening,
            *(page.number(float(np.isfinite(f[0]).mean()), 2) if f else "–" for f in found),
            page.number(float(np.isfinite(opened).mean()), 2),
            f"{np.median(known):.0f}" if len(known) else "–",
            page.number(float(np.isfinite(told).mean()), 2),
        )
    table.show(console)
    if write:
        page.write("synthetic", [table.markdown()])


if __name__ == "__main__":
    typer.run(main)
