"""What feedback is worth: people mark one alert in ten, and the other alerts get better or not.

    python -m benchmarks.quality.feedback FOLDER [--share 0.1] [--draws 5] [--write]

FOLDER as for `benchmarks.quality.detection`. The series of a source play side by side, as those of a feed. Somebody
marks an alert with the probability `--share`: as useful when it is right (see `benchmarks.quality.detection`), as
useless when it is not; and as often a labelled event without an alert as missed. What is said holds from the next 200
rows on: for the series alone, or for all series of its source (a pattern).

Compared at equal recall: the level of alert_score, the same for all series, is raised with and without feedback until
as much is found as the worse of the two finds; then the shares of alerts that are right stand side by side.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console

from benchmarks.quality import page
from benchmarks.quality.labelled import Labelled, labelled
from benchmarks.quality.page import Table, number
from benchmarks.quality.scores import alerts as counted
from liquid import EVIDENCE, Model, ModelConfig
from liquid.feedback import OTHERS, apply
from liquid.results import OPENED
from stream.evaluate import runs

BLOCK = 200  # rows after which what was said holds
LEVELS = np.arange(1.0, 3.0, 0.02)
REACHES = ("series", "source")

#: Of a series: whether an alert opens at a row, and the alert_score of every row.
Outcome = tuple[np.ndarray, np.ndarray]


def main(
    folder: Path,
    share: Annotated[float, typer.Option(min=0.0, max=1.0, help="share of the alerts that are marked")] = 0.1,
    draws: Annotated[int, typer.Option(min=1, help="draws of who marks what")] = 5,
    write: Annotated[bool, typer.Option(help="put the table into docs/quality.md")] = False,
) -> None:
    """Alerts with simulated feedback against those without, at equal recall."""
    found = table(list(labelled(folder)), share, draws)
    found.show(Console())
    if write:
        page.write("feedback", [found.markdown()])


def counts(s: Labelled, opened: np.ndarray) -> tuple[int, int, int, int]:
    """events, found, alerts, right of the scored part. opened : rows at which an alert opens."""
    c = counted(s.label[s.warm_up :], opened[opened >= s.warm_up] - s.warm_up, s.window)
    return c.events, c.found, c.alerts, c.right


def played(series: Sequence[Labelled], share: float, reach: str, seed: int) -> list[Outcome]:
    """The series of one source side by side, with feedback."""
    rng = np.random.default_rng(seed)
    model = Model(ModelConfig(horizons=(3600.0,)), capacity=len(series))
    opened = [np.zeros(len(s.time), bool) for s in series]
    level = [np.zeros(len(s.time)) for s in series]
    ends = [_ends(s) for s in series]
    for first in range(0, max(len(s.time) for s in series), BLOCK):
        said: list[tuple[int, str, dict[str, float]]] = []
        for i, s in enumerate(series):
            block = slice(first, min(first + BLOCK, len(s.time)))
            if first >= len(s.time):
                continue
            out = model.run(np.full(block.stop - first, i), s.time[block], s.value[block])
            opened[i][block] = out["alert"] == OPENED
            level[i][block] = out["alert_score"]
            for at in np.flatnonzero(opened[i][block]):
                if first + at >= s.warm_up and rng.random() < share:
                    right = counts(s, np.array([first + at]))[3] > 0
                    said.append((i, "useful" if right else "useless", _shares(out[at])))
            for begin, end in ends[i]:
                if first <= end < block.stop and rng.random() < share and not opened[i][begin : end + 1].any():
                    said.append((i, "missed", {}))
        for i, mark, shares in said:
            for k in range(len(series)) if reach == "source" else (i,):
                row = model.read(k)[0]
                apply(row, mark, shares, 1.0 if k == i else OTHERS)
                model.write(k, row)
    return list(zip(opened, level, strict=True))


def _ends(s: Labelled) -> list[tuple[int, int]]:
    """First row of the labelled events, and the last one at which an alert on it is right."""
    first, last = runs(s.label[s.warm_up :])
    ends = np.minimum(last + s.warm_up + max(10, s.window // 4), len(s.label) - 1)
    return list(zip((first + s.warm_up).tolist(), ends.tolist(), strict=True))


def _shares(result: np.void) -> dict[str, float]:
    return dict(zip(EVIDENCE, result["shares"].tolist(), strict=True))


def figures(counted: Sequence[tuple[int, int, int, int]]) -> tuple[float, float]:
    """Share of events found and share of alerts right, over the series of a source: means over those that have any."""
    found = [f / e for e, f, _, _ in counted if e]
    right = [r / a for _, _, a, r in counted if a]
    return float(np.mean(found)), float(np.mean(right)) if right else float("nan")


def table(series: Sequence[Labelled], share: float, draws: int) -> Table:
    """By source, means over draws."""
    said = [f"said of the {reach}" for reach in REACHES]
    out = Table(
        f"Feedback on {100 * share:g} % of the alerts: events found / alerts right, and alerts right at equal recall",
        ["source", "without", said[0], "at equal recall", said[1], "at equal recall"],
    )
    rows = []
    for source in dict.fromkeys(s.source for s in series):
        rows.append(_compared([s for s in series if s.source == source], share, draws))
        out.add(source, *_cells(rows[-1]))
    out.add("macro", *_cells(np.mean(rows, axis=0)))
    out.strong.add("macro")
    return out


def _cells(row: np.ndarray) -> list[str]:
    found, right, *reaches = (number(x) for x in row)
    cells = [f"{found} / {right}"]
    for f, r, before, after in zip(*(reaches[k::4] for k in range(4)), strict=True):
        cells += [f"{f} / {r}", f"{before} → {after}"]
    return cells


def _compared(own: Sequence[Labelled], share: float, draws: int) -> np.ndarray:
    """found, right without feedback; then for each reach found, right, right at equal recall without and with it."""
    plain = _curve(own, played(own, 0.0, REACHES[0], 0))
    out = [*plain[0]]
    for reach in REACHES:
        one = []
        for seed in range(draws):
            curve = _curve(own, played(own, share, reach, seed))
            recall = min(curve[0, 0], plain[0, 0])
            one.append([*curve[0], _right_at(plain, recall), _right_at(curve, recall)])
        out += np.mean(one, axis=0).tolist()
    return np.array(out)


def _curve(own: Sequence[Labelled], outcomes: Sequence[Outcome]) -> np.ndarray:
    """Found and right by level, (levels, 2)."""
    return np.array(
        [
            figures([counts(s, np.flatnonzero(o & (v >= level))) for s, (o, v) in zip(own, outcomes, strict=True)])
            for level in LEVELS
        ]
    )


def _right_at(curve: np.ndarray, recall: float) -> float:
    """Alerts right at the highest level that finds so much."""
    return float(curve[np.flatnonzero(curve[:, 0] >= recall - 1e-9)[-1], 1])


if __name__ == "__main__":
    typer.run(main)
