"""Pictures of what `liquid.inspection` finds, with matplotlib (extra ``draw``). Each takes and returns axes."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from liquid.cells.params import Array
from liquid.inspection.ablation import Ablation
from liquid.inspection.activity import Activity
from liquid.inspection.saliency import Saliency

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MANY = 40
"""More rows than this are not named one by one."""


def plot_activity(found: Activity, sequence: int = 0, ax: Axes | None = None) -> Axes:
    """Every neuron's state over time, one row each."""
    return _map(found.times[sequence], found.states[sequence].T, found.names, "state", ax)


def plot_time_constants(
    times: Array, tau: Array, names: Sequence[str], sequence: int = 0, ax: Axes | None = None
) -> Axes:
    """Time constants on a logarithmic scale of colours, one row for each neuron. Where a neuron forgets nothing, or
    everything at once, the row is blank.

    Parameters
    ----------
    times : (batch, length), as in `Activity`. tau : (batch, length, neurons).
    """
    shown = tau[sequence].T.astype(float)
    shown = np.where(np.isfinite(shown) & (shown > 0), shown, np.nan)
    low, high = np.nanquantile(shown, [0.02, 0.98]) if np.isfinite(shown).any() else (1.0, 1.0)
    norm = _package("matplotlib.colors").LogNorm(low, max(high, low * 1.001))
    return _map(times[sequence], shown, names, "time constant", ax, cmap="viridis", norm=norm)


def plot_saliency(
    times: Array, found: Saliency, inputs: Sequence[str] | None = None, sequence: int = 0, ax: Axes | None = None
) -> Axes:
    """Which inputs count, and how long ago: one row for each input, signs as colours."""
    rows = found.x[sequence].T
    return _map(times[sequence], rows, inputs or [f"input {i}" for i in range(len(rows))], "saliency", ax)


def plot_ablation(times: Array, found: Ablation, sequence: int = 0, ax: Axes | None = None) -> Axes:
    """How much every neuron matters at every moment."""
    rows = found.importance()[:, sequence]
    return _map(times[sequence], rows, found.names, "mean |effect| on the outputs", ax, cmap="magma", vmin=0.0)


def _map(times: Array, rows: Array, names: Sequence[str], label: str, ax: Axes | None, **look: Any) -> Axes:
    """Rows of numbers over irregular times as colours: each number lasts until the next sample."""
    plt = _package("matplotlib.pyplot")
    if ax is None:
        _, ax = plt.subplots(figsize=(9, max(1.8, 0.24 * min(len(rows), MANY) + 1)), layout="constrained")
    if not look:
        largest = float(np.abs(rows).max()) or 1.0
        look = {"cmap": "RdBu_r", "vmin": -largest, "vmax": largest}
    last = times[-1] + (np.median(np.diff(times)) if len(times) > 1 else 1.0)
    edges = np.append(times, last)
    image = ax.pcolormesh(edges, np.arange(len(rows) + 1), rows, **look)
    if len(rows) <= MANY:
        ax.set_yticks(np.arange(len(rows)) + 0.5, names)
    ax.invert_yaxis()
    ax.tick_params(axis="y", labelsize=8, length=0)
    ax.set_xlabel("time")
    ax.figure.colorbar(image, ax=ax, label=label, pad=0.01)
    return ax


def _package(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError as error:
        raise ImportError("pictures need matplotlib: pip install liquidstream[draw]") from error
