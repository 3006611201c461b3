"""Pictures beside the tables: grouped bars, ours in colour and the others in greys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

OURS_FIRST = "#0b7285"


def bars(
    path: Path,
    groups: Sequence[str],
    heights: Mapping[str, Sequence[float]],
    ylabel: str,
    reference: float | None,
    top: float = float("inf"),
) -> None:
    """A bar for each method (a key of `heights`, ours first) in each group. reference : a line at this height. top :
    higher bars are cut there, with the number on them."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 4.2), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    width = 0.84 / len(heights)
    for i, (name, values) in enumerate(heights.items()):
        shade = 0.25 + 0.6 * i / max(len(heights) - 1, 1)
        x = [g - 0.42 + (i + 0.5) * width for g in range(len(groups))]
        axes.bar(x, [min(v, top) for v in values], width * 0.92, label=name, color=OURS_FIRST if i == 0 else str(shade))
        for at, v in zip(x, values, strict=True):
            if v > top:
                axes.text(at, top, f"{v:.0f}", ha="center", va="bottom", fontsize=7)
    if reference is not None:
        axes.axhline(reference, color="black", linewidth=0.8)
    axes.set_xticks(range(len(groups)), groups)
    axes.set_ylabel(ylabel)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, ncols=len(heights), fontsize=7, loc="upper left", bbox_to_anchor=(0, 1.12))
    figure.savefig(path, dpi=110, metadata={"Software": None})
