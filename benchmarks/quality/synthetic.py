"""Which kinds of anomaly are found, and how many events after they began.

    python -m benchmarks.quality.synthetic [--seeds 6] [--write]

Synthetic anomalies in six kinds of quiet streams (`benchmarks.quality.happenings`). One counts as found when an alert
opens within 400 events of its beginning.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.progress import track

from benchmarks.quality import happenings, page
from liquid import Model, ModelConfig
from liquid.results import OPENED


def delays(background: str, happening: str, seeds: int) -> tuple[np.ndarray, np.ndarray]:
    """Events until an alert opens, and until somebody is told, for each seed; infinite where that does not happen."""
    out = np.full((2, seeds), np.inf)
    for seed in range(seeds):
        model = Model(ModelConfig(horizons=(3600.0,)), capacity=1)
        result = model.run(np.zeros(happenings.EVENTS, int), *happenings.happened(background, happening, seed))
        seen = result[happenings.AT : happenings.AT + happenings.NOTICED]
        for k, happened in enumerate((seen["alert"] == OPENED, seen["notify"] > 0)):
            if happened.any():
                out[k, seed] = happened.argmax()
    return out[0], out[1]


def main(
    seeds: Annotated[int, typer.Option(min=1)] = 6,
    write: Annotated[bool, typer.Option(help="put the table into docs/quality.md")] = False,
) -> None:
    """Look for synthetic anomalies of every kind."""
    console = Console()
    table = page.Table(
        f"Share of synthetic anomalies found ({seeds} seeds each), median delay in events, and share notified",
        ["anomaly", *happenings.BACKGROUNDS, "all", "delay", "notified"],
    )
    for happening in track(happenings.HAPPENINGS, "anomalies", console=Console(stderr=True)):
        found = [delays(background, happening, seeds) for background in happenings.BACKGROUNDS]
        opened, told = (np.concatenate([f[k] for f in found]) for k in (0, 1))
        known = opened[np.isfinite(opened)]
        table.add(
            happening,
            *(page.number(float(np.isfinite(f[0]).mean()), 2) for f in found),
            page.number(float(np.isfinite(opened).mean()), 2),
            f"{np.median(known):.0f}" if len(known) else "–",
            page.number(float(np.isfinite(told).mean()), 2),
        )
    table.show(console)
    if write:
        page.write("synthetic", [table.markdown()])


if __name__ == "__main__":
    typer.run(main)
