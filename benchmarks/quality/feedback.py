"""What feedback is worth: people mark one alert in ten, and the other alerts get better or not.

    python -m benchmarks.quality.feedback FOLDER [--share 0.1] [--draws 10] [--write]

FOLDER as for `benchmarks.quality.detection`. The series of a source play side by side, as those of a feed: all their
rows, and twice more without a random 40 % of them. Somebody marks an alert with the probability `--share`: as useful
when it is right (see `benchmarks.quality.detection`), as useless when it is not; and as often a labelled event without
an alert as missed. What is said holds from the next 200 rows on: for the series alone, or for all series of its source
(a pattern). Evidence does not depend on feedback, so the model runs once.

Compared at equal recall: the level of alert_score, the same for all series, is raised with and without feedback until
as much is found as the worse of the two finds; then the shares of alerts that are right stand side by side.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console

from benchmarks.quality import page, store
from benchmarks.quality.labelled import Labelled, dropped, labelled
from benchmarks.quality.methods import fingerprint
from benchmarks.quality.page import Table, number
from benchmarks.quality.scores import alerts as counted
from liquid import EVIDENCE, Model, ModelConfig, SeriesOptions
from liquid._jit import njit
from liquid.anomaly import alerts
from liquid.anomaly.alertable import alertable
from liquid.feedback import apply
from liquid.options import options_array
from liquid.results import OPENED
from stream.evaluate import runs

BLOCK = 200  # rows after which what was said holds
DROPPED = 0.4
LEVELS = np.arange(1.0, 3.0, 0.02)
REACHES = ("series", "source")


def main(
    folder: Path,
    share: Annotated[float, typer.Option(min=0.0, max=1.0, help="share of the alerts that are marked")] = 0.1,
    draws: Annotated[int, typer.Option(min=1, help="draws of who marks what")] = 10,
    results: Annotated[Path, typer.Option(help="where finished series are kept")] = store.RESULTS / "feedback",
    write: Annotated[bool, typer.Option(help="put the table into docs/quality.md")] = False,
) -> None:
    """Alerts with simulated feedback against those without, at equal recall."""
    series = [one for s in labelled(folder) for one in (s, *(dropped(s, DROPPED, seed) for seed in range(2)))]
    code = inspect.getsource(evidence)
    names = [f"evidence{i % 3}" for i in range(len(series))]  # the two that lack rows have the same mode
    tasks = [
        store.task(results, evidence, s, name, fingerprint(None, "liquid_s4", "cfc", code))
        for s, name in zip(series, names, strict=True)
    ]
    store.run_all(tasks, 1)
    plays = [Play(s, i % 3, **store.load(t)) for i, (s, t) in enumerate(zip(series, tasks, strict=True))]
    found = table(plays, share, draws)
    found.show(Console())
    if write:
        page.write("feedback", [found.markdown()])


def evidence(s: Labelled, method: str) -> dict[str, np.ndarray]:
    """group : (n, groups), squared evidence."""
    out = Model(ModelConfig(horizons=(3600.0,)), capacity=1).run(np.zeros(len(s.time), int), s.time, s.value)
    line = alerts.LINE * (1.0 + np.exp(-out["events"] / alerts.YOUTH))
    return {"group": (out["shares"] * ((out["score"] * line) ** 2)[:, None]).astype(np.float32)}


@dataclass
class Play:
    """One series with its evidence. version : 0 with all rows."""

    series: Labelled
    version: int
    group: np.ndarray

    def alerts(self, opened: np.ndarray) -> tuple[int, int, int, int]:
        """events, found, alerts, right of the scored part."""
        s = self.series
        at = opened[opened >= s.warm_up] - s.warm_up
        c = counted(s.label[s.warm_up :], at, s.window)
        return c.events, c.found, c.alerts, c.right

    def right(self, row: int) -> bool:
        return self.alerts(np.array([row]))[3] > 0


@njit
def _judge(episode, options, group, time, first, last, opened, level):
    """Rows first to last of a series; `opened` gets the rows that open an alert, `level` their alert_score."""
    for n in range(first, last):
        total = 0.0
        for k in range(group.shape[1]):
            total += group[n, k]
        g = math_sqrt(total)
        part = alertable(episode.feedback, options, group[n], g, 0.0, 0.0, n)
        _, _, alert_score, change, _ = alerts.judge(episode, g, part, False, 0.0, n, time[n])
        level[n] = alert_score
        opened[n] = change == OPENED


math_sqrt = njit(lambda x: x**0.5)


def played(plays: Sequence[Play], share: float, reach: str, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """The series of one source side by side; gives, for each, the rows with an opened alert and all alert scores."""
    rng = np.random.default_rng(seed)
    model = Model(ModelConfig(horizons=(3600.0,)), capacity=len(plays))
    options = options_array(1)[0]
    SeriesOptions().fill(options)
    opened = [np.zeros(len(p.group), bool) for p in plays]
    level = [np.zeros(len(p.group)) for p in plays]
    ends = [_ends(p) for p in plays]
    for first in range(0, max(len(p.group) for p in plays), BLOCK):
        said: list[tuple[int, str, dict[str, float]]] = []
        for i, p in enumerate(plays):
            last = min(first + BLOCK, len(p.group))
            if first >= last:
                continue
            row = model.rows[i]
            _judge(row["detector"]["episode"], options, p.group, p.series.time, first, last, opened[i], level[i])
            row["clock"]["events"] = last
            for at in first + np.flatnonzero(opened[i][first:last]):
                if at >= p.series.warm_up and rng.random() < share:
                    said.append((i, "useful" if p.right(at) else "useless", _shares(p, at)))
            for begin, end in ends[i]:
                if first <= end < last and rng.random() < share and not opened[i][begin : end + 1].any():
                    said.append((i, "missed", _shares(p, begin + int(p.group[begin : end + 1].sum(1).argmax()))))
        for i, mark, shares in said:
            for k in range(len(plays)) if reach == "source" else (i,):
                apply(model.rows[k], mark, shares)
    return list(zip(opened, level, strict=True))


def _ends(p: Play) -> list[tuple[int, int]]:
    """First and last row of the labelled events, with the rows after in which an alert is right."""
    s = p.series
    first, last = runs(s.label[s.warm_up :])
    slack = max(10, s.window // 4)
    return [
        (int(a) + s.warm_up, min(int(b) + s.warm_up + slack, len(s.label) - 1))
        for a, b in zip(first, last, strict=True)
    ]


def _shares(p: Play, row: int) -> dict[str, float]:
    total = float(p.group[row].sum()) or 1.0
    return {name: float(v) / total for name, v in zip(EVIDENCE, p.group[row], strict=True)}


def figures(counts: Sequence[tuple[int, int, int, int]]) -> tuple[float, float]:
    """Share of events found and share of alerts right, over the series of a source: means over those that have any."""
    found = [f / e for e, f, _, _ in counts if e]
    right = [r / a for _, _, a, r in counts if a]
    return float(np.mean(found)), float(np.mean(right)) if right else float("nan")


def table(plays: Sequence[Play], share: float, draws: int) -> Table:
    """By source, means over draws and versions of its series."""
    said = [f"said of the {reach}" for reach in REACHES]
    out = Table(
        f"Feedback on {100 * share:g} % of the alerts: events found / alerts right, and alerts right at equal recall",
        ["source", "without", said[0], "at equal recall", said[1], "at equal recall"],
    )
    rows = []
    for source in dict.fromkeys(p.series.source for p in plays):
        versions = [[p for p in plays if (p.series.source, p.version) == (source, v)] for v in range(3)]
        rows.append(np.nanmean([_compared(own, share, draws) for own in versions], axis=0))
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


def _compared(own: Sequence[Play], share: float, draws: int) -> np.ndarray:
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


def _curve(own: Sequence[Play], outcome: Sequence[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """Found and right by level, (levels, 2)."""
    return np.array(
        [
            figures([p.alerts(np.flatnonzero(o & (v >= level))) for p, (o, v) in zip(own, outcome, strict=True)])
            for level in LEVELS
        ]
    )


def _right_at(curve: np.ndarray, recall: float) -> float:
    """Alerts right at the highest level that finds so much."""
    return float(curve[np.flatnonzero(curve[:, 0] >= recall - 1e-9)[-1], 1])


if __name__ == "__main__":
    typer.run(main)
