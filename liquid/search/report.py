"""The Pareto front as a table and as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING

from rich.table import Table

from liquid.search.evolution import Found

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def front_table(chosen: Sequence[Found], tried: int) -> Table:
    table = Table(title=f"Pareto front: {len(chosen)} of {tried} measured")
    for name in ("error", "us / event", "bytes of state", "parameters"):
        table.add_column(name, justify="right")
    table.add_column("genome", overflow="fold")
    for genome, m in chosen:
        table.add_row(f"{m.error:.4f}", f"{m.latency:.2f}", f"{m.memory:,}", f"{m.params:,}", str(genome))
    return table


def plot_front(results: Sequence[Found], chosen: Sequence[Found], ax: Axes | None = None) -> Axes:
    """Error against latency; areas stand for bytes of state; the front is filled and joined by a line.

    Raises
    ------
    ImportError : matplotlib is missing; ``pip install liquidstream[draw]`` brings it.
    """
    try:
        plt = import_module("matplotlib.pyplot")
    except ImportError as error:
        raise ImportError("the picture needs matplotlib: pip install liquidstream[draw]") from error
    if ax is None:
        _, ax = plt.subplots(figsize=(8, 5), layout="constrained")
    largest = max((found.measured.memory for found in results), default=1) or 1

    def place(some: Sequence[Found]) -> tuple[list[float], list[float], list[float]]:
        measured = [found.measured for found in some]
        return (
            [m.latency for m in measured],
            [m.error for m in measured],
            [20 + 300 * m.memory / largest for m in measured],
        )

    chosen_set = set(chosen)
    others = [found for found in results if found not in chosen_set and found.measured.error < 1e6]
    x, y, area = place(others)
    ax.scatter(x, y, s=area, facecolors="none", edgecolors="#999999", linewidths=0.8, label="measured")
    x, y, area = place(chosen)
    ax.scatter(x, y, s=area, color="#0072B2", alpha=0.8, label="Pareto front", zorder=3)
    for found in chosen:
        ax.annotate(str(found.genome), (found.measured.latency, found.measured.error), fontsize=7,
                    xytext=(5, 4), textcoords="offset points")  # fmt: skip
    ax.set(xscale="log", xlabel="microseconds per event", ylabel="error, relative to the reference")
    ax.legend(frameon=False)
    ax.spines[["top", "right"]].set_visible(False)
    return ax
